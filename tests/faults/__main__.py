"""``./run faults``: every storm at its full size, and a summary that a person can read.

Ends with 1 where a promise was broken. A few minutes, on real servers of its own.
"""

import argparse
import logging
import sys
import time
import unicodedata
from collections.abc import Callable

from tests.faults import storms
from tests.faults.crashing import Point
from tests.faults.hall import Hall, hall
from tests.faults.postgres import Postgres
from tests.faults.storms import Outcome
from tests.servers import postgres, valkey
from tracker.settings import Settings

SQLITE = "sqlite:///{folder}/store.db"
CONNECTIONS = Settings.model_fields["smtp_connections"].default
Storm = Callable[[Hall], Outcome]


def listed_storms() -> dict[str, Storm]:
    """The storms by their names for ``--only``."""
    listed: dict[str, Storm] = {
        f"kill -9 {point}": lambda h, p=point: storms.killed(h, p, 40, 5)  # type: ignore[misc]
        for point in Point
    }
    listed["flushall"] = lambda h: storms.flushed(h, 3000, 0.3)
    listed["crowd"] = lambda h: storms.crowded(h, 500, 3)
    listed["clock"] = lambda h: storms.leaping(h, 50)
    listed["race"] = lambda h: storms.raced(h, 1000)
    listed["sigterm"] = lambda h: storms.told_to_end(h, 1000, 20)
    listed["store"] = _with_its_own_server
    return listed


def _with_its_own_server(_hall: Hall) -> Outcome:
    raise AssertionError("runs on a server that can be pulled out")


def main() -> int:
    told = argparse.ArgumentParser(prog="./run faults", description="障害をわざと起こして確かめる")
    told.add_argument("--sqlite", action="store_true", help="PostgreSQL ではなく SQLite で")
    told.add_argument("--only", default="", help="名前にこの語が入る嵐だけ")
    args = told.parse_args()
    logging.disable(logging.CRITICAL)  # the storms' own complaints are what is meant to happen
    listed = listed_storms()
    listed.pop("store")  # has a server of its own
    _line("嵐", "予定", "送信", "不明", "許容", "重複", "不足", "秒")
    kept = True
    with valkey() as redis_url:
        for name, storm in listed.items():
            if args.only not in name:
                continue
            if args.sqlite:
                kept &= _rage(storm, SQLITE, redis_url)
            else:
                with postgres() as url:
                    kept &= _rage(storm, url, redis_url)
        if args.only in "store" and not args.sqlite:
            server = Postgres()
            try:
                kept &= _rage(
                    lambda h: storms.store_pulled_out(h, server, 1000, 3), server.url, redis_url
                )
            finally:
                server.close()
    print("守られました" if kept else "破られた約束があります（!! の行）")
    return 0 if kept else 1


def _rage(storm: Storm, store_url: str, redis_url: str) -> bool:
    began = time.monotonic()
    with hall(store_url, redis_url, CONNECTIONS) as it:
        try:
            outcome = storm(it)
        except Exception as error:
            print(f"!! {type(error).__name__}: {error}", flush=True)
            return False
    found = outcome.ledgers
    name = outcome.storm + (f" ×{outcome.kills}" if outcome.storm.startswith("kill") else "")
    _line(
        name if outcome.kept else f"!! {name}",
        found.planned,
        found.sent,
        found.uncertain,
        outcome.allowed,
        found.duplicates + found.unknown,
        len(found.missing),
        f"{time.monotonic() - began:.0f}",
    )
    for mail in found.missing[:5]:
        print(f"   届いていない: {mail}")
    return outcome.kept


def _line(name: str, *figures: object) -> None:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in name)
    cells = "".join(
        " " * (7 - len(str(f)) - sum(unicodedata.east_asian_width(c) in "WF" for c in str(f)))
        + str(f)
        for f in figures
    )
    print(name + " " * max(1, 58 - len(name) - wide) + cells, flush=True)


if __name__ == "__main__":
    sys.exit(main())
