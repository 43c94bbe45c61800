"""A site file proposed from the site's URL, and trial runs of pages and sources before they are configured."""
