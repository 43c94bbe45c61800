"""Proofs: one file with a reading, the WARC record it was read from, and what shows when the archive had them.

A proof is a tar file (POSIX ustar) of plain files, which `docs/evidence.md` describes; one proof has one form, so that
no byte of it can change unnoticed.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter

from index.errors import ArshifError
from index.evidence import merkle, minisign, time_stamps
from index.evidence.forms import READING as READING_FORM
from index.evidence.forms import READING_FIELDS, Manifest, canonical, parse_manifest
from index.evidence.messages import ProofProblem
from index.model.message import Given, Message

PROOF, READING, RECORD, SUMS = "proof.json", "reading.json", "record.warc", "SHA256SUMS"  # the names of files in it
_HEAD = 64 * 1024  # bytes of a record in which its own header ends


class BadProof(ArshifError):
    """A proof that proves nothing: the message says what is wrong with it."""

    kind = "error.proof"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file of a proof, with its place in the tree of a manifest (its number): an index from 0, and the inclusion path
    upwards, in hexadecimal digits."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    file: str
    manifest: int
    index: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Places:
    """The content of `proof.json`."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    leaves: tuple[Leaf, ...]
    format: Literal["arshif-proof/1"] = "arshif-proof/1"


_PLACES: TypeAdapter[_Places] = TypeAdapter(_Places)


@dataclass(frozen=True, slots=True)
class Link:
    """A manifest's form, and if there is one its signature, the public key of that, and its time stamp."""

    text: str
    signature: str | None = None
    key: str | None = None
    stamp: bytes | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A reading's form, its record (None: it has none, or that is lost), their places, and the manifests in a row that
    hold them, up to one that is signed or stamped."""

    reading: bytes
    record: bytes | None
    leaves: tuple[Leaf, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: the number of the manifest, and the id of the key. `trusted`: it is the key given."""

    manifest: int
    key: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp that holds, of a manifest (its number)."""

    manifest: int
    stamp: time_stamps.TimeStamp


@dataclass(frozen=True, slots=True)
class Checked:
    """What a proof proves. `reading` has the values of the reading's form; `record_url` and `record_date` are what the
    record says of itself, None without one. `manifest` holds the reading, `last` is the newest manifest of the proof.

    `published`: the hash that was given is that of a manifest after which nothing in the proof was written.
    """

    reading: dict[str, Any]
    record_url: str | None
    record_date: str | None
    manifest: Manifest
    last: Manifest
    signed: Signed | None
    stamped: Stamped | None
    published: bool

    @property
    def trusted(self) -> bool:
        """Whether anything ties the proof to what whoever checks it knows from elsewhere."""
        by_key = self.signed is not None and self.signed.trusted
        return by_key or self.published or (self.stamped is not None and self.stamped.stamp.trusted)


def pack(proof: Proof) -> bytes:
    """A proof as a file."""
    return _tar(_files(proof))


def check(
    data: bytes, *, key: minisign.PublicKey | None = None, authorities: bytes = b"", published: str = ""
) -> Checked:
    """What a proof proves, after everything in it was checked.

    With `key`, a manifest must be signed by it; with `authorities`, certificates in PEM, one must be stamped by an
    authority that they vouch for; with `published`, one must have this SHA-256, in hexadecimal digits.

    :raises BadProof: when anything in it is not right, or what was asked for is lacking.
    :raises NoOpenSsl: when a time stamp cannot be checked.
    """
    proof = unpack(data)
    manifests = _chain(proof.links)
    reading = _reading(proof)
    for leaf in proof.leaves:
        _check_leaf(leaf, proof, manifests)
    newest = max(leaf.manifest for leaf in proof.leaves)
    covering = [(one, link) for one, link in zip(manifests.values(), proof.links, strict=True) if one.number >= newest]
    signed = _signed(manifests, proof.links, key, newest)
    stamped = _stamped(manifests, proof.links, authorities, newest)
    known = published.strip().lower() in {one.digest for one, _ in covering}
    if published and not known:
        raise _bad(ProofProblem.NOT_PUBLISHED, hash=published)
    own = next(leaf.manifest for leaf in proof.leaves if leaf.file == READING)
    about = _record_header(proof.record)
    return Checked(
        reading,
        about.get("warc-target-uri"),
        about.get("warc-date"),
        manifests[own],
        covering[-1][0],
        signed,
        stamped,
        bool(published),
    )


def unpack(data: bytes) -> Proof:
    """The content of a proof, whose checksums were checked, and that it is in the one form of such a content.

    :raises BadProof: when it is not.
    """
    files = _read(data)
    sums = files.pop(SUMS, None)
    if sums is None or PROOF not in files:
        raise _bad(ProofProblem.LACKING, file=SUMS if sums is None else PROOF)
    for line in _sums(files).splitlines():
        if line.encode() not in sums.splitlines():
            raise _bad(ProofProblem.CHANGED, file=line.partition("  ")[2])
    proof = _content(files)
    if pack(proof) != data:
        raise _bad(ProofProblem.NOT_PROOF)
    return proof


# --- its files -------------------------------------------------------------------------------------------------------


def _files(proof: Proof) -> dict[str, bytes]:
    files = {PROOF: canonical(asdict(_Places(proof.leaves))).encode(), READING: proof.reading}
    if proof.record is not None:
        files[RECORD] = proof.record
    for link in proof.links:
        name = file_name(parse_manifest(link.text).number)
        files[name] = link.text.encode()
        for end, content in ((".minisig", link.signature), (".pub", link.key), (".tsr", link.stamp)):
            if content is not None:
                files[name + end] = content.encode() if isinstance(content, str) else content
    return {**files, SUMS: _sums(files).encode()}


def file_name(number: int) -> str:
    """The name of a manifest's file."""
    return f"manifest-{number:06d}.json"


