"""Mails shown as a reader would get them, and how many would: nothing is sent, nothing counts."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import func, select

from nurture_worker.letters.specimen import Example, Stand
from nurture_worker.rehearsal import previewing
from tests.conftest import NOW, House
from tests.content import DIAGNOSIS, catalogue
from tests.desk.story import Story
from tests.newsletters.test_newsletters import AT, issue, publish, sign_up
from tracker.store import dossier
from tracker.store.engine import reading, writing
from tracker.store.tables import deliveries, readers
from tracker.words import Channel, EventKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def stand(house: House) -> Stand:
    return Stand(catalogue(), "http://localhost", "http://localhost/", house.clock())


def test_a_scenario_is_shown_for_the_reader_it_would_go_to(house: House, tmp_path: Path) -> None:
    sign_up_with_a_diagnosis(house)
    known = catalogue()
    with reading(house.tools.engine) as connection:
        reader = previewing.reader_of(known, connection, "Taro@example.jp")
    scenario = known.scenario("interest")
    assert scenario is not None
    shown = previewing.of_scenario(stand(house), scenario, reader)
    told = "\n".join(previewing.lines(shown))
    assert "山田 様" in told
    assert "To: taro@example.jp" in told
    assert "あなたの3分診断の結果：50点" in told
    assert "http://localhost/cases/metal/#steps" in told
    assert "/c/" not in told
    paths = previewing.write(tmp_path / "out", shown)
    assert len(paths) == 3 * len(scenario.steps)
    whole = message_from_bytes((tmp_path / "out/03-case.eml").read_bytes(), policy=policy.default)
    assert whole["Subject"] == "interest 3日目のお便り"
    assert "あなたの3分診断の結果" in (tmp_path / "out/03-case.html").read_text("utf-8")


def test_a_step_for_line_is_shown_as_mail_and_as_line_shows_it(house: House) -> None:
    known = catalogue()
    scenario = known.scenario("interest")
    assert scenario is not None
    two = scenario.steps[1].model_copy(
        update={"channel": Channel.LINE, "body": "{{ name }} 様\n\n**一つめ**\n\n---\n\n二つめ"}
    )
    meant = scenario.model_copy(update={"steps": (scenario.steps[0], two)})
    by_mail, in_line = previewing.of_scenario(stand(house), meant, Example())
    assert not by_mail.in_line
    first, second = in_line.in_line
    assert first == "山田 花子 様\n\n一つめ"
    assert second.startswith("二つめ\n\n――――")
    told = "\n".join(previewing.lines([in_line]))
    assert "Subject: interest 3日目のお便り" in told
    assert "LINE をつないだ読者には 2/2" in told


def sign_up_with_a_diagnosis(house: House) -> None:
    answers = {"diagnosis": DIAGNOSIS.id, "answers": {"q1": 0, "q2": 1}}
    with writing(house.tools.engine) as connection:
        story = Story(connection)
        story.reader("taro", name="山田", company="ためし製作所")
        story.event(EventKind.DIAGNOSIS, reader_id="taro", data=answers)


def test_without_a_reader_an_example_is_shown(house: House) -> None:
    (shown,) = previewing.of_issue(stand(house), issue(), Example())
    assert shown.when == "2026-11-04 10:00 から"
    told = "\n".join(previewing.lines([shown]))
    assert "山田 花子 様" in told
    assert "ブラウザーで見る：\nhttp://localhost/newsletters/lines/" in told


def test_nobody_of_that_address_is_told(house: House) -> None:
    with reading(house.tools.engine) as connection:
        for address in ("nobody@example.jp", "nonsense"):
            with pytest.raises(dossier.NoSuchReaderError):
                previewing.reader_of(catalogue(), connection, address)


def test_the_audience_is_counted_with_every_reason(house: House) -> None:
    publish(house)
    sign_up(house)
    base = {"created_at": NOW, "confirmed_at": NOW, "opted_in_at": NOW, "wants_newsletter": True}
    others = {
        "out": {"unsubscribed_at": NOW, "wants_newsletter": False},
        "plain": {"wants_newsletter": False},
        "dead": {"suppressed_at": NOW, "suppressed_for": "bounce"},
        "resting": {"paused_at": NOW, "paused_until": AT.replace(day=20)},
        "far": {"stage": "trust"},
        "near": {"stage": "interest"},
    }
    with writing(house.tools.engine) as connection:
        for name, change in others.items():
            address = {"email": f"{name}@example.jp", "email_normalised": f"{name}@example.jp"}
            connection.execute(readers.insert(), {"id": name, **address, **base, **change})
    one = issue(audience={"stages": [Stage.INTEREST]})
    with reading(house.tools.engine) as connection:
        told = list(
            previewing.audience_lines(
                house.tools, connection, house.tools.catalogue, one, house.clock()
            )
        )
        mails = select(func.count()).where(deliveries.c.kind == "newsletter")
        assert connection.execute(mails).scalar_one() == 0
    assert told[1] == "だれに: 登録した人のうち、関心の段階にいる人"
    assert told[2] == "いまのままなら、2026年11月04日 10:00 から 1人に届きます"
    assert told[3:] == [
        "  1人に届かない: メールマガジンに登録していない（または確認がまだ）",
        "  1人に届かない: 配信を停止した",
        "  1人に届かない: メールの届かないアドレス、または苦情",
        "  1人に届かない: しばらく休んでいる",
        "  2人に届かない: 段階が違う",
    ]
