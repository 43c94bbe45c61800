"""Scrapy spiders, started by name; `scrapy list` lists them."""
