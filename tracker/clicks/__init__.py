"""Click truth: which hits on the links of mails were people's. Pure."""
