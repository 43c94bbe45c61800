"""The log of a process: on standard error, as lines for people or as JSON for programs that collect logs."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

from crawler.console import safe, to_json

NOISY = (  # libraries whose progress is nothing that a person can act on: their warnings are
    "alembic", "apscheduler", "elastic_transport", "httpx", "scrapy", "scrapy-playwright", "trafilatura", "uvicorn",
)  # fmt: skip
TOLD_ELSEWHERE = ("scrapy.downloadermiddlewares.robotstxt",)  # what its source's failure says too
ECS = {"@timestamp": "@timestamp", "level": "log.level", "logger": "log.logger", "event": "message",
       "exception": "error.stack_trace"}  # fmt: skip
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_DATEFORMAT = "%Y-%m-%dT%H:%M:%S%z"


class SafeFormatter(logging.Formatter):
    """Lines of the log, with tracebacks, as `safe` leaves them. A message is one line, whatever a page wrote into it:
    what looks like an event is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


def set_up_log(level: int = logging.INFO, form: Literal["text", "json"] = "text") -> None:
    """From now on what is logged goes to standard error, from this level on; of NOISY libraries, warnings only.

    `form`: lines for people, or JSON in the names of ECS (https://www.elastic.co/docs/reference/ecs)."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(SafeFormatter(LOG_FORMAT, LOG_DATEFORMAT) if form == "text" else _ecs())
    handler.addFilter(_is_logged)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _ecs() -> logging.Formatter:
    from structlog import processors, stdlib  # only those who want JSON pay for it

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
