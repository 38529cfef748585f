"""Acts on what was recorded: scores, stages, scenarios, mails, the diagnosis."""
