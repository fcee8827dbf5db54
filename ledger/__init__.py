"""What has happened, in Redis: events, documents, leases and search, and the hand-off to RQ."""
