"""The words of ``sodate``, a module for each who says them."""
