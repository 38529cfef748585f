"""YAML and front matter with the place of each key: from text to a validated value, or problems."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tracker.catalogue.problems import Problem, shown, unknown

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml: same result, slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Loader = _Loader
"""Reads YAML without making Python objects of it, as fast as this machine can."""

M = TypeVar("M", bound=BaseModel)
Loc = Sequence[str | int]

_FRONT = re.compile(r"---[ \t]*\n(?P<yaml>.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


class Place(NamedTuple):
    line: int
    column: int | None


@dataclass(frozen=True)
class Document:
    """One YAML mapping of a file. ``first_line`` and ``indent`` say where its text began there."""

    path: str
    data: Mapping[str, Any]
    node: yaml.MappingNode | None
    first_line: int
    indent: int

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """Where the value at ``loc`` stands (or its ``key``); of a missing one, its container."""
        node: yaml.Node | None = self.node
        mark = None
        for n, part in enumerate(loc):
            step = _step(node, part)
            if step is None:
                break
            at_key, node = step
            last = n == len(loc) - 1
            # A block mapping or list begins on the next line: its key says more.
            mark = at_key if (last and key) or _is_block(node) else node.start_mark
        if mark is None:
            return Place(max(1, self.first_line - 1), None)
        return Place(mark.line + self.first_line, mark.column + 1 + self.indent)

    def problem(self, loc: Loc, message: str, *, key: bool = False) -> Problem:
        line, column = self.place(loc, key=key)
        return Problem(self.path, line, column, message)

    def raw(self, loc: Loc) -> str | None:
        """The text of the scalar at ``loc`` as the editor wrote it."""
        node: yaml.Node | None = self.node
        for part in loc:
            step = _step(node, part)
            if step is None:
                return None
            node = step[1]
        return node.value if isinstance(node, yaml.ScalarNode) else None


def split_front(text: str) -> tuple[str, str, int] | str:
    """``(yaml, body, the body's first line)``, or what is wrong with the front matter's marks."""
    if not text.startswith("---"):
        return "front matter がありません（1行目を --- で始め、キー: 値 を書き、--- で閉じます）"
    found = _FRONT.match(text)
    if not found:
        return "front matter を閉じる --- の行がありません"
    rest = text[found.end() :]
    body = rest.lstrip("\n")
    line = text.count("\n", 0, found.end()) + 1 + len(rest) - len(body)
    return found["yaml"] or "", body, line


def parse(
    path: str, text: str, *, first_line: int = 1, indent: int = 0
) -> tuple[Document | None, list[Problem]]:
    """Read ``text`` as one YAML mapping with string keys that occur once each."""

    def fail(line: int, column: int | None, message: str) -> tuple[None, list[Problem]]:
        place = None if column is None else column + 1 + indent
        return None, [Problem(path, line + first_line, place, message)]

    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return Document(path, {}, None, first_line, indent), []
            if not isinstance(node, yaml.MappingNode):
                mark = node.start_mark
                if wide := _WIDE_COLON.match(text):
                    return fail(mark.line, wide.end() - 1, _WIDE_COLON_WORDS)
                return fail(mark.line, mark.column, "「キー: 値」の形で書いてください")
            problems = list(_duplicates(path, node, first_line, indent))
            data = loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        if wide := _WIDE_COLON.search(text):
            line = text.count("\n", 0, wide.start())
            return fail(line, wide.end() - wide.start() - 1, _WIDE_COLON_WORDS)
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, None)
        return fail(line, column, f"YAMLとして読めません: {_yaml_words(error, text, line)}")
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0) or 0
        line = text.encode().count(b"\n", 0, position)
        return fail(line, None, "YAMLに使えない制御文字があります")
    except ValueError:
        assert isinstance(node, yaml.MappingNode)
        culprit = _unreadable(node)
        mark = culprit.start_mark
        what = (
            "日付として読めません（例: 2026-11-04）"
            if culprit.tag.endswith("timestamp")
            else "値として読めません"
        )
        return fail(mark.line, mark.column, f"「{shown(culprit.value)}」は{what}")
    except RecursionError:
        return fail(0, None, "YAMLの入れ子が深すぎます")
    return Document(path, data, node, first_line, indent), problems


def validate(model: type[M], document: Document) -> tuple[M | None, list[Problem]]:
    """``document`` as a ``model``, or every mistake in it, told in Japanese."""
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        # An item that is wrong is missing from its list too: say it once.
        found = [
            e
            for e in found
            if e["type"] != "too_short"
            or not any(o is not e and o["loc"][: len(e["loc"])] == e["loc"] for o in found)
        ]
        return None, [p for details in found for p in _told(model, document, details)]


def _told(model: type[BaseModel], document: Document, error: ErrorDetails) -> Iterator[Problem]:
    loc = tuple(error["loc"])
    if error["type"] == "gaps":
        for at, message in error["ctx"]["gaps"]:
            yield document.problem((*loc, *at), message)
        return
    of_key = bool(loc) and loc[-1] == "[key]"
    if of_key:
        loc = loc[:-1]
    if error["type"] == "missing":
        line, column = document.place(loc[:-1], key=True)
        yield Problem(document.path, line, column, f"「{_named(loc)}」がありません")
        return
    if error["type"] == "extra_forbidden":
        keys = _keys_at(model, loc[:-1])
        message = unknown("キー", str(loc[-1]), keys).replace("使える値", "使えるキー")
        yield document.problem(loc, message, key=True)
        return
    written = str(loc[-1]) if of_key else document.raw(loc)
    name = _named(loc[:-1] if of_key else loc)
    value = error["input"] if written is None else written
    yield document.problem(loc, _words(error, name, value), key=of_key)


def _words(error: ErrorDetails, name: str, value: object) -> str:
    """One pydantic error in Japanese. ``value`` is what the editor wrote."""
    kind, ctx = error["type"], error.get("ctx", {})
    given = f"{name}「{shown(value)}」"
    if kind in ("enum", "literal_error"):
        return unknown(name, str(value), re.findall(r"'([^']*)'", str(ctx["expected"])))
    match kind:
        case "string_type":
            hint = '。数字や日付は "…" で囲みます' if not isinstance(value, list | dict) else ""
            return f"{given}は文字列にしてください{hint}"
        case "string_too_short":
            return f"「{name}」が空です（{ctx['min_length']}文字以上）"
        case "string_too_long":
            return f"「{name}」が長すぎます（{len(str(value))}文字。{ctx['max_length']}文字まで）"
        case "string_pattern_mismatch":
            return f"{given}は使えません（{pattern_words(str(ctx['pattern']))}）"
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return f"{given}は整数にしてください"
        case "float_type" | "float_parsing" | "finite_number":
            return f"{given}は数にしてください"
        case "greater_than_equal" | "greater_than":
            word = "以上" if kind.endswith("equal") else "より大きい数"
            bound = ctx.get("ge", ctx.get("gt"))
            return f"{given}は範囲の外です（{_number(bound)}{word}にしてください）"
        case "less_than_equal" | "less_than":
            word = "以下" if kind.endswith("equal") else "より小さい数"
            bound = ctx.get("le", ctx.get("lt"))
            return f"{given}は範囲の外です（{_number(bound)}{word}にしてください）"
        case "tuple_type" | "list_type":
            return f"{given}は一覧で書いてください（例: [a, b]）"
        case "too_short":
            return f"「{name}」が{ctx['actual_length']}件です（{ctx['min_length']}件以上必要です）"
        case "too_long":
            return f"「{name}」が多すぎます（{ctx['max_length']}件まで）"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{given}は「キー: 値」の形で書いてください"
        case "invalid_key":
            return f"キー「{shown(value)}」は文字列にしてください"
        case "bool_type" | "bool_parsing":
            return f"{given}は true か false にしてください"
        case _ if kind.startswith("date"):
            return f"{given}は日付として読めません（例: 2026-11-04）"
        case "recursion_loop":
            return f"「{name}」が自分自身を含んでいます"
        case "value_error" if "reason" in ctx:
            return f"{given}はメールアドレスとして使えません（例: tayori@example.jp）"
    return str(ctx["error"]) if "error" in ctx else f"{given}は使えません"


_PATTERNS = {
    r"^([01]?\d|2[0-3]):[0-5]\d$|^24:00$": '"9:00" の形の時刻',
    r"^[a-z0-9][a-z0-9-]*$": "ファイル名から日を除いたもの。例: first-step",
    r"^[a-z0-9][a-z0-9-]*( (/[^\s:]*\.md(#\S+)?|https?://\S+))?$": "ステップの名前、または「名前 /cases/foo.md」",
    r"^(/[^/\s?#%\\]+)+(/|\.html)$": "/ で始め / か .html で終える前のアドレス。例: /articles/old-name/",
    r"^/[^:]*\.md(#.+)?$": "/ で始まるページのパス。例: /resources/foo.md",
    r"^/[^:]*\.md$": "/ で始まるページのパス。例: /resources/foo.md",
    r"^[^/\\]+$": "フォルダーを含まないファイル名。例: guide.pdf",
    r"^[^/\\]+\.(mp4|webm)$": "フォルダーを含まない .mp4 か .webm のファイル名。例: intro.mp4",
    r"^[^/\\]+\.(png|jpg|webp|svg)$": "フォルダーを含まない画像のファイル名。例: intro.png",
    r"^[^/\\]+\.vtt$": "フォルダーを含まない .vtt のファイル名。例: intro.vtt",
    r"^[a-z0-9][a-z0-9-]{0,60}$": "半角の小文字・数字・ハイフンで61文字まで",
    r"^[a-z][a-z0-9-]{0,30}$": "半角の小文字で始め、小文字・数字・ハイフンで31文字まで",
    r"^/\S*$": "/ で始まるページのアドレス。例: /pricing/、/careers/*",
    r"^[a-z0-9*?\[\]-]+$": "CTA の id。例: consult-in-case、consult-*",
    r"^[^\s@/.]+(\.[^\s@/.]+)+$": "@ の後ろのドメイン。例: example.co.jp",
    r"^[a-z][a-z0-9-]{0,40}$": "半角の小文字で始め、小文字・数字・ハイフンで41文字まで",
    r"^[a-z][a-z0-9_]{0,30}$": "半角の小文字で始め、小文字・数字・_ で31文字まで",
}


def pattern_words(pattern: str) -> str:
    """What a pattern of the models asks for, in words."""
    return _PATTERNS.get(pattern, f"形: {pattern}")


def _named(loc: Loc) -> str:
    """The key an error is about: the last name in its place."""
    return next((str(part) for part in reversed(loc) if isinstance(part, str)), "値")


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that may stand in the mapping at ``loc``."""
    found: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int):
            continue
        field = found.model_fields.get(part) if found else None
        found = _model_in(field.annotation) if field else None
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, tuple, list):
        for inner in get_args(annotation):
            if (model := _model_in(inner)) is not None:
                return model
    return None


