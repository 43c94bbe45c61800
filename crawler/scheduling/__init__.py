"""When a site, a source and a page are due. Pure."""
