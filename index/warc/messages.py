"""The codes of what is wrong with the place of the raw copies."""

from __future__ import annotations

from enum import StrEnum


class RawMessage(StrEnum):
    """Message codes about the place of the raw copies; `place` is a folder or a URL."""

    AWAY = "raw.away"  # place
    CLOCK = "raw.clock"  # place
    COPY_DIFFERS = "raw.copy_differs"  # place, file
    DENIED = "raw.denied"  # place, why
    FAILED = "raw.failed"  # place, why
    NO_AUTHORITIES = "raw.no_authorities"  # place, file, why
    NO_BUCKET = "raw.no_bucket"  # place
    NO_CREDENTIALS = "raw.no_credentials"  # place
    NO_LIBRARY = "raw.no_library"  # place
    NOT_THERE = "raw.not_there"  # place, before, its `url`, and what `copy --raw` is told `to` do
    OTHER_ARCHIVE = "raw.other_archive"  # place, mark, file
    UNREADABLE_MARK = "raw.unreadable_mark"  # file, error


class PlaceMessage(StrEnum):
    """Message codes of what is wrong with the URL of such a place, or of one outside."""

    NOT_FOLDER = "place_url.not_folder"
    NOT_OUTSIDE = "place_url.not_outside"
    NOT_PLACE = "place_url.not_place"
    NOT_URL = "place_url.not_url"
    TOO_MUCH = "place_url.too_much"  # than a bucket and its server
    NOT_BUCKET = "place_url.not_bucket"
    NOT_ENDPOINT = "place_url.not_endpoint"
