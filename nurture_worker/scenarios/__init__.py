"""Which scenario a reader is in, and which of its steps comes next, and when."""
