"""The reports made from the store: who reads it, and hands plain rows to ``tracker.reports``."""
