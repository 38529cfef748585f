"""What happened, in the words of marketing: facts and the catalogue in, Japanese out."""

from tracker.catalogue import Catalogue
from tracker.catalogue.pages import Page
from tracker.catalogue.scenarios import Step
from tracker.store.histories import Mail
from tracker.store.reports import Cause, bare
from tracker.words import Entry, EventKind, FormOf, MailKind


def page_at(catalogue: Catalogue, url: str | None) -> Page | None:
    """The page an event's address means; ``None`` if the site has it no more."""
    target = bare(url)
    return None if target is None else catalogue.page_at(target)


def page_name(catalogue: Catalogue, url: str | None) -> str:
    """``事例『…』``; the address itself for a page that is gone or on another site."""
    page = page_at(catalogue, url)
    if page is None and (issue := catalogue.issue_at(bare(url) or "")):
        return f"{newsletter_name(catalogue)}『{issue.title}』"
    if page is None:
        return f"『{bare(url) or 'トップページ'}』"
    return f"{page.kind.label}『{page.title}』"


def step_of(catalogue: Catalogue, scenario: str | None, step: str | None) -> Step | None:
    found = catalogue.scenario(scenario) if scenario else None
    return next((s for s in found.steps if s.id == step), None) if found else None


def mail_name(catalogue: Catalogue, scenario: str | None, step: str | None) -> str:
    """``認知 3日目: …`` of a step mail, ``月刊: …`` of an issue of the newsletter; its ids where
    the scenario is there no more."""
    if scenario is None and (issue := catalogue.issue(step)):
        return f"{newsletter_name(catalogue)}: {issue.title}"
    found = catalogue.scenario(scenario) if scenario else None
    mail = step_of(catalogue, scenario, step)
    if found is None or mail is None:
        return f"{scenario} / {step}" if scenario else "資料のお届け"
    return f"{found.label} {mail.day}日目: {mail.subject}"


def newsletter_name(catalogue: Catalogue) -> str:
    page = catalogue.newsletter_page
    return page.title if page else "メールマガジン"


def gate_name(catalogue: Catalogue, gate: str | None) -> str:
    """What a form was for: a resource, a diagnosis' result, a seminar, the newsletter, an
    inquiry."""
    if FormOf.DIAGNOSIS.id_in(gate):
        return "診断の結果"
    if gate == FormOf.INQUIRY:
        return "問い合わせ"
    if gate == FormOf.NEWSLETTER:
        return f"『{newsletter_name(catalogue)}』"
    if seminar_id := FormOf.SEMINAR.id_in(gate):
        page = catalogue.seminar_page(seminar_id)
        return f"セミナー『{page.title}』" if page else f"セミナー（{seminar_id}）"
    page = catalogue.gate_page(gate) if gate else None
    return f"資料『{page.title}』" if page else f"資料（{gate}）"


def cta_name(catalogue: Catalogue, cta_id: str | None) -> str:
    cta = catalogue.cta(cta_id) if cta_id else None
    return f"「{cta.label}」" if cta else f"「{cta_id}」"


def delivery_name(catalogue: Catalogue, mail: Mail) -> str:
    """What a mail was, whatever its kind."""
    if mail.kind in (MailKind.STEP, MailKind.NEWSLETTER):
        return f"メール『{mail_name(catalogue, mail.scenario, mail.step)}』"
    if mail.kind is MailKind.DELIVERY and mail.gate == FormOf.INQUIRY:
        return "問い合わせの受け付けのメール"
    if mail.kind is MailKind.DELIVERY:
        return f"{gate_name(catalogue, mail.gate)}のお届けメール"
    if mail.kind is MailKind.REMINDER:
        return f"{gate_name(catalogue, mail.gate)}のお知らせのメール"
    return "担当者への知らせ"


_ENTERED = {
    Entry.STAGE: "{label}の段階に来た人へのシナリオ",
    Entry.DORMANT: "長いあいだ動きのない人へのシナリオ",
    Entry.SEMINAR: "申し込んだセミナーが終わった人へのシナリオ",
    Entry.NEWSLETTER: "メールマガジンだけに登録した人へのシナリオ",
}


