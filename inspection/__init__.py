"""Looking inside: what a compilation was, stage by stage, for people to read. `record` is where it begins."""
