"""What took part in inquiries and in orders, as tables."""

from tracker.catalogue import Catalogue
from tracker.desk.language import say
from tracker.desk.reports.asked import Asked
from tracker.desk.reports.things import KINDS, thing_name
from tracker.reporting.clicks import ClicksReport
from tracker.reports.paths import Credit
from tracker.reports.sheets import Column, Look, Sheet


def inquiries(found: ClicksReport, asked: Asked) -> Sheet:
    more = ""
    if found.untouched:
        more = say(
            "問い合わせ%(inquiries)s件のうち%(untouched)s件は、前の90日に触れたものの記録がありません。",
            inquiries=found.inquiries,
            untouched=found.untouched,
        )
    return Sheet(
        "credits",
        "問い合わせまでに触れたもの",
        (
            Column("何"),
            Column("種類"),
            Column("かかわった", Look.NUMBER),
            Column("最初", Look.DECIMAL),
            Column("最後", Look.DECIMAL),
            Column("位置", Look.DECIMAL),
            Column("なかったら", Look.DECIMAL),
        ),
        [_credit(c, asked.catalogue) for c in found.credits],
        note="この期間の問い合わせを、4つの数え方で分けたものです。並べて見るためで、足し算はできません。",
        empty="この期間の問い合わせはありません。届くと、その前に触れたページやメールがここに並びます。",
        more=more,
    )


def orders(found: ClicksReport, asked: Asked) -> Sheet:
    more = ""
    if found.orders:
        more = say(
            "この期間の受注は%(orders)s件、%(yen)s円です。",
            orders=found.orders,
            yen=f"{found.yen:,}",
        )
    return Sheet(
        "orders",
        "受注までに触れたもの",
        (
            Column("何"),
            Column("種類"),
            Column("かかわった", Look.NUMBER),
            Column("最初", Look.YEN),
            Column("最後", Look.YEN),
            Column("位置", Look.YEN),
            Column("なかったら（件）", Look.DECIMAL),
        ),
        [
            (
                thing_name(asked.catalogue, credit.thing),
                say(KINDS[credit.thing.kind]),
                credit.part,
                credit.first_yen,
                credit.last_yen,
                credit.position_yen,
                credit.removal,
            )
            for credit in found.order_credits
        ],
        note="はじめて読んだページから受注までの道を、受注の円で分けたものです。",
        empty="この期間の受注の記録はありません。商談の結果を記録すると、ここに出ます。",
        more=more,
    )


def _credit(credit: Credit, catalogue: Catalogue) -> tuple[object, ...]:
    return (
        thing_name(catalogue, credit.thing),
        say(KINDS[credit.thing.kind]),
        credit.part,
        credit.first,
        credit.last,
        credit.position,
        credit.removal,
    )
