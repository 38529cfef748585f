"""Where the files stand that every built site carries: the beacon, and the style of the forms."""

from pathlib import Path

THEME = Path(__file__).parent / "theme"
"""A MkDocs theme folder: what lies below its ``assets`` is published below ``/assets/``."""
