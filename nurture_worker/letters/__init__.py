"""What letters say and how they look: from Markdown to the bytes of a mail. Pure."""
