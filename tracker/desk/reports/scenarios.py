"""Scenarios on the screen: what became of each mail, and whether mails make a difference."""

from sqlalchemy import Connection

from tracker.catalogue.scenarios import Scenario
from tracker.desk.language import say
from tracker.desk.reports.asked import Asked
from tracker.desk.reports.shown import Shown
from tracker.reporting import scenarios
from tracker.reporting.scenarios import ScenariosReport, StepTold
from tracker.reports.mailings import Loss
from tracker.reports.sheets import Bar, Column, Look, Sheet, Span, Tile
from tracker.store.judgements import Judgement

DEFINITIONS = (
    (
        "しぼり込み",
        "段階は、その段階のシナリオ。読み手は、その読み手向けのページをいちばん多く読んでいる読者へのメール。どこからは、はじめて来たときの道です。送らずにおいた人との比べは、しぼり込めません。",
    ),
    (
        "送った・届いた",
        "この期間に送り終えたステップメール。届いたは、相手のサーバーが受け取り、不達の知らせのないもの。不明は、受け取られたか分からないものです。",
    ),
    (
        "押した人",
        "メールのリンクを押した人の数です。メールの検査など、人ではないとみたアクセスは「機械」に回数だけを出し、決められないものは「?」です。見分け方は「クリックの見分け」にあります。",
    ),
    (
        "進んだ",
        "届いてから14日以内に読者の段階が進んだメールの数です（14日たっていないメールは数えません）。関連であって、原因とは限りません。効果は、下の「送った人と、送らずにおいた人」で見ます。",
    ),
    (
        "気になる所",
        "届いた人のうち配信を停止した割合が、ほかの回の1.7倍を超えると言える回です（二項分布。全部の回をまとめて、誤りが20に1つを超えないようにしています）。その回の内容、間隔、宛てる人を見直すところです。",
    ),
    (
        "送った人と、送らずにおいた人",
        "シナリオに入るときのくじで送らずにおいた人と、45日以内に問い合わせた割合を比べます。差の幅は8割の確からしさです。「効いています」は、何度見ても間違える割合が5%を超えない判定（e値が20以上）のときだけ出します。",
    ),
)


def shown(connection: Connection, asked: Asked) -> Shown:
    found = scenarios.report(connection, asked.catalogue, asked.scope, asked.now)
    return Shown(
        word=_word(found),
        tiles=_tiles(found),
        sheets=(_steps(found), _effects(found)),
        definitions=DEFINITIONS,
    )


def _word(found: ScenariosReport) -> str:
    sent = sum(step.mailing.sent for step in found.steps)
    if not sent:
        return say("この期間に送ったステップメールはありません。")
    clicked = sum(step.mailing.clicked for step in found.steps)
    losing = sum(step.loss is not None for step in found.steps)
    word = say(
        "送ったメールは%(sent)s通、押した人はのべ%(clicked)s人。",
        sent=f"{sent:,}",
        clicked=f"{clicked:,}",
    )
    if losing:
        word += say("読者を失っている回が%(losing)s通あります。", losing=losing)
    working = [s.label for s, judged in found.judgements if judged and judged.works]
    if working:
        names = say("」「").join(working)
        return word + say("「%(names)s」のシナリオは問い合わせを増やしています。", names=names)
    return word + say("問い合わせを増やしているとは、まだ言い切れません。")


def _tiles(found: ScenariosReport) -> tuple[Tile, ...]:
    told = (
        ("送った", "sent"),
        ("押した人", "clicked"),
        ("進んだ", "moved"),
        ("停止した人", "unsubscribed"),
    )
    return tuple(
        Tile(
            label,
            sum(getattr(step.mailing, field) for step in found.steps),
            before=sum(getattr(step.before, field) for step in found.steps)
            if found.steps and found.steps[0].before
            else None,
        )
        for label, field in told
    )


