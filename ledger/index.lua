-- Has an event found by terms.
-- ARGV  event_id, received_at, retention, then the digests of the terms
index(ARGV[1], ARGV[2], ARGV[3], {unpack(ARGV, 4)})
