"""Logging to standard error, as text for people or as JSON for log collectors."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

from crawler.console import safe, to_json

NOISY = (  # libraries of which only warnings are logged: nobody can act on their progress messages
    "alembic", "apscheduler", "elastic_transport", "httpx", "scrapy", "scrapy-playwright", "trafilatura", "uvicorn",
)  # fmt: skip
TOLD_ELSEWHERE = ("scrapy.downloadermiddlewares.robotstxt",)  # the failure of the source is logged as well
ECS = {"@timestamp": "@timestamp", "level": "log.level", "logger": "log.logger", "event": "message",
       "exception": "error.stack_trace"}  # fmt: skip
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_DATEFORMAT = "%Y-%m-%dT%H:%M:%S%z"


class SafeFormatter(logging.Formatter):
    """Formats log records, tracebacks included, without control characters. A message is always a single line, so that
    page text cannot forge a log entry."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


def set_up_log(level: int = logging.INFO, form: Literal["text", "json"] = "text") -> None:
    """Sends log records of this level and above to standard error; from NOISY libraries, warnings only.

    `form`: text for people, or JSON with ECS field names (https://www.elastic.co/docs/reference/ecs)."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(SafeFormatter(LOG_FORMAT, LOG_DATEFORMAT) if form == "text" else _ecs())
    handler.addFilter(_is_logged)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _ecs() -> logging.Formatter:
    from structlog import processors, stdlib  # imported here: only JSON output needs it

    def renamed(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        known = {theirs: event.pop(ours) for ours, theirs in ECS.items() if ours in event}
        return {**known, "process.pid": os.getpid(), "service.name": "arshif", "ecs.version": "8.11.0", **event}

    chain: list[Any] = [
        stdlib.add_log_level,
        stdlib.add_logger_name,
        processors.TimeStamper("iso", key="@timestamp"),
        processors.format_exc_info,
    ]
    last: list[Any] = [stdlib.ProcessorFormatter.remove_processors_meta, renamed, processors.JSONRenderer(to_json)]
    return stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=last)


def _is_logged(record: logging.LogRecord) -> bool:
    if record.name in TOLD_ELSEWHERE:
        return False
    return record.levelno >= logging.WARNING or not record.name.startswith(NOISY)
