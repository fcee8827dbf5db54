"""Where sources are made: what is checked of a folder, and what writes parts of it."""
