"""Spiders of your own, for a site that YAML cannot describe: `<site>.py`, a subclass of `spiders.site.SiteSpider`."""
