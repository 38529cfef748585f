"""The mails about a seminar: its confirmation, the place, the reminders. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from nurture_worker.letters.bodies import Letter
from nurture_worker.scenarios.reminders import Reminder
from tracker.catalogue.seminars import Seminar


@dataclass(frozen=True)
class About:
    """What all of these mails tell: the seminar's title, itself, and its addresses."""

    title: str
    seminar: Seminar
    page: str
    calendar: str = ""


def asked(about: About, confirm: str, days: int) -> Letter:
    """To who filled in the form: the way to the button, for ``days`` days."""
    return Letter(
        subject=f"【お申し込みの確認】{about.title}",
        preview="ボタンを押すと、お席が決まります。",
        markdown=f"""{{{{ name }}}} 様

『{about.title}』にお申し込みくださり、ありがとうございます。

{_facts(about.seminar)}

お席はまだ決まっていません。下のボタンを開き、開いたページのボタンを押すと、アドレスの確認が済み、お席が決まります。

[確認して席をとる]({confirm}){{ .button }}

お席は先着順です。このリンクは{days}日間、開始の時刻まで使えます。お申し込みにお心当たりがないときは、このメールを削除してください。ボタンを押さないかぎり、登録されません。
""",
    )


def placed(about: About, ahead: Collection[Reminder]) -> Letter:
    """To who has a place: how to take part, and which reminders are still to come."""
    return Letter(
        subject=f"【お席をご用意しました】{about.title}",
        preview=f"{about.seminar.when}。参加のしかたとカレンダーのファイルをお送りします。",
        markdown=f"""{{{{ name }}}} 様

『{about.title}』のお席をご用意しました。

{_facts(about.seminar)}

{_join(about.seminar)}

[カレンダーに入れる（.ics）]({about.calendar}){{ .button }}

{_ahead(ahead)}[この勉強会の案内を見る]({about.page})
""",
    )


def reminding(about: About, reminder: Reminder) -> Letter:
    """To who has a place, before it begins."""
    begins = about.seminar.begins
    if reminder is Reminder.DAY_BEFORE:
        subject = f"【{about.seminar.day}{begins:%H:%M}から】{about.title}"
        first = "お申し込みいただいた勉強会が近づきました。"
    else:
        subject = f"【まもなく {begins:%H:%M}から】{about.title}"
        first = "お申し込みいただいた勉強会が、まもなく始まります。"
    return Letter(
        subject=subject,
        preview=f"{about.seminar.when}。参加のしかたを、もう一度お送りします。",
        markdown=f"""{{{{ name }}}} 様

{first}

**{about.title}**

{_facts(about.seminar)}

{_join(about.seminar)}

[この勉強会の案内を見る]({about.page})
""",
    )


def _ahead(ahead: Collection[Reminder]) -> str:
    times = {Reminder.DAY_BEFORE: "前日の午前9時", Reminder.HOUR_BEFORE: "始まる1時間前"}
    told = "と、".join(words for reminder, words in times.items() if reminder in ahead)
    return f"{told}に、お知らせをお送りします。\n\n" if told else ""


def _facts(seminar: Seminar) -> str:
    return f"- 日時：{seminar.when}\n- 会場：{seminar.place}"


def _join(seminar: Seminar) -> str:
    if not seminar.join:
        return "当日は、時刻までに会場へお越しください。"
    if seminar.join.startswith(("http://", "https://")):
        return f"当日は、時刻になりましたら次のリンクからご参加ください。\n\n[参加する]({seminar.join}){{ .button }}"
    return seminar.join
