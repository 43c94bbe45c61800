"""Time stamps of an authority (RFC 3161), asked for and checked by `openssl ts`.

OpenSSL reads what authorities send; stricter readers refuse certificates out of order, as its own authority sends them.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from index.errors import ArshifError
from index.evidence.messages import ManifestProblem
from index.model.message import Message

REQUEST, REPLY = "application/timestamp-query", "application/timestamp-reply"  # media types, RFC 3161 section 3.4
MAX_BYTES = 64 * 1024  # of an authority's answer; those with their certificates have 3 to 8 KB
_LONGEST = 60.0  # seconds for one call of openssl, which takes hundredths of one
_AT = re.compile(r"^Time stamp: (\w{3} +\d+ [\d:]+)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE)


class WrongStamp(ValueError):
    """A time stamp that is not one of these bytes, or not signed by an authority that is trusted."""


class NoOpenSsl(ArshifError):
    """The program `openssl` is not installed."""

    def __init__(self) -> None:
        super().__init__(Message(ManifestProblem.NO_OPENSSL))


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What a time stamp says: the moment (UTC), and the name of the authority that signed it. `trusted` says whether
    its certificate leads to one of those that were given."""

    at: datetime
    authority: str
    trusted: bool


def request(data: bytes) -> bytes:
    """The request for a time stamp of these bytes: their SHA-256, and that the certificate be sent.

    :raises NoOpenSsl: when it cannot be made.
    """
    with _Files({"data": data}) as files:
        files.openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "request")
        return files.read("request")


def check(stamp: bytes, data: bytes, trusted: bytes = b"") -> TimeStamp:
    """What a time stamp, an authority's answer, says of these bytes, after its signature was checked.

    `trusted` holds certificates (PEM) of authorities. Without them it is checked against those that come with it: then
    it is whole, but anyone could have made it. Certificates must have been valid at the moment that it says.

    :raises WrongStamp: when it is none, not of these bytes, or of nobody who is trusted.
    :raises NoOpenSsl: when it cannot be checked.
    """
    with _Files({"data": data, "stamp": stamp, "trusted": trusted}) as files:
        files.openssl("ts", "-reply", "-in", "stamp", "-token_out", "-out", "token")
        # Of the token alone: what the answer says around it is not signed
        at = _moment(files.openssl("ts", "-reply", "-in", "token", "-token_in", "-text"))
        files.openssl("pkcs7", "-inform", "DER", "-in", "token", "-print_certs", "-out", "own")
        roots = ("-CAfile", "trusted", "-untrusted", "own") if trusted else ("-CAfile", "own", "-partial_chain")
        when = ("-attime", str(int(at.timestamp())))
        files.openssl("ts", "-verify", "-in", "stamp", "-data", "data", *roots, *when)
        return TimeStamp(at, ", ".join(_authorities(files.read("own"))), bool(trusted))


def is_certificates(pem: bytes) -> bool:
    """Whether these are certificates in PEM."""
    try:
        return bool(x509.load_pem_x509_certificates(pem))
    except ValueError:
        return False


def _authorities(pem: bytes) -> Iterator[str]:
    """The names in those of these certificates that are of authorities, of which a stamp has one."""
    for certificate in x509.load_pem_x509_certificates(pem):
        with suppress(x509.ExtensionNotFound):
            if (
                ExtendedKeyUsageOID.TIME_STAMPING
                in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            ):
                names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
                yield str(names[0].value) if names else certificate.subject.rfc4514_string()


def _moment(told: bytes) -> datetime:
    found = _AT.search(told.decode("utf-8", "replace"))
    if found is None:
        raise WrongStamp("no time stamp was granted")
    return datetime.strptime(f"{found[1]} {found[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


class _Files:
    """Files in a folder of their own, for a program to work on."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._folder = TemporaryDirectory(prefix="arshif-")
        self._path = Path(self._folder.name)
        for name, content in files.items():
            (self._path / name).write_bytes(content)

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return (self._path / name).read_bytes()

    def openssl(self, *arguments: str) -> bytes:
        """What `openssl` prints for these arguments.

        :raises WrongStamp: when it fails.
        """
        command = ["openssl", *arguments]
        env = {**os.environ, "LC_ALL": "C"}
        try:
            done = subprocess.run(command, cwd=self._path, env=env, capture_output=True, timeout=_LONGEST, check=False)
        except FileNotFoundError:
            raise NoOpenSsl() from None
        if done.returncode:
            raise WrongStamp(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
        return done.stdout
