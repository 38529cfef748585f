"""Click-to-stage on the screen: its figures in marketing's words."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from tracker.desk.language import say
from tracker.desk.reports import credited
from tracker.desk.reports.asked import Asked
from tracker.desk.reports.pictures import Stairs, stairs
from tracker.desk.reports.shown import Shown
from tracker.desk.reports.things import KINDS, thing_name
from tracker.reporting import clicks
from tracker.reporting.clicks import ClicksReport
from tracker.reports.followed import FEWEST, Followed
from tracker.reports.movement import Cohort, Passage
from tracker.reports.rows import GOAL
from tracker.reports.sheets import Column, Look, Sheet, Span, Tile
from tracker.words import Stage

MOST_OPEN = 400
"""Of what is still open, the most touched stand on the screen and in files."""
_GOAL = "問い合わせ"

DEFINITIONS = (
    (
        "次の段階へ進んだ",
        "触れてから14日以内に、段階が上がった（信頼の人は、問い合わせた）こと。読者（アドレスの分かる人）だけが段階を持ちます。14日たっていない人は「待ち」で、まだ数えません。",
    ),
    (
        "ふつう",
        "同じ週に、同じ段階で何かをして、それには触れなかった読者のうち、14日以内に進んだ割合です。関連であって、原因とは限りません。",
    ),
    (
        "差",
        "進んだ割合とふつうの差です。人数が少ないものは、ふつうの側へ寄せて読みます（12人ぶん。ベータ二項分布）。幅は8割の確からしさで、たくさん比べるうちの偶然を除いてから（ベンジャミニ＝ホッホバーグ法）出しています。",
    ),
    (
        "進むまでの日数",
        "その段階に来た読者が、次へ進むまで。まだ進んでいない人は、いままでの日数だけを数えます（カプラン＝マイヤー法）。帯は8割の幅です。",
    ),
    (
        "はじめて来た週",
        "その週にはじめて来た人（名前の分からない人も）と、そのうち読者になり、段階に届いた人。人とみられない訪問は除いています。古い閲覧は、決めた月数（SODATE_KEEP_VISITS）で一人ずつにはたどれなくなります。",
    ),
    (
        "かかわり方",
        "問い合わせた人が、その前の90日に触れたページ・メール・フォーム。最初・最後は、その一つに1件をそのまま。位置は、最初と最後に4割ずつ、残りを間で分けます。なかったらは、それを通る道がそこで途切れたときに失われる割合（マルコフ連鎖の除去効果）で件数を分けたものです。どれも、原因を示すものではありません。",
    ),
)


def shown(connection: Connection, asked: Asked) -> Shown:
    found = clicks.report(connection, asked.catalogue, asked.scope, asked.now)
    return Shown(
        word=_word(found),
        tiles=_tiles(found),
        sheets=(
            _followed(found, asked),
            _passages(found),
            _cohorts(found, asked),
            credited.inquiries(found, asked),
            credited.orders(found, asked),
            _open(found, asked),
        ),
        definitions=DEFINITIONS,
        pictures={"passages": tuple(_stairs(passage) for passage in found.passages)},
    )


def goal_label(rank: int) -> str:
    """The word of a stage by its rank, or of the inquiry."""
    return say(list(Stage)[rank].label if rank < GOAL else _GOAL)


def _word(found: ClicksReport) -> str:
    moved = sum(found.moves)
    if not moved:
        return say(
            "この期間に段階の動いた読者はいません。アドレスを確認した読者が記事を読んだりメールのリンクを押したりして進むと、ここに出ます。"
        )
    best = sum(1 for f in found.followed if f.shown and f.difference > 0)
    if best:
        return say(
            "段階が動いたのは%(moved)s回。次へ進む人がふつうより多いものが%(best)s個あります。",
            moved=f"{moved:,}",
            best=best,
        )
    return say(
        "段階が動いたのは%(moved)s回。何のあとに進む人が多いかは、まだ偶然と見分けられません。",
        moved=f"{moved:,}",
    )


def _tiles(found: ClicksReport) -> tuple[Tile, ...]:
    before = found.moves_before
    return tuple(
        Tile(goal_label(rank), found.moves[rank], before=before[rank] if before else None)
        for rank in range(GOAL + 1)
    )


def _followed(found: ClicksReport, asked: Asked) -> Sheet:
    rows = [f for f in found.followed if f.shown]
    reach = max([0.1, *(max(abs(f.low), abs(f.high)) for f in rows)])
    return Sheet(
        "followed",
        "次の段階へ進む人が、ふつうより多い・少ないもの",
        (
            Column("何"),
            Column("種類"),
            Column("触れた人", Look.NUMBER),
            Column("進んだ人", Look.NUMBER),
            Column("進んだ割合", Look.SHARE),
            Column("ふつう", Look.SHARE),
            Column("差と幅", Look.SPAN),
            Column("差（ポイント）", Look.POINTS),
            Column("幅の下", Look.POINTS, only_in_files=True),
            Column("幅の上", Look.POINTS, only_in_files=True),
        ),
        [
            (
                thing_name(asked.catalogue, f.thing),
                say(KINDS[f.thing.kind]),
                f.readers,
                f.moved,
                f.moved / f.readers,
                f.expected,
                Span(f.low, f.difference, f.high, reach),
                f.difference,
                f.low,
                f.high,
            )
            for f in rows
        ],
        note="触れてから14日以内に進んだ読者の割合を、同じ週・同じ段階で触れなかった読者と比べます。関連であって原因とは限りません。",
        empty="偶然とは言えない差のあるものは、まだありません。あと何人で分かるかは、下の「まだ分からないもの」にあります。",
    )


def _open(found: ClicksReport, asked: Asked) -> Sheet:
    rows = [f for f in found.followed if not f.shown]
    rows.sort(key=lambda f: (-f.readers, -f.waiting, f.thing))
    return Sheet(
        "open",
        "まだ分からないもの",
        (
            Column("何"),
            Column("種類"),
            Column("触れた人", Look.NUMBER),
            Column("進んだ人", Look.NUMBER),
            Column("待ち", Look.NUMBER),
            Column("分かるまで"),
        ),
        [
            (
                thing_name(asked.catalogue, f.thing),
                say(KINDS[f.thing.kind]),
                f.readers,
                f.moved,
                f.waiting,
                _until_known(f),
            )
            for f in rows[:MOST_OPEN]
        ],
        note="10ポイントの差があるなら分かる人数です。触れた人は、14日たち、比べる相手のいる読者です。",
        empty="この期間に触れられたものはありません。",
        open_rows=5,
    )


def _until_known(f: Followed) -> str:
    if f.needed:
        return say("あと約%(readers)s人", readers=f"{f.needed:,}")
    if f.readers < FEWEST:
        return say("あと約%(readers)s人", readers=FEWEST - f.readers)
    return say("10ポイントもの差は見えません")


def _passages(found: ClicksReport) -> Sheet:
    return Sheet(
        "passages",
        "次の段階へ進むまで",
        (
            Column("段階"),
            Column("来た人", Look.NUMBER),
            Column("進んだ人", Look.NUMBER),
            Column("30日までに", Look.SHARE),
            Column("30日の幅の下", Look.SHARE, only_in_files=True),
            Column("30日の幅の上", Look.SHARE, only_in_files=True),
            Column("90日までに", Look.SHARE),
            Column("半分が進むまで", Look.DAYS),
        ),
        [
            (
                f"{goal_label(p.rank)} → {goal_label(p.rank + 1)}",
                p.entered,
                p.moved,
                *_by(p, 30.0),
                _by(p, 90.0)[0],
                p.median_days,
            )
            for p in found.passages
            if p.entered
        ],
        note="この期間にその段階へ来た読者が、いままでに次へ進んだ割合です。",
        empty="この期間に、どれかの段階へ来た読者はいません。",
    )


def _by(passage: Passage, days: float) -> tuple[float | None, float | None, float | None]:
    if passage.watched_days < days:
        return None, None, None
    step = passage.by(days)
    return (step.share, step.low, step.high) if step else (0.0, None, None)


def _stairs(passage: Passage) -> Stairs:
    title = f"{goal_label(passage.rank)} → {goal_label(passage.rank + 1)}"
    if not passage.entered:
        about = say("来た人がいません")
    elif passage.median_days is None:
        about = say(
            "%(moved)s / %(entered)s人が進みました", moved=passage.moved, entered=passage.entered
        )
    else:
        about = say(
            "%(moved)s / %(entered)s人が進みました。半分が進むまで%(days)s日",
            moved=passage.moved,
            entered=passage.entered,
            days=f"{passage.median_days:.1f}",
        )
    return stairs(passage, title, about, say("日"))


def _cohorts(found: ClicksReport, asked: Asked) -> Sheet:
    return Sheet(
        "cohorts",
        "はじめて来た週ごと",
        (
            Column("週（月曜日）"),
            Column("はじめて来た人", Look.NUMBER),
            Column("読者になった", Look.NUMBER),
            *(Column(stage.label, Look.NUMBER) for stage in list(Stage)[1:]),
            Column(_GOAL, Look.NUMBER),
            Column("問い合わせた割合", Look.SHARE),
            Column("関心まで（真ん中）", Look.DAYS),
            Column("問い合わせまで（真ん中）", Look.DAYS),
        ),
        [
            (
                _monday(cohort, asked),
                cohort.people,
                cohort.readers,
                *cohort.reached[1:],
                cohort.reached[GOAL] / cohort.readers if cohort.readers else None,
                cohort.days[1],
                cohort.days[GOAL],
            )
            for cohort in reversed(found.cohorts)
        ],
        note="割合は、読者になった人のうち、いままでに問い合わせた人です。新しい週ほど、まだ時間がたっていません。",
        empty="この期間にはじめて来た人の記録がありません。",
    )


def _monday(cohort: Cohort, asked: Asked) -> str:
    at = datetime.fromtimestamp(cohort.week / 1000, UTC).astimezone(asked.zone)
    return f"{at:%Y-%m-%d}"
