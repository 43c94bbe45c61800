"""The codes of mistakes in the configuration's files, and the errors that carry them."""

from __future__ import annotations

from enum import StrEnum

from index.model.message import Given, Message

Place = str | Message  # a file and a line, such as "step.yaml:12", or a message: an environment variable


class FileMessage(StrEnum):
    """Codes of what is wrong in a file. What was `given` is quoted as Python writes it."""

    MISTAKE = "file.mistake"  # place: file and line, or a message; why: a message
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

    VARIABLE = "file.variable"  # name: a place
    UNREADABLE_VALUE = "file.unreadable_value"  # file, error
    NOT_NETWORK = "file.not_network"  # given, hint
    NAME_NETWORK = "file.name_network"
    DATABASE_PASSWORD = "file.database_password"
    NOT_DATABASE = "file.not_database"
    NO_DATABASE = "file.no_database"
    DATABASE_OPTION = "file.database_option"  # name
    USER_IN_URL = "file.user_in_url"
    NOT_SERVER = "file.not_server"  # given
    NO_SERVER = "file.no_server"
    ONLY_SERVER = "file.only_server"
    KEY_OR_PASSWORD = "file.key_or_password"
    USER_AND_PASSWORD = "file.user_and_password"
    NOT_URL_SUCH = "file.not_url_such"  # such: an example
    NOT_CONTACT = "file.not_contact"  # given
    NOT_PROXY = "file.not_proxy"
    SHORT_TOKEN = "file.short_token"  # least: how many characters
    NOT_NOTIFIED = "file.not_notified"
    NOBODY_NOTIFIED = "file.nobody_notified"
    NO_BROWSER = "file.no_browser"  # names
    NO_SUCH_BROWSER = "file.no_such_browser"  # given: a path

    NO_FOLDER = "file.no_folder"
    NO_SITE_FILES = "file.no_site_files"
    NO_CONFIGURATION = "file.no_configuration"  # hint
    NAME_FOLDER = "file.name_folder"
    BUILT_IN = "file.built_in"
    NOT_EMPTY = "file.not_empty"
    NOT_WRITTEN = "file.not_written"  # error


class SettingsWarning(StrEnum):
    """Codes of settings that are allowed but probably not intended."""

    NO_CONTACT = "settings_warning.no_contact"  # hint: a message
    SET_VARIABLE = "settings_warning.set_variable"
    SET_IN_FILE = "settings_warning.set_in_file"  # file
    NO_SITE = "settings_warning.no_site"  # folder
    NO_TOKEN = "settings_warning.no_token"  # host
    SECRET = "settings_warning.secret"  # file


class InvalidEntry(ValueError):
    """A value that a key of a file cannot have."""

    def __init__(self, problem: FileMessage | Message, /, **params: Given) -> None:
        self.message = problem if isinstance(problem, Message) else Message(problem, params)
        super().__init__(self.message.code)

    def __str__(self) -> str:
        from index.locale import FALLBACK, translate  # imported here: Babel would delay the start of every process

        return translate(self.message, FALLBACK)


def mistake(place: Place, why: Message, key: str = "", wanted: Message | None = None) -> Message:
    """Where something is wrong in a file, what, and what should be there."""
    at: dict[str, Given] = {"place": place or key, "why": why}
    if not (place and key):
        return Message(FileMessage.MISTAKE, at)
    if wanted is None:
        return Message(FileMessage.MISTAKE_IN, at | {"key": key})
    return Message(FileMessage.MISTAKE_WANTED, at | {"key": key, "wanted": wanted})
