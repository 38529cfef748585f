"""What RQ runs. Each may run twice, late, or beside itself: the store decides what is still due."""

from nurture_worker import sweep as sweeping
from nurture_worker.handoffs.notifying import notify_due
from nurture_worker.readers import digest as digesting
from nurture_worker.reporting import diagnosing
from nurture_worker.sending import delivering
from nurture_worker.sending.line import answer_in_line
from nurture_worker.tools import tools


def digest() -> None:
    """New events have reached the store."""
    digesting.digest(tools())
    answer_in_line(tools())
    sweeping.advance(tools())
    notify_due(tools())


def sweep() -> None:
    """Time has passed."""
    sweeping.sweep(tools())


def settle() -> None:
    """A few seconds have passed: a click may be a person's by now, and its reader hot."""
    sweeping.settle_lately(tools())


def send() -> None:
    """Mails were planned that are due at once."""
    delivering.send_due(tools())


def diagnose() -> None:
    """Somebody at the desk wants the diagnosis made anew."""
    diagnosing.make(tools())
