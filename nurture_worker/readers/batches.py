"""All readers, a batch at a time, looked at in as many processes as there are processors."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Engine, select

from nurture_worker.tools import Tools
from tracker.store.engine import open_store, reading
from tracker.store.tables import readers

BATCH = 1000
FEW = 5000
"""So many readers are done before other processes have begun."""

MOST_PROCESSES = 4

Found = TypeVar("Found")


def each(
    tools: Tools,
    look: Callable[..., Found],
    *args: Any,
    processes: int | None = None,
) -> Iterator[tuple[list[str], Found]]:
    """The ids of each batch of readers, with what ``look(connection, ids, *args)`` finds in a read
    transaction. The looks run a few ahead of the taking; ``look`` and ``args`` are pickled."""
    with reading(tools.engine) as connection:
        everybody = list(connection.execute(select(readers.c.id).order_by(readers.c.id)).scalars())
    batches = [everybody[n : n + BATCH] for n in range(0, len(everybody), BATCH)]
    if processes is None:
        processes = 1 if len(everybody) <= FEW else min(MOST_PROCESSES, os.cpu_count() or 1)
    if processes < 2:
        for batch in batches:
            with reading(tools.engine) as connection:
                found = look(connection, batch, *args)
            yield batch, found
        return
    with ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),
        _begin,
        (tools.settings.store_url, look, args),
    ) as pool:
        waiting: deque[tuple[list[str], Future[Found]]] = deque()
        for batch in batches:
            waiting.append((batch, pool.submit(_look, batch)))
            if len(waiting) > 2 * processes:
                first, told = waiting.popleft()
                yield first, told.result()
        for last, told in waiting:
            yield last, told.result()


# ---- in the other processes ----

_own: list[tuple[Engine, Callable[..., Any], tuple[Any, ...]]] = []


def _begin(url: str, look: Callable[..., Any], args: tuple[Any, ...]) -> None:
    _own.append((open_store(url), look, args))


def _look(batch: Sequence[str]) -> Any:
    engine, look, args = _own[0]
    with reading(engine) as connection:
        return look(connection, batch, *args)
