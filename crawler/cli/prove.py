"""arshif prove, arshif check-proof: a text of the archive as a file that others can check without the archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import get_article, open_existing_archive
from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.output import write_output
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError
from index.model.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from index.archive.manifests import CoveredReading
    from index.archive.readings import Reading
    from index.evidence.minisign import PublicKey
    from index.evidence.proofs import Checked

app = typer.Typer()

MAX_BYTES = 512 * 1024**2  # of a proof that is read: a record has at most 128 MiB
HASH_CHARACTERS = 12  # of a content hash, in the name of a proof


@app.command()
def prove(
    article: Annotated[str, typer.Argument(help="URL or id of the article.")] = "",
    content_hash: Annotated[
        str, typer.Option("--hash", help="Prove the text with this content hash, as cited, instead of an article.")
    ] = "",
    version: Annotated[int, typer.Option(min=0, help="Number of the version; 0 for the newest.")] = 0,
    to_newest: Annotated[
        bool, typer.Option("--to-newest", help="Add all later manifests, for whoever knows the hash of the newest one.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="File to create; - for standard output. By default, named after the hash.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a proof: a text with the page it was read from, and the manifests of the days on which both were stored.

    Another machine checks it with `arshif check-proof`, or with openssl and sha256sum alone (docs/evidence.md).
    """
    from crawler.config import load
    from crawler.maintenance.proofs import prove as prove_reading
    from crawler.storage import open_raw
    from index.archive import readings
    from index.evidence.proofs import pack

    if bool(article) == bool(content_hash):
        raise typer.BadParameter("name an article, or a hash with --hash: one of the two")
    config = load(only=())
    with open_existing_archive(config) as archive, archive.read() as conn, open_raw(config, archive) as raw:
        if content_hash:
            found = readings.with_hash(conn, content_hash.strip().lower())
        else:
            found = [one for one in readings.of(conn, get_article(conn, article).article.id) if one.shown]
            found = found if version else found[-1:]
        reading, covered = _chosen(conn, found, version, content_hash or article)
        proof = prove_reading(conn, raw, covered, to_newest=to_newest)
    file = out or Path(f"proof-{reading.article.content_hash[:HASH_CHARACTERS]}.tar")
    data = pack(proof)
    write_output(file, [data])
    if proof.record is None:
        print_error("The page as it was fetched is not in the proof: it is not kept, or damaged")
    if json and str(file) != "-":
        facts = {"version": reading.version, "reading": reading.number, "content_hash": reading.article.content_hash}
        print_json({"file": file, "bytes": len(data), **facts, "record": proof.record is not None})
    elif str(file) != "-":
        say(f"Wrote {file} ({len(data)} bytes): version {reading.version}, reading {reading.number}")


def _chosen(conn: Connection, found: Sequence[Reading], version: int, given: str) -> tuple[Reading, CoveredReading]:
    """Of these readings, the first that a manifest has; else the last."""
    from index.archive import manifests

    chosen = [one for one in found if version in (0, one.version)]
    pairs = [(one, manifests.reading(conn, one.article.id, one.version, one.number)) for one in chosen]
    known = [(one, covered) for one, covered in pairs if covered is not None]
    if not known:
        raise ArshifError(Message(CommandMessage.NO_TEXT, {"given": given}))
    proven = (pair for pair in known if pair[1].entry is not None and manifests.of_entry(conn, pair[1].entry))
    return next(proven, known[-1])


@app.command("check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(help="File that `arshif prove` wrote.")],
    key: Annotated[
        str, typer.Option(help="Public key of the archive, or its file: the proof must be signed by it.")
    ] = "",
    authority: Annotated[
        Path | None,
        typer.Option(help="Certificates (PEM) of a time-stamping authority: the proof must be stamped by it."),
    ] = None,
    manifest: Annotated[
        str, typer.Option(help="SHA-256 of a manifest as it was published: the proof must lead to it.")
    ] = "",
    json: Json = False,
) -> None:
    """Check a proof, on any machine and without an archive.

    Says what is wrong with it, or what it proves; exits with 1 if anything in it is not right. A key, an authority or
    the hash of a manifest, known from elsewhere, tie the proof to the archive and to a time.
    """
    from index.evidence.proofs import check

    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        raise ArshifError(Message(CommandMessage.NO_FILE, {"file": str(file)}))
    found = check(
        file.read_bytes(), key=_public_key(key), authorities=_certificates(authority), published=manifest.strip()
    )
    if json:
        print_json(_as_json(found))
    else:
        _print(found)


def _public_key(given: str) -> PublicKey | None:
    """The public key that was given, or that is in the file that was."""
    from index.evidence.minisign import public_key

    if not given:
        return None
    try:
        return public_key(Path(given).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return public_key(given)


def _certificates(file: Path | None) -> bytes:
    """The certificates in a file, b"" without one.

    :raises ArshifError: when there are none in it.
    """
    from index.evidence.messages import ManifestProblem
    from index.evidence.time_stamps import is_certificates

    if file is None:
        return b""
    if not file.is_file() or not is_certificates(pem := file.read_bytes()):
        raise ArshifError(Message(ManifestProblem.CERTIFICATES, {"file": str(file)}))
    return pem


def _as_json(found: Checked) -> dict[str, object]:
    signed, stamped = found.signed, found.stamped
    return {
        "reading": found.reading,
        "record": {"url": found.record_url, "date": found.record_date} if found.record_url else None,
        "manifest": {"number": found.manifest.number, "day": found.manifest.day, "sha256": found.manifest.digest},
        "newest": {"number": found.last.number, "day": found.last.day, "sha256": found.last.digest},
        "signed": {"manifest": signed.manifest, "key": signed.key, "trusted": signed.trusted} if signed else None,
        "stamped": stamped
        and {"at": stamped.stamp.at, "authority": stamped.stamp.authority, "trusted": stamped.stamp.trusted},
        "published": found.published,
        "trusted": found.trusted,
    }


def _print(found: Checked) -> None:
    reading = found.reading
    say("The proof is whole.", "green")
    say(str(reading["headline"]), "bold")
    say(f"{reading['site']}, {reading['url']}", "dim")
    say(f"content hash {reading['content_hash']}", "dim")
    if found.record_url is not None:
        say(f"Read from the page that {found.record_url} answered at {found.record_date}; the proof holds it.")
        say("If the article has further pages, the proof holds their text, and not the pages.")
    elif reading["record"] is not None:
        say("The page it was read from is not in the proof.")
    day = found.manifest
    say(f"In manifest {day.number} of {day.day}: the archive had it by the end of that day, as its clock says.")
    if found.last.number != day.number:
        say(f"The proof leads to manifest {found.last.number} of {found.last.day}.")
    say(f"SHA-256 of manifest {found.last.number}: {found.last.digest}" + (", as published" if found.published else ""))
    if signed := found.signed:
        whose = "the key that you gave" if signed.trusted else "a key that you did not give (--key)"
        say(f"Manifest {signed.manifest} is signed with {whose}, {signed.key}.")
    if stamped := found.stamped:
        by = stamped.stamp.authority or "an authority"
        whose = (
            "which your certificates vouch for" if stamped.stamp.trusted else "which nobody vouches for (--authority)"
        )
        say(f"Manifest {stamped.manifest} was stamped at {stamped.stamp.at:%Y-%m-%d %H:%M:%S} UTC by {by}, {whose}.")
    if not found.trusted:
        print_error(
            "Nothing ties it to an archive or a time that you know yet: give --key, --authority or --manifest, as the "
            "archive published them."
        )
