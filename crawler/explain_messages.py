"""Message codes of what `arshif explain` reports about a URL."""

from __future__ import annotations

from enum import StrEnum


class ExplainMessage(StrEnum):
    """Codes of sentences about one stage, each with its parameters, whose values are those in the archive."""

    OF_SITE = "explain.of_site"  # url, site
    OF_DISABLED_SITE = "explain.of_disabled_site"  # url, site
    OF_NO_SITE = "explain.of_no_site"  # url
    NEVER_AN_ARTICLE = "explain.never_an_article"  # reason
    ROBOTS_ALLOW = "explain.robots_allow"
    ROBOTS_DISALLOW = "explain.robots_disallow"
    ROBOTS_UNREACHABLE = "explain.robots_unreachable"
    RETRY_AFTER = "explain.retry_after"
    NOT_OFFERED = "explain.not_offered"
    ALSO_AT = "explain.also_at"  # url
    AT = "explain.at"  # url
    OFFERED = "explain.offered"  # source
    OFFERED_AS = "explain.offered_as"  # source, said
    REQUESTED = "explain.requested"
    REQUESTED_AS = "explain.requested_as"  # said
    TITLE = "explain.title"  # title
    PUBLISHED = "explain.published"  # date
    MODIFIED = "explain.modified"  # date
    OUTCOME = "explain.outcome"  # status, outcome: a message
    NEVER_ANSWERED = "explain.never_answered"
    ANSWERED = "explain.answered"  # n: times, status
    FAILED = "explain.failed"  # n: times in a row
    STATE = "explain.state"  # state
    STATE_BECAUSE = "explain.state_because"  # state, why: a message
    DUE = "explain.due"
    NOT_DUE = "explain.not_due"
    EXTRACTED = "explain.extracted"  # extractor, origins
    STORED = "explain.stored"  # article, headline
    OWN_ADDRESS = "explain.own_address"  # url
    ALIAS = "explain.alias"  # url, reason
    VERSION = "explain.version"  # number, headline
    RAW_COPY = "explain.raw_copy"  # file, offset
    NO_RAW_COPY = "explain.no_raw_copy"
    LEADS_STORY = "explain.leads_story"  # n: others
    COPY_IN_STORY = "explain.copy_in_story"  # n
    GONE = "explain.gone"
    UNREADABLE_COPY = "explain.unreadable_copy"  # error
    REMOVED = "explain.removed"  # layer, reason, text
    INDEX_REFUSED = "explain.index_refused"  # target, why: a message
    INDEX_PENDING = "explain.index_pending"  # target
    INDEXED = "explain.indexed"  # target, state
    NO_INDEX = "explain.no_index"