def _steps(found: ScenariosReport) -> Sheet:
    most = max((step.mailing.sent for step in found.steps), default=0) or 1
    return Sheet(
        "steps",
        "メールの回ごと",
        (
            Column("メール"),
            Column("シナリオ"),
            Column("送った数と押した人", Look.BAR),
            Column("送った", Look.NUMBER),
            Column("前の期間", Look.NUMBER),
            Column("届いた", Look.NUMBER),
            Column("押した人", Look.NUMBER),
            Column("押した割合", Look.SHARE),
            Column("進んだ", Look.NUMBER),
            Column("停止", Look.NUMBER),
            Column("機械", Look.NUMBER),
            Column("?", Look.NUMBER),
            Column("不達", Look.NUMBER),
            Column("不明", Look.NUMBER),
            Column("気になる所"),
        ),
        [_step(step, most) for step in found.steps],
        note="「進んだ」は、届いてから14日以内に段階が進んだ読者のメールです。関連であって原因とは限りません。",
        empty="シナリオがまだありません。site/scenarios にステップメールを置くと、回ごとの数字がここに並びます。",
        open_rows=30,
    )


def _step(told: StepTold, most: int) -> tuple[object, ...]:
    mailing = told.mailing
    if told.step:
        name = say("%(day)s日目: %(subject)s", day=told.step.day, subject=told.step.subject)
    else:
        name = say("%(step)s（いまは無いメール）", step=mailing.step)
    return (
        name,
        say(told.scenario.label) if told.scenario else mailing.scenario,
        Bar(mailing.sent / most, "soft", mailing.clicked / most),
        mailing.sent,
        told.before.sent if told.before else None,
        mailing.delivered,
        mailing.clicked,
        mailing.click_share,
        mailing.moved,
        mailing.unsubscribed,
        mailing.machine_hits,
        mailing.unsure_hits,
        mailing.bounced,
        mailing.uncertain,
        _loss(told.loss),
    )


def _loss(loss: Loss | None) -> str:
    if loss is None:
        return ""
    return say(
        "停止が多い（%(share)s%%。ほかの回は%(usual)s%%）",
        share=f"{100 * loss.share:.1f}",
        usual=f"{100 * loss.usual:.1f}",
    )


def _effects(found: ScenariosReport) -> Sheet:
    rows = [(s, judged) for s, judged in found.judgements if judged and judged.held_part]
    reach = max(
        [0.05, *(max(abs(j.low or 0), abs(j.high or 0)) for _, j in rows if j.low is not None)]
    )
    unmeasured = [s for s, judged in found.judgements if judged and not judged.held_part]
    more = ""
    if unmeasured:
        more = say(
            "全員に送っているので測っていないシナリオ: %(names)s",
            names=say("・").join(say(s.label) for s in unmeasured),
        )
    return Sheet(
        "effects",
        "送った人と、送らずにおいた人",
        (
            Column("シナリオ"),
            Column("判定"),
            Column("差と幅", Look.SPAN),
            Column("差（ポイント）", Look.POINTS),
            Column("幅の下", Look.POINTS),
            Column("幅の上", Look.POINTS),
            Column("送った人", Look.NUMBER),
            Column("うち問い合わせ", Look.NUMBER),
            Column("送らずにおいた人", Look.NUMBER),
            Column("うち問い合わせ（送らず）", Look.NUMBER),
            Column("45日を待つ人", Look.NUMBER),
        ),
        [_effect(scenario, judged, reach) for scenario, judged in rows],
        note="くじで送らずにおいた人と、45日以内に問い合わせた割合を比べます。これだけは、メールが原因だと言えます。",
        empty="まだ測っているシナリオがありません。scenario.yml の hold_out に、送らずにおく割合を書くと始まります。",
        more=more,
    )


def _effect(scenario: Scenario, judged: Judgement, reach: float) -> tuple[object, ...]:
    known = judged.difference is not None and judged.low is not None and judged.high is not None
    return (
        say(scenario.label),
        verdict(judged),
        Span(judged.low or 0.0, judged.difference or 0.0, judged.high or 0.0, reach)
        if known
        else None,
        judged.difference,
        judged.low,
        judged.high,
        judged.mailed,
        judged.mailed_inquiries,
        judged.held_out,
        judged.held_out_inquiries,
        judged.waiting,
    )


def verdict(judged: Judgement) -> str:
    """The judgement in words: it works, or how much is lacking."""
    if judged.works:
        return say("効いています")
    if not judged.mailed and not judged.held_out:
        return say("まだ言えません（45日たった人がいません）")
    return say("まだ言えません。あと約%(readers)s人で分かります", readers=f"{judged.needed:,}")
