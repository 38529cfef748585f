"""Which role each page and button of the desk demands. What is not listed is open to nobody."""

from collections.abc import Mapping
from typing import Final

from tracker.words import Role

OPEN: Final = frozenset(
    {
        "desk.signin.form",
        "desk.signin.sign_in",
        "desk.signin.invitation",
        "desk.signin.join",
        "desk.oidc.start",
        "desk.oidc.callback",
    }
)
"""The ways in: without a session, too."""

DEMANDED: Final[Mapping[str, Role]] = {
    "desk.signin.sign_out": Role.VIEWER,
    "desk.stages.show": Role.VIEWER,
    "desk.diagnosis.show": Role.VIEWER,
    "desk.clicks.show": Role.VIEWER,
    "desk.diagnosis.one": Role.VIEWER,
    "desk.diagnosis.printed": Role.VIEWER,
    "desk.diagnosis.again": Role.MARKETER,
    "desk.diagnosis.repaired": Role.MARKETER,
    "desk.diagnosis.take_back": Role.MARKETER,
    "desk.reports.index": Role.VIEWER,
    "desk.reports.show": Role.VIEWER,
    "desk.reports.file": Role.MARKETER,
    "desk.reports.spent": Role.MARKETER,
    "desk.readers.index": Role.VIEWER,
    "desk.readers.one": Role.VIEWER,
    "desk.mails.show": Role.VIEWER,
    "desk.letters.show": Role.MARKETER,
    "desk.letters.html": Role.MARKETER,
    "desk.handoffs.index": Role.VIEWER,
    "desk.handoffs.one": Role.VIEWER,
    "desk.handoffs.give": Role.MARKETER,
    "desk.handoffs.entrust": Role.MARKETER,
    "desk.handoffs.record": Role.MARKETER,
    "desk.handoffs.close": Role.MARKETER,
    "desk.stage_by_hand.set_stage": Role.MARKETER,
    "desk.exports.listed": Role.MARKETER,
    "desk.exports.person": Role.MARKETER,
    "desk.erasure.ask": Role.ADMIN,
    "desk.erasure.erase": Role.ADMIN,
    "desk.account.show": Role.VIEWER,
    "desk.account.password": Role.VIEWER,
    "desk.account.everywhere": Role.VIEWER,
    "desk.accounts.index": Role.ADMIN,
    "desk.accounts.invite": Role.ADMIN,
    "desk.accounts.withdraw": Role.ADMIN,
    "desk.accounts.change_role": Role.ADMIN,
    "desk.accounts.end_sessions": Role.ADMIN,
    "desk.accounts.remove": Role.ADMIN,
    "desk.audit.show": Role.ADMIN,
    "desk.unsure.show": Role.MARKETER,
    "desk.unsure.decide": Role.MARKETER,
}
"""The least role, by endpoint."""

NAMES_SHOWN: Final = Role.MARKETER
"""The least role that sees who a reader is."""


def may(role: Role, endpoint: str) -> bool:
    """Whether an account of that role may open ``endpoint``."""
    if endpoint in OPEN:
        return True
    demanded = DEMANDED.get(endpoint)
    return demanded is not None and role.covers(demanded)
