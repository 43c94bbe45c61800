"""robots.txt as RFC 9309 defines it."""
