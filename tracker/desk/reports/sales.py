"""Sales on the screen: how soon hot readers were answered, what they brought and cost, and from
which score on to call."""

from sqlalchemy import Connection

from tracker.desk.language import say
from tracker.desk.reports.asked import Asked
from tracker.desk.reports.shown import Shown
from tracker.reporting import sales
from tracker.reporting.sales import SalesReport
from tracker.reports.sales import Band
from tracker.reports.sheets import Bar, Column, Handoff, Look, Sheet, Span, Tile

DEFINITIONS = (
    (
        "しぼり込み",
        "段階は、いまその段階にいる読者。読み手は、その読み手向けのページをいちばん多く読んでいる読者。どこからは、はじめて来たときの道です。費用はしぼり込めません。",
    ),
    (
        "温まった読者",
        "得点が、site/scoring.yml の hot_at に届いた読者です。いまの人数で、期間によりません。",
    ),
    (
        "連絡までの時間",
        "営業に渡してから、はじめて連絡するまで。半分の人に連絡するまでの時間で、まだの人は、いままで待たせた時間だけを数えます（カプラン＝マイヤー法）。期限は引き渡しのときに決まります。",
    ),
    (
        "1件あたりの費用",
        "下で記録した月ごとの費用を、期間にかかる日数で割り振り、その期間の新しい読者と受注の数で割ったものです。月の費用を書かないあいだは出ません。",
    ),
    (
        "得点と受注",
        "得点は、営業に渡したときのもの（渡していない人は、いまの得点）です。割合の幅は8割の確からしさで、10人に満たない帯には出しません。",
    ),
    (
        "何点から連絡するか",
        "この3か月（90日）に動きのあった、まだ買っていない読者のうち、その点数以上の人の数を1か月あたりにしたものです。「ここから」は、営業の件数に収まるいちばん低い点数です。",
    ),
)


def shown(connection: Connection, asked: Asked) -> Shown:
    found = sales.report(connection, asked.catalogue, asked.scope, asked.now, calls=asked.calls)
    return Shown(
        word=_word(found),
        tiles=_tiles(found),
        sheets=(_waiting(found), _thresholds(found), _bands(found), _costs(found)),
        definitions=DEFINITIONS,
    )


def _word(found: SalesReport) -> str:
    parts = []
    if found.waiting:
        parts.append(
            say(
                "期限を過ぎても連絡していない読者が%(waiting)s人います。",
                waiting=len(found.waiting),
            )
        )
    if found.orders:
        parts.append(
            say(
                "この期間の受注は%(orders)s件、%(yen)s円です。",
                orders=found.orders,
                yen=f"{found.yen:,}",
            )
        )
    suggested = next((t for t in found.thresholds if t.suggested), None)
    if suggested:
        parts.append(
            say(
                "月に%(calls)s件の連絡なら、%(score)s点から（月に約%(people)s人）です。",
                calls=found.calls,
                score=f"{suggested.score:.0f}",
                people=f"{max(1, round(suggested.a_month))}",
            )
        )
    return "".join(parts) or say("営業に渡した読者と受注の記録は、まだありません。")


def _tiles(found: SalesReport) -> tuple[Tile, ...]:
    now, before = found.speed, found.speed_before
    return (
        Tile("いま温まっている読者", found.hot, note=say("%(score)s点から", score=found.hot_at)),
        Tile("営業に渡した", now.opened, before=before.opened if before else None),
        Tile(
            "連絡までの時間",
            now.median_hours,
            Look.HOURS,
            before=before.median_hours if before else None,
        ),
        Tile(
            "期限までに連絡",
            now.in_time / now.judged if now.judged else None,
            Look.SHARE,
            before=before.in_time / before.judged if before and before.judged else None,
            note=say("%(judged)s件中", judged=now.judged) if now.judged else "",
        ),
        Tile("商談", now.met, before=before.met if before else None),
        Tile("受注", found.orders, before=found.orders_before),
        Tile("受注の円", found.yen, Look.YEN, before=found.yen_before),
        Tile("新しい読者", found.leads, before=found.leads_before),
        Tile(
            "読者1人あたりの費用",
            found.cost / found.leads if found.cost and found.leads else None,
            Look.YEN,
        ),
        Tile(
            "受注1件あたりの費用",
            found.cost / found.orders if found.cost and found.orders else None,
            Look.YEN,
        ),
    )


