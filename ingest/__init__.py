"""The public web process: senders' signatures, the record of what came, the acknowledgement."""
