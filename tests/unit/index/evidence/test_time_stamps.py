"""Time stamps are asked for and checked; the authority is a real one, on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.evidence import time_stamps
from index.evidence.time_stamps import WrongStamp
from tests.support.time_authority import Authority, authority

DATA = b"what was stored"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("stamps") / "own") as it:
        yield it


@pytest.fixture(scope="module")
def stamp(own: Authority) -> bytes:
    return own.stamp(time_stamps.request(DATA))


def test_a_stamp_tells_its_moment_and_who_gave_it(own: Authority, stamp: bytes) -> None:
    found = time_stamps.check(stamp, DATA, own.root.read_bytes())
    assert abs(found.at - datetime.now(UTC)) < timedelta(days=1)
    assert (found.authority, found.trusted) == ("Made-up stamps", True)
    alone = time_stamps.check(stamp, DATA)
    assert (alone.at, alone.authority, alone.trusted) == (found.at, found.authority, False)


def test_a_stamp_of_something_else_or_of_somebody_else_is_refused(own: Authority, stamp: bytes, tmp_path: Path) -> None:
    with pytest.raises(WrongStamp):
        time_stamps.check(stamp, b"something else")
    with authority(tmp_path / "other", own.name) as other, pytest.raises(WrongStamp):
        time_stamps.check(stamp, DATA, other.root.read_bytes())


@pytest.mark.parametrize("text", [b"", b"nothing", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_stamp_is_refused(text: bytes) -> None:
    with pytest.raises(WrongStamp):
        time_stamps.check(text, DATA)


def test_a_damaged_stamp_is_refused(stamp: bytes) -> None:
    signature = bytearray(stamp)
    signature[-20] ^= 1
    for damaged in (stamp[:-1], bytes(signature)):
        with pytest.raises(WrongStamp):
            time_stamps.check(damaged, DATA)


def der(tag: int, *parts: bytes) -> bytes:
    """A value of this tag (X.690), of less than 64 KiB."""
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + content


def test_a_moment_that_is_told_beside_what_is_signed_is_not_taken(own: Authority, stamp: bytes) -> None:
    found = time_stamps.check(stamp, DATA, own.root.read_bytes())
    other = found.at + timedelta(hours=5)
    text = f"granted\nTime stamp: {other:%b %d %H:%M:%S %Y} GMT\n".encode()
    status = der(0x30, der(0x02, b"\0"), der(0x30, der(0x0C, text)))  # PKIStatusInfo (RFC 3161, 2.4.2)
    head = 4 if stamp[1] == 0x82 else 2
    old_status = stamp[head : head + 2 + stamp[head + 1]]
    forged = der(0x30, status, stamp[head + len(old_status) :])
    assert time_stamps.check(forged, DATA, own.root.read_bytes()) == found


def test_certificates_are_told_from_other_files(own: Authority) -> None:
    assert time_stamps.is_certificates(own.root.read_bytes())
    assert not time_stamps.is_certificates(b"")
    assert not time_stamps.is_certificates((own.folder / "own.key").read_bytes())