def _step(node: yaml.Node | None, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(part):
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    return None


def _is_block(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Each node once, though aliases may lead to it by several ways, or in a circle."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)


def _duplicates(
    path: str, root: yaml.MappingNode, first_line: int, indent: int
) -> Iterator[Problem]:
    for node in _nodes(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + first_line
            if key.value in first:
                yield Problem(
                    path,
                    line,
                    key.start_mark.column + 1 + indent,
                    f"キー「{shown(key.value)}」が2回書かれています（1回目は{first[key.value]}行目）",
                )
            else:
                first[key.value] = line


def _unreadable(root: yaml.MappingNode) -> yaml.Node:
    """The scalar whose text YAML takes for a date or number that does not exist."""
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode):
            try:
                with suppress(yaml.YAMLError):
                    yaml.SafeLoader("").construct_object(node)
            except ValueError:
                return node
    return root


def _yaml_words(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    problem = error.problem or ""
    lines = text.split("\n")
    written = lines[line] if line < len(lines) else ""
    if re.match(r"[ ]*\t", written):
        return _YAML_WORDS["tab character"]
    for words, told in _YAML_WORDS.items():
        if words in problem:
            return told
    return f"{error.context or ''} {problem}".strip()


_WIDE_COLON = re.compile(r"^[ -]*[\w-]+：", re.MULTILINE)
_WIDE_COLON_WORDS = "全角の「：」があります。キーのあとは半角の「: 」（コロンと空白）を使います"

_YAML_WORDS = {
    "mapping values are not allowed": '値の中に「: 」があるときは、値を "…" で囲みます',
    "tab character": "タブは使えません。半角の空白で字下げします",
    "could not find expected ':'": "キーのあとに「: 」がありません",
    "did not find expected ',' or ']'": "[ … ] が閉じられていません",
    "did not find expected ',' or '}'": "{ … } が閉じられていません",
    "unexpected end of stream": "引用符が閉じられていません",
    "cannot start any token": '値をこの文字で始めるときは "…" で囲みます',
    "did not find expected key": "引用符か字下げがそろっていません",
    "did not find expected '-' indicator": "「- 」の字下げがそろっていません",
    "did not find expected <document start>": "字下げがそろっていません",
    "expected a single document": "--- は front matter の始まりと終わりだけに使います",
    "undefined alias": '* で始まる値は "…" で囲みます',
    "could not determine a constructor": '! で始まる値は "…" で囲みます',
    "unhashable key": "キーは1語の文字列にします",
}
