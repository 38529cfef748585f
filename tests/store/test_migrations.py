"""A store with mails in it comes to this version with all of them."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, text

from tracker.store import rollups
from tracker.store.engine import _config, open_store, reading, upgrade, writing
from tracker.store.tables import arrivals, page_days

AT = 1_790_000_000_000


def of_version(version: str, store_url: str, tmp_path: Path) -> str:
    """An empty store of an older version."""
    if not store_url.startswith("sqlite"):
        command.downgrade(_config(store_url), version)
        return store_url
    url = f"sqlite:///{tmp_path / 'old.db'}"
    command.upgrade(_config(url), version)
    return url


@pytest.fixture
def old(store_url: str, tmp_path: Path) -> str:
    """A store of the version before scenarios had occasions, with a reader under way."""
    url = of_version("0009", store_url, tmp_path)
    with writing(open_store(url)) as connection:
        for statement in (
            f"INSERT INTO readers (id, email, email_normalised, created_at, score, stage)"
            f" VALUES ('r', 'a@example.jp', 'a@example.jp', {AT}, 0, 'interest')",
            f"INSERT INTO events (id, at, kind, reader_id) VALUES ('e', {AT + 5}, 'confirm', 'r')",
            f"INSERT INTO events (id, at, kind, reader_id)"
            f" VALUES ('b', {AT + 9}, 'mail_bounce', 'r')",
            f"INSERT INTO enrolments (id, reader_id, scenario, started_at)"
            f" VALUES ('n', 'r', 'interest', {AT})",
            f"INSERT INTO deliveries (id, key, kind, channel, reader_id, enrolment_id, message_id,"
            f" state, attempts, planned_at, due_at)"
            f" VALUES ('d', 'k', 'step', 'mail', 'r', 'n', '<m>', 'planned', 0, {AT}, {AT})",
        ):
            connection.execute(text(statement))
    return url


def test_readers_under_way_stay_under_way_with_their_mails(old: str) -> None:
    upgrade(old)
    with reading(open_store(old)) as connection:
        row = connection.execute(
            text(
                "SELECT n.id, n.occasion, n.arm, d.id AS mail, r.acted_at FROM deliveries d"
                " JOIN enrolments n ON n.id = d.enrolment_id JOIN readers r ON r.id = n.reader_id"
            )
        ).one()
        assert tuple(row) == ("n", "", None, "d", AT + 5)


def test_what_belongs_together_is_still_held_together_afterwards(old: str) -> None:
    upgrade(old)
    with (
        pytest.raises(Exception, match=r"(?i)foreign key"),
        writing(open_store(old)) as connection,
    ):
        connection.execute(text("DELETE FROM enrolments"))


def test_what_was_counted_and_judged_before_days_were_kept_is_kept_by_days(
    store_url: str, tmp_path: Path
) -> None:
    """As a scan of the same log would keep it, also of times before 1970; with the hits' mails."""
    url = of_version("0016", store_url, tmp_path)
    day = 86_400_000
    times = (AT, AT + 5, AT + day, -3 * day - 7)
    with writing(open_store(url)) as connection:
        for number, at in enumerate(times):
            for kind, data in (("page_view", '{"ref": "search"}'), ("page_end", '{"done": true}')):
                own = (
                    f"('{kind}{number}', {at}, '{kind}', 'v{number}', 'w{number}', 'a/', '{data}')"
                )
                connection.exec_driver_sql(
                    f"INSERT INTO events (id, at, kind, visitor, view, page, data) VALUES {own}"
                )
        rollups_of_0016 = (
            "INSERT INTO views SELECT view, page, at, visitor, 'search', 0, 1, 1, 0, 0, 0"
            " FROM events WHERE kind = 'page_view'",
            "INSERT INTO contacts SELECT visitor, at, page, 'search', 1, 0"
            " FROM events WHERE kind = 'page_view'",
        )
        for statement in rollups_of_0016:
            connection.exec_driver_sql(statement)
        for name, data in (("soon", '{"ua": "x"}'), ("late", '{"ua": "x", "late": true}')):
            connection.exec_driver_sql(
                "INSERT INTO events (id, at, kind, delivery_id, data)"
                f" VALUES ('{name}', {AT}, 'mail_click', 'd', '{data}')"
            )
            connection.exec_driver_sql(
                "INSERT INTO verdicts (event_id, verdict, total, signs, rules_version, decided_at)"
                f" VALUES ('{name}', 'human', 0, '[]', 1, {AT})"
            )
    upgrade(url)
    with writing(open_store(url)) as connection:
        kept = [list(connection.execute(select(table))) for table in (page_days, arrivals)]
        assert sum(row.views for row in kept[0]) == sum(row.visitors for row in kept[1]) == 4
        rollups.rebuild(connection)
        rollups.take(connection)
        scanned = [list(connection.execute(select(table))) for table in (page_days, arrivals)]
        assert [sorted(rows) for rows in kept] == [sorted(rows) for rows in scanned]
        held = connection.execute(
            text("SELECT event_id, delivery_id, at, late FROM verdicts ORDER BY event_id")
        ).all()
        assert [tuple(row) for row in held] == [("late", "d", AT, True), ("soon", "d", AT, False)]
