"""Health of the sites and of this machine, and the notifications about it."""
