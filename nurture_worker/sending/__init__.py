"""From a step that is due to what became of it: claimed, composed, handed over, settled."""
