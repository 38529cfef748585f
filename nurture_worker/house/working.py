"""The worker: runs the jobs of the queue, one after another, in this process."""

import gc
from types import FrameType

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from nurture_worker.tools import tools
from tracker.wake import queue


class Worker(SimpleWorker):
    """RQ's, which ends a job in the middle of its work where that is safe: between two mails."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        tools().stop.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def work_until_told() -> None:
    """Run jobs until SIGTERM or SIGINT. The mail in hand is finished, no other is begun."""
    redis = tools().redis
    gc.freeze()  # what stays for good need not be looked through again and again
    worker = Worker([queue(redis)], connection=redis, serializer=JSONSerializer)
    worker.work(logging_level="WARNING")
