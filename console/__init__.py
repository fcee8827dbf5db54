"""The private web process: what needs a person, every event and what may be done about it."""
