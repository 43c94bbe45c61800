"""UrlReason: why a URL is never an article's."""

from __future__ import annotations

from enum import StrEnum


class UrlReason(StrEnum):
    """Why a URL is never an article's; each is the code of a message without parameters."""

    DENIED = "address.denied"  # by the site's file
    NOT_ALLOWED = "address.not_allowed"  # by the site's file
    SCHEME = "address.scheme"  # neither http nor https, or without a host
    FILE = "address.file"
    HOME = "address.home"
    ELSEWHERE = "address.elsewhere"  # a social network or another service
    MACHINE = "address.machine"
    FEED = "address.feed"
    SEARCH = "address.search"
    SERVICE = "address.service"
    SHARE = "address.share"
    PRINT = "address.print"  # the same article for a printer
    TAG = "address.tag"
    AUTHOR = "address.author"
    CATEGORY = "address.category"
    CALENDAR = "address.calendar"
    PAGE = "address.page"  # of a list
    PLACEHOLDER = "address.placeholder"  # a template's part that was not filled in
    REPEATED = "address.repeated"  # a segment, three times
