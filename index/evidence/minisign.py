"""Keys and signatures of minisign: Ed25519 (RFC 8032) over the BLAKE2b-512 of a file.

The forms are those of https://jedisct1.github.io/minisign/#signature-format; minisign itself makes and checks the same.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import blake2b

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from index.errors import ArshifError
from index.evidence.messages import ManifestProblem
from index.model.message import Message

_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "
_KEY, _PREHASHED = b"Ed", b"ED"  # a key's algorithm, and that of a signature over a file's BLAKE2b-512
_PLAIN, _CHECKSUM = b"\0\0", b"B2"  # how a secret key is encrypted, here not at all, and its checksum
_SALT = bytes(48)  # salt and limits of the encryption that there is none of
_ID, _SEED, _PUBLIC, _SIGNATURE, _SUM = 8, 32, 32, 64, 32  # lengths in bytes


class WrongSignature(ValueError):
    """A signature that is not one of these bytes by this key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key with its id, 8 bytes that minisign shows as a hexadecimal number."""

    id: bytes
    key: bytes

    @property
    def text(self) -> str:
        """The key as minisign shows it, such as `RWQ...`."""
        return b64encode(_KEY + self.id + self.key).decode()

    @property
    def name(self) -> str:
        """The id as minisign shows it: a number, thus without its leading zeros."""
        return f"{int.from_bytes(self.id, 'little'):X}"

    @property
    def file(self) -> str:
        """The content of a public key's file."""
        return f"{_UNTRUSTED}minisign public key {self.name}\n{self.text}\n"


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A secret key: its id and the seed it is derived from."""

    id: bytes
    seed: bytes

    @property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""
        return PublicKey(self.id, self._key.public_key().public_bytes_raw())

    @property
    def file(self) -> str:
        """The content of a secret key's file, without a password."""
        secret = self.seed + self.public.key
        checksum = blake2b(_KEY + self.id + secret, digest_size=_SUM).digest()
        packed = _KEY + _PLAIN + _CHECKSUM + _SALT + self.id + secret + checksum
        return f"{_UNTRUSTED}minisign secret key {self.public.name}\n{b64encode(packed).decode()}\n"

    def sign(self, data: bytes, comment: str) -> str:
        """A signature of these bytes and of a comment, a line of text: the content of a `.minisig` file."""
        signature = self._key.sign(blake2b(data).digest())
        whole = self._key.sign(signature + comment.encode())
        packed = b64encode(_PREHASHED + self.id + signature).decode()
        return f"{_UNTRUSTED}signature of Arshif\n{packed}\n{_TRUSTED}{comment}\n{b64encode(whole).decode()}\n"

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def new_key() -> SecretKey:
    """A new secret key."""
    return SecretKey(os.urandom(_ID), os.urandom(_SEED))


def secret_key(text: str, file: str) -> SecretKey:
    """The secret key in the content of a file.

    :raises ArshifError: when it is none, or protected by a password; the message names `file`.
    """
    packed = _decoded(text)
    if len(packed) != len(_KEY + _PLAIN + _CHECKSUM) + len(_SALT) + _ID + _SEED + _PUBLIC + _SUM or packed[:2] != _KEY:
        raise ArshifError(Message(ManifestProblem.SECRET_KEY, {"file": file}))
    if packed[2:4] != _PLAIN:
        raise ArshifError(Message(ManifestProblem.ENCRYPTED_KEY, {"file": file}))
    rest = packed[6 + len(_SALT) :]
    found = SecretKey(rest[:_ID], rest[_ID : _ID + _SEED])
    if rest[_ID + _SEED :][:_PUBLIC] != found.public.key:
        raise ArshifError(Message(ManifestProblem.SECRET_KEY, {"file": file}))
    return found


def public_key(text: str) -> PublicKey:
    """The public key in the content of a file, or as minisign shows it.

    :raises ArshifError: when it is none.
    """
    packed = _decoded(text)
    if len(packed) != 2 + _ID + _PUBLIC or packed[:2] != _KEY:
        raise ArshifError(Message(ManifestProblem.PUBLIC_KEY, {"given": text.strip().partition("\n")[0][:80]}))
    return PublicKey(packed[2 : 2 + _ID], packed[2 + _ID :])


def check(data: bytes, signature: str, key: PublicKey) -> str:
    """The trusted comment of a signature, after it was checked to be one of these bytes by this key.

    :raises WrongSignature: when it is not.
    """
    lines = signature.splitlines()
    if len(lines) != 4 or not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise WrongSignature("not the form of a signature")
    packed, comment, whole = _bytes(lines[1]), lines[2].removeprefix(_TRUSTED), _bytes(lines[3])
    signed = packed[2 + _ID :]
    if packed[: 2 + _ID] != _PREHASHED + key.id or len(signed) != _SIGNATURE:
        raise WrongSignature("of another key, or not of this form")
    public = Ed25519PublicKey.from_public_bytes(key.key)
    try:
        public.verify(signed, blake2b(data).digest())
        public.verify(whole, signed + comment.encode())
    except InvalidSignature:
        raise WrongSignature("not of these bytes") from None
    return comment


def _decoded(text: str) -> bytes:
    """The bytes in the last line of a key's file."""
    lines = text.strip().splitlines()
    return _bytes(lines[-1]) if lines else b""


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
