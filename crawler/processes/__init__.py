"""Processes: the daemon, a crawl as its child, the workers that parse."""