def _waiting(found: SalesReport) -> Sheet:
    return Sheet(
        "waiting",
        "期限を過ぎても、だれも連絡していない読者",
        (
            Column("読者", Look.READER),
            Column("引き渡し", Look.HANDOFF),
            Column("期限", Look.WHEN),
            Column("得点", Look.NUMBER),
        ),
        [
            (one.person, Handoff(one.id, one.opened_at), one.due_at, one.score)
            for one in found.waiting
        ],
        empty="連絡を待たせている読者はいません。",
    )


def _bands(found: SalesReport) -> Sheet:
    most = max((band.readers for band in found.bands), default=0) or 1
    reach = max([0.1, *(band.at_most or 0.0 for band in found.bands)])
    return Sheet(
        "bands",
        "得点と受注",
        (
            Column("得点"),
            Column("読者の多さ", Look.BAR),
            Column("読者", Look.NUMBER),
            Column("買った人", Look.NUMBER),
            Column("買った割合", Look.SHARE),
            Column("割合の幅", Look.SPAN),
            Column("幅の下", Look.SHARE, only_in_files=True),
            Column("幅の上", Look.SHARE, only_in_files=True),
        ),
        [
            (
                _points(band),
                Bar(band.readers / most),
                band.readers,
                band.bought,
                band.share,
                Span(band.at_least or 0.0, band.share, band.at_most or 0.0, reach, of_share=True)
                if band.share is not None
                else None,
                band.at_least,
                band.at_most,
            )
            for band in found.bands
        ]
        if any(band.readers for band in found.bands)
        else [],
        note="点数の高い人ほど買っていれば、点数は役に立っています。そうでなければ、site/scoring.yml を見直すときです。",
        empty="まだ読者がいません。",
    )


def _points(band: Band) -> str:
    if band.high is None:
        return say("%(low)s点から", low=f"{band.low:.0f}")
    return say("%(low)s〜%(high)s点", low=f"{band.low:.0f}", high=f"{band.high:.0f}")


def _thresholds(found: SalesReport) -> Sheet:
    rows = [t for t in found.thresholds if t.readers]
    most = max((t.a_month for t in rows), default=0.0) or 1.0
    return Sheet(
        "thresholds",
        "何点から連絡するか",
        (
            Column("得点"),
            Column("連絡の多さ", Look.BAR),
            Column("1か月の人数", Look.DECIMAL),
            Column("いままでの読者", Look.NUMBER),
            Column("買った人", Look.NUMBER),
            Column("買った割合", Look.SHARE),
            Column("めやす"),
        ),
        [
            (
                say("%(low)s点から", low=f"{t.score:.0f}"),
                Bar(t.a_month / most, "inquiry" if t.suggested else "soft"),
                t.a_month,
                t.readers,
                t.bought,
                t.share,
                say("ここから") if t.suggested else "",
            )
            for t in rows
        ],
        note="営業が月に連絡できる件数を上で入れると、何点からにすれば収まるかが分かります。",
        empty="10点以上の読者がまだいません。",
    )


def _costs(found: SalesReport) -> Sheet:
    return Sheet(
        "costs",
        "月ごとの費用",
        (Column("月"), Column("費用", Look.YEN)),
        list(found.months.items()),
        note="記事や資料の制作、道具、人の時間など、この仕組みにかけた費用です。",
        empty="まだ費用の記録がありません。書くと、読者1人・受注1件あたりの費用が出ます。",
    )
