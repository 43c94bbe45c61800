"""Who pays when a host refuses us: the site that offered the address, with that host, and no other site.

Whoever may list addresses can list those of another site, so that its host answers with walls, errors and waits. If
these were the host's, the other site's own pages would not be fetched either.
"""

from __future__ import annotations

from scrapy import Request
from scrapy.utils.httpobj import urlparse_cached

from crawler.site_config import Site

Payer = tuple[str, str]  # the id of the site that offered an address (empty for none), and the host


def site_of(request: Request) -> Site | None:
    """The site whose file, source or page led to this request; None for robots.txt, and outside crawls."""
    about = request.cb_kwargs
    site = about.get("site") or getattr(about.get("poll"), "site", None)
    return site if isinstance(site, Site) else None


def payer(request: Request) -> Payer:
    """Whose budget a request is counted in, and who waits if its host asks to."""
    site = site_of(request)
    return site.id if site is not None else "", urlparse_cached(request).hostname or ""
