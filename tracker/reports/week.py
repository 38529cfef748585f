"""What a week brought. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Week:
    """``moves`` counts who came to each stage and inquired (index: rank), ``before`` the same a
    week earlier; ``sent`` step mails and the people who ``clicked`` them."""

    moves: tuple[int, ...]
    before: tuple[int, ...]
    sent: int
    clicked: int
