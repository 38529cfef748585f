"""What the reports and the diagnosis are made from, kept up with the log."""
