"""What does not depend on the app is compiled once for all of a process' apps: each test has one of
its own, and compiling takes longer than most tests."""

from collections.abc import Callable
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


def for_all() -> None:
    """From now on routes and templates are compiled when they are first met."""
    Flask.jinja_options = {"bytecode_cache": _Templates()}
    Rule._compile_builder = _kept(Rule._compile_builder)  # type: ignore[method-assign]


class _Templates(BytecodeCache):
    def __init__(self) -> None:
        self._made: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._made.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self._made[bucket.key, bucket.checksum] = bucket.code


def _kept(compile_one: Callable[[Rule, bool], Builder]) -> Callable[..., Builder]:
    """``compile_one``, once for each rule: what it makes is handed the rule itself at each call."""
    made: dict[tuple[object, ...], Builder] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Builder:
        key = (*rule._trace, append_unknown, repr(rule.defaults))
        if key not in made:
            made[key] = compile_one(rule, append_unknown)
        return made[key]

    return builder
