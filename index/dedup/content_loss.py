"""Detecting that a page has lost its article, in which case its content is not a new version."""

from __future__ import annotations

from index.dedup import text_similarity, version_diff
from index.model.article import Article

NOTICE_MAX_WORDS = 40  # longest text that may be a notice in place of an article
COMPLETE_SHARE = 0.7  # a smaller share of a text counts as its beginning only


def is_emptied(old: Article, new: Article) -> bool:
    """Whether a page no longer contains its article: it has no text; a short notice with nothing from it; or, under its
    headline, unrelated text of less than half its length, or the truncated beginnings of other articles."""
    there, here = (text_similarity.comparable("", article.body).words for article in (old, new))
    if not here or not there:
        return bool(there)
    if text_similarity.contained(here, there):
        return False
    notice = len(here) < NOTICE_MAX_WORDS <= len(there) / 2
    headed = version_diff.visible_text(old.headline) == version_diff.visible_text(new.headline)
    teasers = all(paragraph.endswith(("…", "...", "[…]")) for paragraph in new.body.split("\n\n"))
    return notice or (headed and (teasers or NOTICE_MAX_WORDS <= len(there) > 2 * len(here)))


def is_paywall_truncated(old: Article, new: Article) -> bool:
    """Whether a paywall shows only the beginning of a text that the archive has in full."""
    if not new.paywalled:
        return False
    there, here = (text_similarity.comparable("", article.body).words for article in (old, new))
    return len(here) < COMPLETE_SHARE * len(there) and text_similarity.contained(here, there) > COMPLETE_SHARE
