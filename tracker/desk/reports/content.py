"""Content on the screen: what each page did, and for whom something is lacking."""

from sqlalchemy import Connection

from tracker.desk.language import say
from tracker.desk.reports.asked import Asked
from tracker.desk.reports.shown import Shown
from tracker.desk.reports.things import page_name
from tracker.reporting import content
from tracker.reporting.content import ContentReport
from tracker.reports.sheets import Bar, Column, Look, Sheet, Tile
from tracker.words import Stage

DEFINITIONS = (
    (
        "閲覧",
        "ページを開いた回数です。人とみられない訪問（15回以上開き、その半分より多くが1秒も見ていない）は除いています。記録に同意した読者だけが数えられます。",
    ),
    (
        "最後まで",
        "終わりの分かる閲覧のうち、ページの終わりまで読んだ割合です。見出しごとの離れ方は診断にあります。",
    ),
    ("CTAを押した", "CTAが一つでも見えた閲覧のうち、どれかを押した割合です。"),
    (
        "かかわった読者・問い合わせ・受注",
        "この期間にアドレスを預けた人、問い合わせた人、注文した人のうち、その前の90日にこのページを読んでいた人の数と、その受注の円です。一人がいくつものページに数えられるので、足し算はできません。",
    ),
    (
        "読んだ",
        "ページの終わりまで来たか、見出しの6割まで来て20秒以上見たこと。",
    ),
    (
        "足りない所",
        "いまその段階にいる読者が、いちばん多く読んでいる読み手向けのページの数を、ほかと比べます。ページがないのに読者がいる所と、読者一人あたりのページがほかの半分に満たない所（5人以上）を、足りないとしています。",
    ),
)


def shown(connection: Connection, asked: Asked) -> Shown:
    found = content.report(connection, asked.catalogue, asked.scope, asked.now)
    return Shown(
        word=_word(found),
        tiles=(
            Tile("閲覧", found.views, before=found.views_before),
            Tile("読まれたページ", sum(1 for page in found.pages if page.viewed.views)),
            Tile("新しい読者", found.leads, before=found.leads_before),
            Tile("問い合わせた人", found.inquirers, before=found.inquirers_before),
        ),
        sheets=(_pages(found, asked), _demands(found, asked)),
        definitions=DEFINITIONS,
    )


def _word(found: ContentReport) -> str:
    if not found.views:
        return say("この期間の閲覧の記録はありません。")
    lacking = sum(1 for demand in found.demands if demand.lacks)
    word = say("閲覧は%(views)s回。", views=f"{found.views:,}")
    if lacking:
        return word + say(
            "読者がいるのに読むものの足りない所が%(lacking)sか所あります。", lacking=lacking
        )
    return word + say("読むものの足りない所は見つかりません。")


def _pages(found: ContentReport, asked: Asked) -> Sheet:
    most = max((page.viewed.views for page in found.pages), default=0) or 1
    rows = []
    for page in found.pages:
        known = asked.catalogue.page_at(page.viewed.page)
        rows.append(
            (
                page_name(asked.catalogue, page.viewed.page),
                known.stage if known else None,
                Bar(
                    page.viewed.views / most, known.stage.value if known and known.stage else "fill"
                ),
                page.viewed.views,
                page.before,
                page.read_through,
                page.pressed,
                page.leads,
                page.inquirers,
                page.buyers,
                page.yen,
            )
        )
    return Sheet(
        "pages",
        "ページごと",
        (
            Column("ページ"),
            Column("段階", Look.STAGE),
            Column("閲覧の多さ", Look.BAR),
            Column("閲覧", Look.NUMBER),
            Column("前の期間", Look.NUMBER),
            Column("最後まで", Look.SHARE),
            Column("CTAを押した", Look.SHARE),
            Column("読者", Look.NUMBER),
            Column("問い合わせ", Look.NUMBER),
            Column("受注", Look.NUMBER),
            Column("受注の円", Look.YEN),
        ),
        rows,
        note="読者・問い合わせ・受注は、その前に読んでいた人の数です。足し算はできません。",
        empty="この期間に読まれたページはありません。",
        open_rows=15,
    )


def _demands(found: ContentReport, asked: Asked) -> Sheet:
    names = {persona.id: persona.name for persona in asked.catalogue.personas}
    most = max((demand.readers for demand in found.demands), default=0) or 1
    rows = [
        (
            list(Stage)[demand.stage],
            names.get(demand.persona, demand.persona),
            Bar(demand.readers / most, list(Stage)[demand.stage].value),
            demand.readers,
            demand.pages,
            demand.views,
            say("足りません") if demand.lacks else "",
        )
        for demand in found.demands
    ]
    unlike = sum(found.unlike)
    more = say("どの読み手に近いか、まだ分からない読者が%(unlike)s人います。", unlike=f"{unlike:,}")
    return Sheet(
        "demand",
        "読む人と、読むもの",
        (
            Column("段階", Look.STAGE),
            Column("読み手"),
            Column("読者の多さ", Look.BAR),
            Column("いまいる読者", Look.NUMBER),
            Column("ページ", Look.NUMBER),
            Column("その閲覧", Look.NUMBER),
            Column("足りない所"),
        ),
        rows,
        note="いま各段階にいる読者が、だれ向けのページを多く読んでいるかと、その人向けのページの数です。",
        empty="読み手（site/personas）がまだありません。",
        more=more if unlike else "",
    )
