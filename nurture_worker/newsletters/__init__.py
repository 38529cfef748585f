"""Each issue of the newsletter: who gets it, and its plan."""
