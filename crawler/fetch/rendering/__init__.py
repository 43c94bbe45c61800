"""Pages rendered by a headless browser, where a site needs one."""
