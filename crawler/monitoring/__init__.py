"""How the sites and this machine are doing, and who is told."""
