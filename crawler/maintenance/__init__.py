"""What is done to a stored archive: read again, signed, forgotten."""
