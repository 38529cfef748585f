"""``/healthz``: this process answers. ``/readyz``: its parts do, and how far behind the fold is."""

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracker.context import context
from tracker.store.engine import reading

door = Blueprint("health", __name__)


@door.get("/healthz")
def healthz() -> Response:
    return Response("ok\n", mimetype="text/plain")


@door.get("/readyz")
def readyz() -> tuple[Response, int]:
    here = context()
    parts = {"store": _store_answers(), "redis": _redis_answers()}
    body = jsonify(
        ready=all(parts.values()),
        **parts,
        journal_depth=here.journal.depth(),
        events_lost=here.journal.lost,
    )
    return body, 200 if all(parts.values()) else 503


def _store_answers() -> bool:
    try:
        with reading(context().engine) as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(context().redis.ping())
    except (RedisError, OSError):
        return False
