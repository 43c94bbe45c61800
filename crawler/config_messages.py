"""The codes of mistakes in the configuration's files, and the errors that carry them."""

from __future__ import annotations

from enum import StrEnum

from index.model.message import Given, Message


class FileMessage(StrEnum):
    """Codes of what is wrong in a file. What was `given` is quoted as Python writes it."""

    MISTAKE = "file.mistake"  # place: file and line, or variable; why: a message
    MISTAKE_IN = "file.mistake_in"  # the same, and key
    MISTAKE_WANTED = "file.mistake_wanted"  # the same, and wanted: a message, what the key is for

    UNREADABLE = "file.unreadable"  # error
    UNREADABLE_RIGHTS = "file.unreadable_rights"  # error
    NOT_UTF8 = "file.not_utf8"  # at: a byte
    TOO_DEEP = "file.too_deep"
    NO_KEYS = "file.no_keys"
    NOT_YAML = "file.not_yaml"  # problem, in PyYAML's words; of the others, too
    NOT_YAML_TAB = "file.not_yaml_tab"
    NOT_YAML_QUOTE = "file.not_yaml_quote"  # line: where the quote was opened
    NOT_YAML_BRACKET = "file.not_yaml_bracket"  # line
    ALIAS = "file.alias"
    TWICE = "file.twice"  # first: its place
    SAME_NAME = "file.same_name"  # other: a file
    OTHER_ID = "file.other_id"  # id

    EMPTY = "file.empty"
    MISSING = "file.missing"
    UNKNOWN_KEY = "file.unknown_key"  # hint: a message
    NOT_KNOWN = "file.not_known"  # given, hint
    DID_YOU_MEAN = "file.did_you_mean"  # name
    CHOOSE = "file.choose"  # names
    SECRET = "file.secret"  # in place of what was given
    NEEDS_LIST = "file.needs_list"
    NEEDS_KEYS = "file.needs_keys"
    NEEDS_TEXT = "file.needs_text"  # given
    NEEDS_NUMBER = "file.needs_number"  # given
    NEEDS_NUMBER_SUCH = "file.needs_number_such"  # given, such: an example
    NEEDS_WHOLE = "file.needs_whole"  # given
    NEEDS_WHOLE_SUCH = "file.needs_whole_such"  # given, such
    NEEDS_BOOLEAN = "file.needs_boolean"  # given
    NEEDS_DATE = "file.needs_date"  # given
    AT_LEAST = "file.at_least"  # given, n
    AT_MOST = "file.at_most"  # given, n
    INVALID = "file.invalid"  # given
    OTHER = "file.other"  # given, problem, in pydantic's words

    SPACE = "file.space"  # given: a URL; of the others, too
    NOT_URL = "file.not_url"
    NOT_COUNTRY = "file.not_country"  # given, code
    NO_TIME_ZONE = "file.no_time_zone"  # given, hint
    NAME_ZONE = "file.name_zone"
    NOT_EXPRESSION = "file.not_expression"  # given, problem, in Python's words
    NOT_SELECTOR = "file.not_selector"  # given
    NOT_DOMAIN = "file.not_domain"  # given
    NOT_SPAN = "file.not_span"  # given
    CRON_OR_EVERY = "file.cron_or_every"
    LISTED_TWICE = "file.listed_twice"  # url
    DAY_TWICE = "file.day_twice"
    CRON_FIELDS = "file.cron_fields"  # given, many
    CRON_SECONDS = "file.cron_seconds"  # given
    CRON_DAYS = "file.cron_days"  # given
    CRON_WRONG = "file.cron_wrong"  # given, problem: a message, or APScheduler's words
    CRON_NEVER = "file.cron_never"  # given
    NOT_WEEKDAY = "file.not_weekday"  # given


class InvalidEntry(ValueError):
    """A value that a key of a file cannot have."""

    def __init__(self, code: FileMessage, /, **params: Given) -> None:
        self.message = Message(code, params)
        super().__init__(code)

    def __str__(self) -> str:
        from index.locale import FALLBACK, translate  # imported here: Babel would delay the start of every process

        return translate(self.message, FALLBACK)


def mistake(place: str, why: Message, key: str = "", wanted: Message | None = None) -> Message:
    """Where something is wrong in a file, what, and what should be there."""
    at: dict[str, Given] = {"place": place or key, "why": why}
    if not (place and key):
        return Message(FileMessage.MISTAKE, at)
    if wanted is None:
        return Message(FileMessage.MISTAKE_IN, at | {"key": key})
    return Message(FileMessage.MISTAKE_WANTED, at | {"key": key, "wanted": wanted})
