"""A page of the site, as its front matter and its Markdown tell it."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field, model_validator

from tracker.catalogue.aliases import Alias
from tracker.catalogue.ctas import Cta
from tracker.catalogue.diagnoses import Diagnosis
from tracker.catalogue.gates import Gate
from tracker.catalogue.newsletters import Newsletter
from tracker.catalogue.seminars import Seminar
from tracker.catalogue.values import Gap, Value, refuse
from tracker.catalogue.videos import Video
from tracker.words import PageKind, Stage

STAGED = frozenset(
    {
        PageKind.ARTICLE,
        PageKind.CASE,
        PageKind.VOICE,
        PageKind.RESOURCE,
        PageKind.SEMINAR,
        PageKind.VIDEO,
    }
)
OWNERS = {
    "gate": PageKind.RESOURCE,
    "diagnosis": PageKind.DIAGNOSIS,
    "seminar": PageKind.SEMINAR,
    "video": PageKind.VIDEO,
    "newsletter": PageKind.NEWSLETTER,
}
"""The keys that pages of one kind have, and no others."""


class PageFront(Value):
    """The front matter an editor writes at the top of ``site/pages/**/*.md``."""

    title: str = Field(min_length=1, description="ページの題。検索結果と一覧にも出る")
    description: str = Field("", description="一文の要約。検索結果、一覧、共有のときに出る")
    kind: PageKind = Field(description="ページの種類")
    stage: Stage | None = Field(
        None, description="どの段階の読者に向けたか。一覧、得点、CTAの向かう先の段階に使う"
    )
    personas: tuple[str, ...] = Field(
        (), description="誰に向けたか。site/personas のファイル名（拡張子なし）。書かなければ全員"
    )
    tags: tuple[str, ...] = Field((), description="話題。自由な言葉の一覧")
    published: date | None = Field(
        None, description="公開した日（例: 2026-11-04）。書き直して出し直したら、その日に改める"
    )
    next: tuple[str, ...] = Field(
        (), description="次に読むページ。/ で始まるパスの一覧（例: [/cases/foo.md]）"
    )
    aliases: tuple[Alias, ...] = Field(
        (),
        description="名前や場所を変えたページの、前のアドレス（例: [/articles/old-name/]）。"
        "開いた人はこのページへ案内され、前のアドレスで読まれた記録もこのページのものとして数える",
    )
    draft: bool = Field(False, description="true なら下書き。sodate serve でだけ見え、公開されない")
    gate: Gate | None = Field(None, description="資料の申し込みフォーム（kind: resource だけ）")
    diagnosis: Diagnosis | None = Field(None, description="3分診断（kind: diagnosis だけ）")
    seminar: Seminar | None = Field(None, description="セミナー（kind: seminar だけ）")
    video: Video | None = Field(None, description="動画（kind: video だけ）")
    newsletter: Newsletter | None = Field(
        None, description="メールマガジン（kind: newsletter だけ）"
    )

    @model_validator(mode="after")
    def _complete(self) -> "PageFront":
        own = {key: getattr(self, key) for key in OWNERS}
        refuse(page_gaps(self.kind, self.stage, own))
        return self


def page_gaps(kind: object, stage: object, own: Mapping[str, object]) -> list[Gap]:
    """What a page of ``kind`` lacks, or must not have; takes raw front matter too."""
    gaps = []
    if kind in STAGED and stage is None:
        gaps.append(
            Gap(
                ("kind",),
                f"kind: {kind} のページには stage が必要です（使える値: {', '.join(Stage)}）",
            )
        )
    for key, owner in OWNERS.items():
        value = own.get(key)
        if kind == owner and value is None:
            gaps.append(Gap(("kind",), f"kind: {owner} のページには {key} が必要です"))
        if kind != owner and value is not None:
            gaps.append(
                Gap(
                    (key,),
                    f"{key} は kind: {owner} のページだけに書けます（このページは kind: {kind}）",
                )
            )
    return gaps


class Section(Value):
    """One heading (h2 or h3) of a page. ``index`` counts from 1; 0 is what stands above the first."""

    index: int
    id: str
    text: str
    line: int


class Page(PageFront):
    """A page with what its text holds.

    ``path`` is the source below ``site/pages`` (``articles/foo.md``), ``url`` the address below
    the site's root (``articles/foo/``; the home page is ``""``). ``characters`` counts what is
    read: without spaces, markup and code. ``links`` are the paths of the pages its text links to,
    ``lists`` and ``persona_lists`` the stages and the personas whose pages it lists, and
    ``seminar_lists`` which seminars.
    """

    path: str
    url: str
    sections: tuple[Section, ...] = ()
    ctas: tuple[Cta, ...] = ()
    characters: int = 0
    links: tuple[str, ...] = ()
    lists: tuple[Stage, ...] = ()
    persona_lists: tuple[str, ...] = ()
    seminar_lists: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """How long it takes to read, at 500 characters a minute; at least 1."""
        return max(1, round(self.characters / 500))
