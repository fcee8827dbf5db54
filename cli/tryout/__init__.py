"""Mappings that are not live, tried in a process of their own: it has no secret, no network to use, and little time."""
