"""The demo: made-up readers lived through by the real house, each time the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, func, select

from nurture_worker.cli import main
from nurture_worker.commands.content import build_now
from nurture_worker.demo.living import live
from nurture_worker.demo.people import Crowd
from tests.content import catalogue
from tracker.settings import Settings
from tracker.store.engine import upgrade
from tracker.store.tables import deliveries, events, handoffs, readers, verdicts

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
REPOSITORY = Path(__file__).parents[2]


def test_the_same_seed_makes_the_same_people() -> None:
    def day(seed: int) -> list[object]:
        return list(Crowd(catalogue(), seed).visitors(NOW, 20))

    assert day(1) == day(1) != day(2)


def test_nine_days_pass_through_the_house_and_reach_nobody_outside(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": tmp_path, "root": REPOSITORY, "demo": True})
    build_now(settings)
    upgrade(settings.store_url)
    passed: list[int] = []
    known = live(settings, 9, NOW, lambda done, _all: passed.append(done))
    assert passed == list(range(10))
    engine = create_engine(settings.store_url)
    with engine.connect() as connection:

        def count(what: object) -> int:
            return connection.execute(select(func.count()).select_from(what)).scalar_one()  # type: ignore[call-overload,no-any-return]

        assert count(events) > 2000
        assert count(readers) == known > 5
        assert count(verdicts) > 0
        assert count(handoffs) > 0
        sent = connection.execute(
            select(func.count()).where(deliveries.c.state == "sent")
        ).scalar_one()
        addresses = connection.execute(select(readers.c.email)).scalars().all()
        last = connection.execute(select(func.max(events.c.at))).scalar_one()
    assert {str(address).rpartition(".")[0].rpartition(".")[2] for address in addresses} == {
        "example"
    }
    assert len(list((tmp_path / "inbox" / "new").iterdir())) == sent > known
    assert NOW - timedelta(days=1) < last.replace(tzinfo=UTC) <= NOW


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SODATE_SMTP_URL", "smtp://mail.example.jp"),
        ("SODATE_DATABASE_URL", "postgresql://db.example.jp/sodate"),
    ],
)
def test_the_demo_refuses_what_leads_out_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv("SODATE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["demo"])
    assert done.exit_code == 1
    assert name in done.output
    assert not (tmp_path / "data").exists()