def _sums(files: Mapping[str, bytes]) -> str:
    """What `sha256sum` prints of these files."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, BytesIO(content))
    return out.getvalue()


def _read(data: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=BytesIO(data), mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.type == tarfile.REGTYPE else None
                if content is None or member.size > len(data):
                    raise _bad(ProofProblem.NOT_PROOF)
                files[member.name] = content.read()
    except (tarfile.TarError, ValueError, OverflowError, OSError):
        raise _bad(ProofProblem.NOT_PROOF) from None
    return files


def _content(files: Mapping[str, bytes]) -> Proof:
    if READING not in files:
        raise _bad(ProofProblem.LACKING, file=READING)
    try:
        places = _PLACES.validate_json(files[PROOF])
    except ValueError:
        raise _bad(ProofProblem.MALFORMED, file=PROOF) from None
    if [leaf.file for leaf in places.leaves] != [name for name in (READING, RECORD) if name in files]:
        raise _bad(ProofProblem.MALFORMED, file=PROOF)
    links = tuple(_link(name, files) for name in files if name.startswith("manifest-") and name.endswith(".json"))
    return Proof(files[READING], files.get(RECORD), places.leaves, links)


def _link(name: str, files: Mapping[str, bytes]) -> Link:
    try:
        text = files[name].decode()
        if file_name(parse_manifest(text).number) != name:
            raise ValueError(name)
        signature, key = ((files[name + end].decode() if name + end in files else None) for end in (".minisig", ".pub"))
    except ValueError:
        raise _bad(ProofProblem.MALFORMED, file=name) from None
    return Link(text, signature, key, files.get(name + ".tsr"))


# --- what they say ---------------------------------------------------------------------------------------------------


def _chain(links: Iterable[Link]) -> dict[int, Manifest]:
    """The manifests by their numbers, after each was checked to name the one before it."""
    found: dict[int, Manifest] = {}
    before: Manifest | None = None
    for link in links:
        manifest = parse_manifest(link.text)
        if before is not None and (manifest.number, manifest.previous) != (before.number + 1, before.digest):
            raise _bad(ProofProblem.CHAIN, number=manifest.number)
        found[manifest.number] = before = manifest
    return found


def _reading(proof: Proof) -> dict[str, Any]:
    """The values of the reading, after its record was checked to be the one that it names."""
    try:
        reading = json.loads(proof.reading)
        known = reading["format"] == READING_FORM and set(reading) == set(READING_FIELDS)
        known = known and canonical(reading).encode() == proof.reading
    except (ValueError, TypeError, KeyError, RecursionError):
        known = False
    if not known:
        raise _bad(ProofProblem.MALFORMED, file=READING)
    if proof.record is not None and reading.get("record") != merkle.leaf_hash(proof.record).hex():
        raise _bad(ProofProblem.OTHER_RECORD)
    return dict(reading)


def _check_leaf(leaf: Leaf, proof: Proof, manifests: Mapping[int, Manifest]) -> None:
    """Check that a file is in the tree of the manifest that it names."""
    content = proof.reading if leaf.file == READING else proof.record or b""
    manifest = manifests.get(leaf.manifest)
    if manifest is None:
        raise _bad(ProofProblem.LACKING, file=file_name(leaf.manifest))
    try:
        path = [bytes.fromhex(one) for one in leaf.path]
        found = merkle.root_by_path(merkle.leaf_hash(content), leaf.index, manifest.entries, path)
    except ValueError:
        found = b""
    if found.hex() != manifest.root:
        raise _bad(ProofProblem.NOT_INCLUDED, file=leaf.file, number=leaf.manifest)


def _signed(
    manifests: Mapping[int, Manifest], links: Iterable[Link], key: minisign.PublicKey | None, newest: int
) -> Signed | None:
    """The signature that holds for all in the proof: the first by the key that was given, if there is one."""
    found: list[Signed] = []
    for manifest, link in zip(manifests.values(), links, strict=True):
        if link.signature is None and link.key is None:
            continue
        try:
            own = minisign.public_key(link.key or "")
            minisign.check(link.text.encode(), link.signature or "", own)
        except (minisign.WrongSignature, ArshifError):
            raise _bad(ProofProblem.SIGNATURE, number=manifest.number) from None
        if manifest.number >= newest:
            found.append(Signed(manifest.number, own.name, own == key))
    if key is None or any(one.trusted for one in found):
        return next((one for one in found if one.trusted or key is None), None)
    if found:
        raise _bad(ProofProblem.OTHER_KEY, number=found[0].manifest, key=found[0].key, yours=key.name)
    raise _bad(ProofProblem.UNSIGNED)


def _stamped(
    manifests: Mapping[int, Manifest], links: Iterable[Link], authorities: bytes, newest: int
) -> Stamped | None:
    """The first time stamp that holds for all in the proof."""
    found: Stamped | None = None
    for manifest, link in zip(manifests.values(), links, strict=True):
        if link.stamp is None:
            continue
        try:
            stamp = time_stamps.check(link.stamp, link.text.encode(), authorities)
        except time_stamps.WrongStamp as error:
            raise _bad(ProofProblem.STAMP, number=manifest.number, error=str(error)) from None
        if found is None and manifest.number >= newest:
            found = Stamped(manifest.number, stamp)
    if authorities and found is None:
        raise _bad(ProofProblem.UNSTAMPED)
    return found


def _record_header(record: bytes | None) -> dict[str, str]:
    """The named fields of a WARC record, by their names in lower case."""
    head = (record or b"")[:_HEAD].partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    pairs = (line.partition(":") for line in head.split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _bad(code: ProofProblem, **params: Given) -> BadProof:
    return BadProof(Message(code, params))
