"""SSRF guard: only public addresses can be reached; the reactor enforces it for Scrapy, a proxy for the browser."""
