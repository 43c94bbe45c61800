"""Your own spiders, for sites that YAML cannot describe: `<site>.py` with a subclass of `spiders.site.SiteSpider`."""
