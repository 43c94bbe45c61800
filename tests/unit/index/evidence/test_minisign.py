"""Keys and signatures are those of minisign, which checks ours where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArshifError
from index.evidence import minisign
from index.evidence.minisign import WrongSignature
from index.model.message import Message
from tests.support.requirements import missing

DATA, COMMENT = b"what was stored", "a comment that is signed"
KEY = minisign.SecretKey(bytes(range(8)), bytes(range(32)))
SIGNATURE = KEY.sign(DATA, COMMENT)


def minisign_program(folder: Path, *arguments: str) -> str:
    if shutil.which("minisign") is None:
        missing("needs minisign: apt install minisign")
    done = subprocess.run(["minisign", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_signature_is_checked_and_tells_its_comment() -> None:
    assert minisign.check(DATA, SIGNATURE, KEY.public) == COMMENT
    assert minisign.secret_key(KEY.file, "file") == KEY
    assert minisign.public_key(KEY.public.file) == minisign.public_key(KEY.public.text) == KEY.public


def test_two_keys_are_two() -> None:
    one, other = minisign.new_key(), minisign.new_key()
    assert one != other
    with pytest.raises(WrongSignature):
        minisign.check(DATA, one.sign(DATA, COMMENT), other.public)


@given(st.integers(0, len(SIGNATURE.encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_of_what_is_signed_is_refused(place: int, change: int) -> None:
    data = bytearray(SIGNATURE.encode())
    data[place] ^= change
    text = bytes(data).decode("utf-8", "replace")
    untrusted, signed, comment, whole = SIGNATURE.splitlines()
    try:
        assert minisign.check(DATA, text, KEY.public) == COMMENT
    except WrongSignature:
        return
    lines = text.splitlines()  # then only what nobody signs has changed, or how the lines end
    assert [b64decode(lines[n]) for n in (1, 3)] == [b64decode(signed), b64decode(whole)]
    assert lines[2] == comment
    assert lines[0].startswith("untrusted comment: ") or lines[0] == untrusted


@pytest.mark.parametrize("text", ["", "nothing", "a\nb\nc\nd", SIGNATURE[:-20], SIGNATURE.replace("RUQ", "RWQ")])
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(WrongSignature):
        minisign.check(DATA, text, KEY.public)


def test_a_key_with_a_password_is_told_from_none() -> None:
    packed = bytearray(b64decode(KEY.file.splitlines()[1]))
    packed[2:4] = b"Sc"
    for text, code in (
        (f"untrusted comment: x\n{b64encode(packed).decode()}\n", "manifest.encrypted_key"),
        ("nothing\n", "manifest.secret_key"),
        ("", "manifest.secret_key"),
        (KEY.public.file, "manifest.secret_key"),
    ):
        with pytest.raises(ArshifError) as error:
            minisign.secret_key(text, "arshif.key")
        assert error.value.message == Message(code, {"file": "arshif.key"})
    with pytest.raises(ArshifError) as error:
        minisign.public_key("RWQ")
    assert error.value.message == Message("manifest.public_key", {"given": "RWQ"})


def test_a_secret_key_that_is_named_by_mistake_is_not_shown() -> None:
    with pytest.raises(ArshifError) as error:
        minisign.public_key(KEY.file)
    assert error.value.message == Message("manifest.public_key", {"given": KEY.file.splitlines()[0]})


def test_minisign_takes_our_keys_and_signatures_and_we_take_its_own(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "data.minisig").write_text(SIGNATURE)
    (tmp_path / "ours.pub").write_text(KEY.public.file)
    (tmp_path / "ours.key").write_text(KEY.file)
    assert COMMENT in minisign_program(tmp_path, "-Vm", "data", "-p", "ours.pub")
    assert COMMENT in minisign_program(tmp_path, "-Vm", "data", "-P", KEY.public.text)
    minisign_program(tmp_path, "-Sm", "data", "-s", "ours.key", "-W", "-x", "theirs", "-t", "by minisign")
    assert minisign.check(DATA, (tmp_path / "theirs").read_text(), KEY.public) == "by minisign"

    minisign_program(tmp_path, "-G", "-W", "-p", "new.pub", "-s", "new.key")
    new = minisign.secret_key((tmp_path / "new.key").read_text(), "new.key")
    assert new.public == minisign.public_key((tmp_path / "new.pub").read_text())
    assert new.public.name in (tmp_path / "new.pub").read_text()


def test_an_id_is_named_as_minisign_names_it(tmp_path: Path) -> None:
    key = minisign.SecretKey(bytes([8, 7, 6, 5, 4, 3, 2, 0]), bytes(range(32)))
    (tmp_path / "arshif.key").write_text(key.file)
    minisign_program(tmp_path, "-R", "-W", "-s", "arshif.key", "-p", "arshif.pub")
    assert key.public.file == (tmp_path / "arshif.pub").read_text()
