"""A store with mails in it comes to this version with all of them."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from tracker.store.engine import _config, open_store, reading, upgrade, writing

AT = 1_790_000_000_000


@pytest.fixture
def old(request: pytest.FixtureRequest, store_url: str, tmp_path: Path) -> str:
    """A store of the version before scenarios had occasions, with a reader under way."""
    url = store_url
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'old.db'}"
        command.upgrade(_config(url), "0009")
    else:
        command.downgrade(_config(url), "0009")
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
