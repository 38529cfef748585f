"""What became of the mails of one step. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mailing:
    """Mails ``sent`` in a period, by how they ended: ``delivered`` (taken by the server, and no
    bounce since), ``bounced``, ``uncertain``. ``clicked`` and ``unsubscribed`` are people;
    ``machine_hits`` and ``unsure_hits`` are hits held for a program's, or undecided. ``moved`` are
    mails whose reader came to a later stage within 14 days."""

    scenario: str
    step: str
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    uncertain: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    machine_hits: int = 0
    unsure_hits: int = 0
    moved: int = 0

    @property
    def click_share(self) -> float | None:
        """Of the mails delivered, those that a person clicked."""
        return self.clicked / self.delivered if self.delivered else None
