"""Why a request failed, as a message: the single mapping from exception classes to reasons."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.utils._compression import _DecompressionMaxSizeExceeded
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure

from index.locale import FALLBACK, translate
from index.model.codes import FetchReason
from index.model.message import Message

# Scrapy's and Twisted's exceptions, subclasses before their bases; any other is FetchReason.FAILED
REASONS: tuple[tuple[type[BaseException], FetchReason], ...] = (
    (CannotResolveHostError, FetchReason.DNS),
    (DownloadTimeoutError, FetchReason.TIMEOUT),
    (DownloadConnectionRefusedError, FetchReason.CONNECTION_REFUSED),
    (ConnectError, FetchReason.CONNECTION_FAILED),
    (ResponseDataLossError, FetchReason.CONNECTION_LOST),
    (DownloadFailedError, FetchReason.CONNECTION_LOST),
    (DownloadCancelledError, FetchReason.TOO_LARGE),
    (IgnoreRequest, FetchReason.NOT_REQUESTED),
)
# Reasons that say little without the exception's own text
UNSPECIFIC = frozenset(
    (FetchReason.CONNECTION_FAILED, FetchReason.CONNECTION_LOST, FetchReason.NOT_REQUESTED, FetchReason.FAILED)
)


class RequestRefused(IgnoreRequest):
    """A request that is not sent; `message` gives the reason with these parameters."""

    reason: ClassVar[FetchReason]

    def __init__(self, **params: str | float | datetime | Message) -> None:
        super().__init__()
        self.message = Message(self.reason, params)

    def __str__(self) -> str:
        return translate(self.message, FALLBACK)


def reason_of(ended: BaseException | Failure) -> Message:
    """The message for the exception, or Twisted failure, that ended a request."""
    error = ended.value if isinstance(ended, Failure) else ended
    assert error is not None
    if isinstance(error, RequestRefused):
        return error.message
    if isinstance(error.__cause__, _DecompressionMaxSizeExceeded):  # an IgnoreRequest to Scrapy
        return Message(FetchReason.TOO_LARGE, {"bytes": error.__cause__.decompressed_size})
    reason = next((reason for kind, reason in REASONS if isinstance(error, kind)), FetchReason.FAILED)
    if reason not in UNSPECIFIC:
        return Message(reason)
    return Message(reason, {"error": f"{type(error).__name__}: {error}"})
