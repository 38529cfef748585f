"""Existing lists: who agreed comes in with the proof, and nobody comes in against their will."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from nurture_worker.commands.importing import readers as command
from nurture_worker.imports.reader_files import COLUMNS, Evidence, Given, judge
from nurture_worker.imports.reader_imports import Imported, import_readers
from nurture_worker.imports.spreadsheets import read_table
from tests.conftest import NOW, House
from tests.sales.test_handoffs import to_reader
from tests.scenarios.test_trusted_scenarios import arrivals
from tests.walking import FORM, become_a_reader, path_in, the_reader
from tracker.store import dossier, readers
from tracker.store.engine import reading, writing
from tracker.store.lists import Became
from tracker.store.readers import Reader
from tracker.store.tables import consents, events, wordings
from tracker.store.tables import readers as table
from tracker.words import Stage, SuppressedFor

TOKYO = ZoneInfo("Asia/Tokyo")
ONCE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
GIVEN = Given(
    "展示会のあと、ご案内のメールを送ることに同意します。", "2026-05-20", "展示会の申込書"
)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
HEAD = "メールアドレス,氏名,会社名\n"


def take(
    house: House, *lines: str, given: Given = GIVEN, head: str = HEAD, **more: bool
) -> Imported:
    raw = (head + "".join(f"{line}\n" for line in lines)).encode("cp932")
    return import_readers(house.tools, raw, {}, given, **more)


def found(house: House, email: str = "taro@example.jp") -> Reader | None:
    with reading(house.tools.engine) as connection:
        reader_id = dossier.find(connection, email)
        return readers.get(connection, reader_id) if reader_id else None


def rows(house: House) -> int:
    with reading(house.tools.engine) as connection:
        return sum(
            len(connection.execute(select(t)).all()) for t in (table, consents, wordings, events)
        )


def test_who_agreed_begins_at_the_beginning_with_the_proof_of_it(house: House) -> None:
    done = take(house, "Taro@example.jp,山田 太郎,ためし製作所")
    assert done.became[Became.NEW] == 1
    house.work()
    reader = the_reader(house)
    assert (reader.name, reader.company, reader.stage) == (
        "山田 太郎",
        "ためし製作所",
        Stage.AWARENESS,
    )
    assert reader.may_be_mailed
    assert reader.opted_in_at == datetime(2026, 5, 20, tzinfo=TOKYO)
    with reading(house.tools.engine) as connection:
        proof = connection.execute(
            select(consents.c.method, consents.c.at, wordings.c.text).join(
                wordings, wordings.c.hash == consents.c.wording
            )
        ).one()
        exported = dossier.export(connection, reader.id)
    assert tuple(proof) == ("import:展示会の申込書", reader.opted_in_at, GIVEN.text)
    assert exported["wordings"][0]["text"] == GIVEN.text
    assert [subject for _, subject in arrivals(house, 3 * 24)] == [
        "awareness 1日目のお便り",
        "awareness 3日目のお便り",
    ]
    house.browser().post(path_in(house.postbox.mails[-1], "unsubscribe"), data=ONE_CLICK)
    house.work()
    take(house, "taro@example.jp,山田 太郎,ためし製作所")
    assert the_reader(house).unsubscribed_at is not None
    assert arrivals(house, 10 * 24) == []


@ONCE
def test_the_same_list_again_and_a_dry_run_change_nothing(house: House) -> None:
    lines = [f"reader{n}@example.jp,読者{n},会社{n}" for n in range(3)]
    assert take(house, *lines, dry_run=True).became[Became.NEW] == 3
    assert rows(house) == 0
    assert take(house, *lines).became[Became.NEW] == 3
    before = rows(house)
    assert take(house, *lines).became[Became.KNOWN] == 3
    assert rows(house) == before


@ONCE
def test_a_known_reader_keeps_what_they_told_and_may_have_agreed_elsewhere(house: House) -> None:
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    assert found(house) is not None
    done = take(house, "taro@example.jp,別の名前,別の会社")
    assert done.became[Became.AGREED] == 1
    reader = found(house)
    assert reader is not None
    assert (reader.name, reader.company) == ("山田 太郎", "ためし製作所")
    assert reader.opted_in_at is not None
    become_a_reader(house, email="hana@example.jp")
    before = found(house, "hana@example.jp")
    assert take(house, "hana@example.jp,花子,").became[Became.KNOWN] == 1
    assert found(house, "hana@example.jp") == before


@ONCE
def test_no_list_lifts_an_opt_out_a_bounce_or_an_erasure(house: House) -> None:
    from tracker.bounces import Suppression
    from tracker.store import suppressions

    with writing(house.tools.engine) as connection:
        for n, why in enumerate((SuppressedFor.UNSUBSCRIBED, SuppressedFor.BOUNCE)):
            suppressions.hold(connection, f"r{n}@example.jp", Suppression(why, NOW))
    become_a_reader(house)
    with writing(house.tools.engine) as connection:
        dossier.erase(connection, the_reader(house).id, house.clock())
    done = take(house, "r0@example.jp,,", "r1@example.jp,,", "taro@example.jp,山田,")
    assert (done.became[Became.STOPPED], done.became[Became.ERASED]) == (2, 1)
    assert found(house) is None
    for n in range(2):
        reader = found(house, f"r{n}@example.jp")
        assert reader is not None
        assert not reader.agrees_to_mail
        assert reader.opted_in_at is None
    house.clock.advance(days=2)
    later = Given(GIVEN.text, "2026-11-03", GIVEN.method)
    assert take(house, "taro@example.jp,山田,", given=later).became[Became.NEW] == 1


@ONCE
def test_without_evidence_nobody_comes_in_or_only_as_who_gets_no_mail(house: House) -> None:
    none = Given()
    done = take(house, "taro@example.jp,山田,", given=none)
    assert "同意の記録" in str(done.bad[0])
    assert found(house) is None
    done = take(house, "taro@example.jp,山田,", given=none, without_consent=True)
    assert done.became[Became.CONTACT] == 1
    house.work()
    reader = found(house)
    assert reader is not None
    assert (reader.confirmed_at, reader.opted_in_at, reader.stage) == (None, None, None)
    house.clock.advance(days=100)
    house.work()
    assert to_reader(house) == []


HEADS = "E-mail,姓,名,貴社名,同意日,同意方法,同意文面\n"


def judged(*lines: str, given: Given = GIVEN, without_consent: bool = False) -> object:
    table = read_table((HEADS + "\n".join(lines)).encode(), COLUMNS, {})
    return judge(table.rows, given, TOKYO, NOW, without_consent=without_consent)


def test_a_row_tells_its_own_consent_and_else_the_file_does() -> None:
    told = judged(
        "a@example.jp,山田,太郎,ためし,2026/4/1,名刺交換,名刺の文面", "b@example.jp,,,,,,"
    )
    first, second = told.people  # type: ignore[attr-defined]
    assert (first.name, first.company) == ("山田 太郎", "ためし")
    assert first.evidence == Evidence("名刺の文面", datetime(2026, 4, 1, tzinfo=TOKYO), "名刺交換")
    assert second.evidence is not None
    assert second.evidence.method == GIVEN.method
    assert first.evidence.wording["hash"] != second.evidence.wording["hash"]


def test_two_rows_of_one_address_are_one_person_with_the_earlier_consent() -> None:
    told = judged("a@example.jp,,,会社,2026-05-01,,", "Ａ＠example.jp,山田,太郎,別,2026-04-01,,")
    (person,) = told.people  # type: ignore[attr-defined]
    assert told.merged == 1  # type: ignore[attr-defined]
    assert (person.name, person.company) == ("山田 太郎", "会社")
    assert person.evidence is not None
    assert person.evidence.at == datetime(2026, 4, 1, tzinfo=TOKYO)


def test_bad_rows_are_told_by_their_line() -> None:
    long = "あ" * 201
    told = judged(
        "nonsense,,,,,,",
        "a@example.jp,,,,いつか,,",
        "b@example.jp,,,,2027-01-01,,",
        f"c@example.jp,,,{long},,,",
        "d@example.jp,ok,,,,,",
    )
    assert [str(bad) for bad in told.bad] == [  # type: ignore[attr-defined]
        "2行目: メールアドレスは1つだけ、「@」を入れて入力してください（例: taro@example.jp）",
        "3行目: 日付「いつか」を読めません（例: 2026-11-02）",
        "4行目: 同意した日が先の日です",
        "5行目: 会社名は200文字までです",
    ]


@ONCE
def test_the_command_says_what_a_list_would_do_and_what_it_did(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("nurture_worker.tools.tools", lambda: house.tools)
    (tmp_path / "words.txt").write_text(GIVEN.text, "utf-8")
    file = tmp_path / "list.csv"
    file.write_text("連絡先,担当\ntaro@example.jp,山田\n?,誰\n", "cp932")
    given = [
        *("--consent-text", str(tmp_path / "words.txt"), "--consent-date", "2026-05-20"),
        *("--consent-method", "展示会", "--map", "email=連絡先,name=担当"),
    ]
    dry = CliRunner().invoke(command, ["import", str(file), *given, "--dry-run"])
    assert "まだ何も変えていません" in dry.output
    assert "新しい読者（案内メールが始まります） 1人" in dry.output
    assert f"{file}:3行目: メールアドレスは1つだけ" in dry.output
    assert found(house) is None
    done = CliRunner().invoke(command, ["import", str(file), *given])
    assert done.exit_code == 1
    assert "1行は取り込めません。ほかの行は取り込みました" in done.output
    assert found(house) is not None
    wrong = CliRunner().invoke(command, ["import", str(file), "--map", "email=アドレス"])
    assert "見出し「アドレス」の列がありません（ある見出し: 連絡先、担当）" in wrong.output


def test_progress_is_told_after_two_seconds_and_not_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from nurture_worker.commands import importing

    times = iter([0.0, 1.9, 2.1, 2.2, 3.2, 3.3])
    monkeypatch.setattr(importing.time, "monotonic", lambda: next(times))
    tell: Callable[[int, int], None] = importing.progress()
    for done in (500, 1000, 1500, 2000, 2500):
        tell(done, 2500)
    assert capsys.readouterr().err == "1,000 / 2,500 行\n2,000 / 2,500 行\n2,500 / 2,500 行\n"


def test_an_import_is_no_act_of_its_reader() -> None:
    from nurture_worker.scoring.dormancy import last_act
    from tracker.events import Event
    from tracker.words import EventKind

    kinds = (EventKind.IMPORTED, EventKind.DEAL_WON, EventKind.DEAL_LOST)
    assert last_act([Event(n, str(n), NOW + timedelta(n), k) for n, k in enumerate(kinds)]) is None
