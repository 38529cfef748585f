"""A small catalogue for tests, made of values."""

from datetime import date

from tracker.catalogue import Catalogue
from tracker.catalogue.ctas import Cta
from tracker.catalogue.diagnoses import Answer, Band, Diagnosis, Question, Theme
from tracker.catalogue.firm import Consent, Firm
from tracker.catalogue.gates import Gate
from tracker.catalogue.pages import Page, Section
from tracker.catalogue.personas import Persona
from tracker.catalogue.scenarios import Scenario, Step
from tracker.catalogue.scoring import PointRule, Scoring, StageRules
from tracker.catalogue.sendings import Sending, Weekday
from tracker.words import EventKind, PageKind, Stage

AT_ANY_TIME = Sending(
    days=tuple(Weekday), opens=0, closes=24 * 60, holidays=True, per_day=10, per_week=30
)
"""So that a test's day is any day; the firm's own hours are tested with ``Sending()``."""

FIRM = Firm(
    name="株式会社ためし",
    postal_address="〒100-0000 東京都ためし区1-1",
    contact="contact@example.jp",
    sender_name="ためし編集部",
    sender_address="tayori@example.jp",
    reply_to="henji@example.jp",
    consent=Consent(version="2026-11", mail="ためし編集部からのご案内を受け取ります。"),
    sending=AT_ANY_TIME,
)

DIAGNOSIS = Diagnosis(
    id="site-diagnosis",
    themes=(
        Theme(id="flow", label="導線", change="次に読むものを置く"),
        Theme(id="cta", label="CTA", change="段階に合う誘いにする"),
    ),
    questions=(
        Question(
            id="q1",
            theme="flow",
            text="次の一歩がありますか",
            options=(Answer(text="いいえ", points=0), Answer(text="はい", points=2)),
        ),
        Question(
            id="q2",
            theme="cta",
            text="誘いは段階に合っていますか",
            options=(Answer(text="いいえ", points=0), Answer(text="はい", points=2)),
        ),
    ),
    bands=(
        Band(
            at_least=0,
            label="土台づくりから",
            text="まず道をつなぎましょう。",
            stage=Stage.INTEREST,
            to="/resources/guide.md",
            button="ガイドを見る",
        ),
        Band(
            at_least=70,
            label="あと一息",
            text="仕上げの段階です。",
            stage=Stage.TRUST,
            to="/inquiry.md",
            button="相談する",
        ),
    ),
)


def page(path: str, kind: PageKind, stage: Stage | None, title: str, **more: object) -> Page:
    return Page.model_validate(
        {
            "path": path,
            "url": path.removesuffix(".md") + "/" if path != "index.md" else "",
            "kind": kind,
            "stage": stage,
            "title": title,
            "published": date(2026, 11, 1),
            **more,
        }
    )


def steps(stage: str) -> tuple[Step, ...]:
    return tuple(
        Step(
            id=name,
            day=day,
            subject=f"{stage} {day}日目のお便り",
            preview="ひとこと",
            path=f"site/scenarios/{stage}/{day}-{name}.md",
            line=6,
            body=body,
        )
        for day, name, body in (
            (1, "thanks", "{{ name }} 様\n\n[補足の記事](/articles/why.md)をどうぞ。"),
            (3, "case", "{{ name }} 様\n\n{{ diagnosis }}\n\n[事例](/cases/metal.md){ .button }"),
            (5, "detail", "{{ name }} 様\n\n[くわしい事例](/cases/metal.md#steps)"),
            (7, "consult", "{{ name }} 様\n\n[相談する](/inquiry.md){ .button }"),
        )
    )


def catalogue(**changes: object) -> Catalogue:
    values: dict[str, object] = {
        "firm": FIRM,
        "scoring": Scoring(
            half_life_days=30,
            hot_at=40,
            points=(
                PointRule(id="view", event=EventKind.PAGE_VIEW, points=1, cap_per_day=5),
                PointRule(id="read", event=EventKind.PAGE_END, points=2),
                PointRule(
                    id="trust-click",
                    event=EventKind.MAIL_CLICK,
                    points=8,
                    stages=(Stage.TRUST,),
                ),
                PointRule(id="click", event=EventKind.MAIL_CLICK, points=5),
                PointRule(id="download", event=EventKind.GATE_DOWNLOAD, points=10),
                PointRule(id="bye", event=EventKind.MAIL_UNSUB, points=-20),
            ),
            stages=StageRules(
                needed=2,
                weights={
                    EventKind.GATE_DOWNLOAD: 2,
                    EventKind.DIAGNOSIS: 2,
                    EventKind.MAIL_CLICK: 1,
                    EventKind.PAGE_END: 1,
                    EventKind.INQUIRY: 3,
                },
            ),
        ),
        "personas": (Persona(id="owner", name="社長", worry="問い合わせが来ない"),),
        "pages": (
            page("index.md", PageKind.PAGE, None, "はじめに"),
            page(
                "articles/why.md",
                PageKind.ARTICLE,
                Stage.AWARENESS,
                "なぜ来ないのか",
                sections=(
                    Section(index=1, id="原因", text="原因", line=10),
                    Section(index=2, id="対策", text="対策", line=20),
                ),
                ctas=(
                    Cta(
                        id="guide-in-why",
                        page="articles/why.md",
                        section=1,
                        line=15,
                        to="/resources/guide.md",
                        aim=Stage.INTEREST,
                        label="ガイドを見る",
                    ),
                ),
            ),
            page("cases/metal.md", PageKind.CASE, Stage.UNDERSTANDING, "金属加工の事例"),
            page(
                "resources/guide.md",
                PageKind.RESOURCE,
                Stage.INTEREST,
                "はじめてのガイド",
                gate=Gate(id="guide", file="guide.pdf"),
                next=("/cases/metal.md",),
            ),
            page(
                "diagnosis.md", PageKind.DIAGNOSIS, Stage.INTEREST, "3分診断", diagnosis=DIAGNOSIS
            ),
            page("inquiry.md", PageKind.INQUIRY, Stage.TRUST, "お問い合わせ"),
        ),
        "scenarios": tuple(
            Scenario(id=stage.value, stage=stage, steps=steps(stage.value)) for stage in Stage
        ),
    }
    return Catalogue.model_validate({**values, **changes})
