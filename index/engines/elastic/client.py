"""The connection to the server: authentication, the version check, and errors turned into messages for people."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator
from typing import Any

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from index.engines.base import REBUILD
from index.errors import IndexMismatch, IndexUnavailable

MAJOR = 9  # major version of server and client: the client's media type includes it
REQUEST_SECONDS = 30
TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
REASON_CHARACTERS = 200  # per cause: in some, Elasticsearch quotes the document
MAX_CAUSES = 5
SECRETS = "set ARSHIF_INDEX__API_KEY, or ARSHIF_INDEX__USERNAME and ARSHIF_INDEX__PASSWORD"


class Server:
    """An Elasticsearch server. The client's own retries are off: `bulk.py` decides what is retried.

    :raises IndexMismatch: when `url` is not a valid address, or `ca_file` cannot be read.
    """

    def __init__(
        self, url: str, *, api_key: str = "", basic_auth: tuple[str, str] | None = None, ca_file: str = ""
    ) -> None:
        self.url = url
        self._headers = _authorization(api_key, basic_auth)
        self._checked = False
        self._waiting = dict[int, Elasticsearch]()  # by seconds: to make one takes a millisecond of CPU
        try:
            self.client = Elasticsearch(
                url,
                headers=self._headers,
                request_timeout=REQUEST_SECONDS,
                max_retries=0,
                retry_on_timeout=False,
                ca_certs=ca_file or DEFAULT,
            )
        except OSError as error:
            raise IndexMismatch(f"{ca_file} cannot be read ({error.strerror}): check index.ca.") from error
        except ValueError as error:
            raise IndexMismatch(f"{url!r} is no address of an Elasticsearch: {error}.") from error

    def close(self) -> None:
        self.client.close()

    @contextlib.contextmanager
    def checked(self, seconds: int = REQUEST_SECONDS) -> Iterator[Elasticsearch]:
        """The client, after checking the server once; errors in the block become ones that a person can act on.

        :raises IndexUnavailable: when the server does not answer, or cannot do this now.
        :raises IndexMismatch: when it is not a supported Elasticsearch, denies access, or rejects the request.
        """
        try:
            if not self._checked:
                self._check()
            if seconds not in self._waiting:
                self._waiting[seconds] = self.client.options(request_timeout=seconds)
            yield self._waiting[seconds]
        except TlsError as error:
            raise IndexMismatch(f"{self.url} shows a certificate that is not trusted: check index.ca.") from error
        except ConnectionTimeout as error:
            raise IndexUnavailable(f"{self.url} did not answer in time: it is tried again.") from error
        except (NoConnection, TransportError) as error:
            raise IndexUnavailable(f"{self.url} cannot be reached ({error}): is Elasticsearch running?") from error
        except NotFoundError as error:
            raise IndexMismatch(f"An index is gone from {self.url} ({reason(error.body)}): {REBUILD}.") from error
        except ApiError as error:
            why = reason(error.body)
            if error.status_code in TRY_LATER or "cluster_block" in why or "index_closed" in why:
                raise IndexUnavailable(f"{self.url} cannot do this now: {why}.") from error
            raise IndexMismatch(f"{self.url} refuses this (HTTP {error.status_code}): {why}.") from error

    def _check(self) -> None:
        """Check that the server is supported, in plain JSON, which every product answers."""
        headers = {**self._headers, "accept": "application/json"}
        try:
            meta, answer = self.client.transport.perform_request(
                "GET", "/", headers=headers, request_timeout=REQUEST_SECONDS, max_retries=0
            )
        except SerializationError as error:
            raise IndexMismatch(f"What answers at {self.url} speaks no JSON: check index.url.") from error
        if meta.status in (401, 403):
            if not self._headers:
                raise IndexMismatch(f"{self.url} wants to know who asks (HTTP {meta.status}): {SECRETS}.")
            what = "does not know this key or user" if meta.status == 401 else "lets this key or user do too little"
            raise IndexMismatch(f"{self.url} {what} (HTTP {meta.status}): {SECRETS}. `arshif doctor` looks at it.")
        if meta.status in TRY_LATER:
            raise IndexUnavailable(f"{self.url} answers HTTP {meta.status}: it is tried again.")
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, dict) or "number" not in version:
            raise IndexMismatch(
                f"What answers at {self.url} (HTTP {meta.status}) is no Elasticsearch: check index.url."
            )
        product, number = version.get("distribution", "elasticsearch"), str(version["number"])
        if product != "elasticsearch" or not re.match(rf"{MAJOR}\.", number):
            raise IndexMismatch(
                f"{self.url} is {product} {number}: Arshif speaks to Elasticsearch {MAJOR}. Give the address of one in "
                "index.url, or use the embedded index."
            )
        self._checked = True


def _authorization(api_key: str, basic_auth: tuple[str, str] | None) -> dict[str, str]:
    if api_key:
        return {"authorization": f"ApiKey {api_key}"}
    if basic_auth is not None:
        return {"authorization": "Basic " + base64.b64encode(":".join(basic_auth).encode()).decode()}
    return {}


def reason(body: Any) -> str:
    """The text of an Elasticsearch error, down to its innermost cause, with quotations of the document cut short."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error)[:REASON_CHARACTERS]
    causes = [error, *(error.get("root_cause") or [])[:1]]
    while isinstance(cause := causes[-1].get("caused_by"), dict) and len(causes) < MAX_CAUSES:
        causes.append(cause)
    said = [f"{cause.get('type')}: {str(cause.get('reason'))[:REASON_CHARACTERS]}" for cause in causes]
    return "; ".join(dict.fromkeys(said))
