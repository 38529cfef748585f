"""What would happen, before it does: previews, and the time machine."""
