"""Only public addresses are reachable (SSRF), for Scrapy at the reactor and for the browser through a proxy."""
