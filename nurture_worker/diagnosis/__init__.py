"""The diagnosis of the site: from counted views to what should be changed. Pure throughout."""

from nurture_worker.diagnosis.mail import weekly_mail
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import structures

__all__ = ["diagnose", "structures", "weekly_mail"]
