"""IR text: what is printed parses back to the same text."""
