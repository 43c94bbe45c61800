"""When sites, sources and pages are due. Pure."""
