"""By when sales are to reach out: ``sales`` in ``site/firm.yml``."""

from datetime import timedelta

from pydantic import Field

from tracker.catalogue.values import Value


class Sales(Value):
    """Days of the firm's calendar (the ``days`` and ``holidays`` of ``sending``), and how long
    nobody may be left alone."""

    hot_days: int = Field(
        2, ge=0, le=30, description="温まった読者に、何営業日のうちに連絡するか（0 ならその日）"
    )
    inquiry_days: int = Field(
        1, ge=0, le=30, description="問い合わせに、何営業日のうちに連絡するか（0 ならその日）"
    )
    next_days: int = Field(
        7, ge=1, le=365, description="連絡したあと、次の期日を書かなければ何日後にするか"
    )
    untouched_days: int = Field(
        14, ge=1, le=365, description="何日連絡がなければ「しばらく連絡のない読者」に出すか"
    )

    @property
    def untouched(self) -> timedelta:
        """Of real days; see ``untouched_days``."""
        return timedelta(days=self.untouched_days)
