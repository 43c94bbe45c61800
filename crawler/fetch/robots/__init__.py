"""robots.txt according to RFC 9309."""
