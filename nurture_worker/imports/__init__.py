"""Files of others taken in: lists, deals, attendance, reading recorded elsewhere."""
