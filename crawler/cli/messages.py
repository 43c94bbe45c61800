"""Message codes of the command's own errors."""

from __future__ import annotations

from enum import StrEnum


class CommandMessage(StrEnum):
    """Codes of what a command cannot do, with their parameters."""

    NO_ARCHIVE = "command.no_archive"  # place
    NO_BACKUP = "command.no_backup"  # name, raw: a folder
    NO_RESTORE = "command.no_restore"  # name
    COPY_RAW_THERE = "command.copy_raw_there"  # to
    COPY_RAW_TO = "command.copy_raw_to"  # problem
    COPY_TO = "command.copy_to"  # problem
    COPY_WHAT = "command.copy_what"
    COPY_THERE = "command.copy_there"  # name
    NO_MACHINE = "command.no_machine"  # name
    ONE_MACHINE = "command.one_machine"  # name
    NO_ARTICLE = "command.no_article"  # given
    NO_COLLECTION = "command.no_collection"  # given
    NO_SEARCH = "command.no_search"  # id
    NO_MCP = "command.no_mcp"
    NO_TEXT = "command.no_text"  # given
    NO_SITE_LEFT = "command.no_site_left"
    NO_STORED_SITE = "command.no_stored_site"  # given
    NOT_ARTICLE = "command.not_article"  # page, why: a message
    LONG_CELLS = "command.long_cells"  # n, most: characters
    NO_FILE = "command.no_file"  # file
    NOT_HTML = "command.not_html"  # file
    URL_OF_FILE = "command.url_of_file"  # url
    NOT_ADDRESS = "command.not_address"  # url
    SITE_THERE = "command.site_there"  # file, site
    SITE_CONFIGURED = "command.site_configured"  # host, site
    BAD_ID = "command.bad_id"  # given
    BAD_COUNTRY = "command.bad_country"  # given
