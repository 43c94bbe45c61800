"""Child processes: crawls and parse workers."""
