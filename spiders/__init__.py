"""The spiders, started by name: `scrapy list`."""