def why_next(catalogue: Catalogue, mail: Mail) -> str:
    """Why a mail is to be sent, and what must still hold when it is due; empty where the mail's
    name says it."""
    scenario = catalogue.scenario(mail.scenario or "")
    step = step_of(catalogue, mail.scenario, mail.step)
    if scenario is None or step is None:
        return ""
    why = f"{_ENTERED[scenario.enter].format(label=scenario.label)}の、{step.day}日目のメールです"
    if step.when:
        why += f"。{step.when.label}人にだけ送ります"
    left = "段階が進むか、" if scenario.enter is Entry.STAGE else ""
    return f"{why}。{left}問い合わせか停止があれば、送りません"


def told(catalogue: Catalogue, cause: Cause) -> str:
    """What a reader did, as one plain sentence without its subject."""
    match cause.kind:
        case EventKind.MAIL_CLICK:
            mail = mail_name(catalogue, cause.scenario, cause.step)
            return f"メール『{mail}』のリンク → {page_name(catalogue, cause.page)}"
        case EventKind.CTA_CLICK:
            where = page_name(catalogue, cause.page)
            return f"{where}のCTA{cta_name(catalogue, cause.cta)}を押した"
        case EventKind.CTA_SEEN:
            return f"{page_name(catalogue, cause.page)}のCTA{cta_name(catalogue, cause.cta)}を見た"
        case EventKind.GATE_OPEN:
            return f"{gate_name(catalogue, cause.gate)}のフォームを見た"
        case EventKind.GATE_FIELD:
            return f"{gate_name(catalogue, cause.gate)}のフォームに入力した"
        case EventKind.GATE_SUBMIT:
            return f"{gate_name(catalogue, cause.gate)}を申し込んだ"
        case EventKind.GATE_DOWNLOAD:
            return f"{gate_name(catalogue, cause.gate)}を受け取った"
        case EventKind.GATE_SHARED:
            return f"{gate_name(catalogue, cause.gate)}のリンクが何百回も使われた"
        case EventKind.CONFIRM:
            return f"アドレスを確認した（{gate_name(catalogue, cause.gate)}）"
        case EventKind.MAIL_UNSUB:
            return "メールの配信を停止した"
        case EventKind.MAIL_BOUNCE:
            return "メールが届きませんでした"
        case EventKind.MAIL_COMPLAINT:
            return "メールを迷惑メールとして報告した"
        case EventKind.MAIL_DELIVERED:
            return "メールが届いたと知らされた"
        case EventKind.DIAGNOSIS:
            return f"{page_name(catalogue, cause.page)}に答えた"
        case EventKind.INQUIRY:
            return "問い合わせた"
        case EventKind.SEMINAR_REGISTER:
            return f"{gate_name(catalogue, cause.gate)}の席をとった"
        case EventKind.SEMINAR_ATTEND:
            return f"{gate_name(catalogue, cause.gate)}に参加した"
        case EventKind.VIDEO_PROGRESS:
            return f"{page_name(catalogue, cause.page)}を見た"
        case EventKind.DEAL_WON | EventKind.DEAL_LOST | EventKind.IMPORTED:
            return cause.kind.label
        case EventKind.STAGE_SET:
            return "デスクで段階を決めた"
        case EventKind.PREFERENCES:
            return "メールの設定を変えた"
        case (
            EventKind.LINE_ASK
            | EventKind.LINE_LINK
            | EventKind.LINE_UNLINK
            | EventKind.LINE_FOLLOW
            | EventKind.LINE_UNFOLLOW
        ):
            return EventKind(cause.kind).label
        case EventKind.SECTION:
            page = page_at(catalogue, cause.page)
            heading = next(
                (s.text for s in (page.sections if page else ()) if s.index == cause.section), None
            )
            part = f"「{heading}」" if heading else f"見出し{cause.section}"
            return f"{page_name(catalogue, cause.page)}の{part}まで読んだ"
        case EventKind.PAGE_END:
            return f"{page_name(catalogue, cause.page)}を読んだ"
        case _:
            return f"{page_name(catalogue, cause.page)}を開いた"
