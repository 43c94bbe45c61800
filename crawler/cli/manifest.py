"""arshif manifest: the manifests of what was stored on each day."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_json, say
from crawler.errors import ArchiveError, ArshifError
from index.evidence.messages import ManifestProblem
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from index.archive.manifests import StoredManifest

app = typer.Typer()


@app.command("write")
def write_manifests(
    today: Annotated[
        bool, typer.Option("--today", help="Also close today's; what is stored later today gets a further one.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the manifests of the days (UTC) that have ended, as the daemon does by itself.

    A manifest covers all that was stored by the end of its day and that none before it covers. It is signed if
    `manifest.signing_key` is set, and stamped if `manifest.authority` is.
    """
    from crawler.config import load
    from crawler.maintenance import manifests

    config = load(only=())
    with open_existing_archive(config) as archive, progress() as shown:
        step = shown.begin("manifest", "hashes")
        done = manifests.write(archive, config, datetime.now(UTC), today=today, told=step.update)
    if json:
        closed = [{**asdict(one), "sha256": one.digest} for one in done.closed]
        print_json({"entries": done.entries, "manifests": closed})
        return
    for one in done.closed:
        say(f"Manifest {one.number} of {one.day}: {one.entries} entries, SHA-256 {one.digest}")
    if not done.closed:
        say(f"{done.entries} entries added; no day has ended that has none yet (--today closes today's)")


@app.command("list")
def list_manifests(json: Json = False) -> None:
    """List the manifests, with the hash of each by which others can recognise it."""
    from crawler.config import load
    from index.archive import manifests

    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        found = [_as_json(one) for one in manifests.stored(conn)]
    if json:
        print_json(found)
        return
    for one in found:
        marks = "".join(f", {name}" for name in ("signed", "stamped") if one[name])
        say(f"{one['number']:>6}  {one['day']}  {one['entries']:>8} entries  {one['sha256']}{marks}")
    if not found:
        say("No manifest yet: `arshif run` writes one after each day, `arshif manifest write --today` writes one now")


@app.command("export")
def export_manifests(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; those that are there already are kept.")],
    json: Json = False,
) -> None:
    """Write each manifest to a file, with its hashes, signature, public key and time stamp beside it, to be published.

    A manifest that has been published can no longer be replaced: whoever has it checks proofs against it.
    """
    from crawler.config import load
    from index.archive import manifests

    written = 0
    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"cannot write {folder}: {error.strerror}") from error
        for one in manifests.stored(conn):
            written += _export(conn, one, folder)
    if json:
        print_json({"folder": folder, "files": written})
    else:
        say(f"Wrote {written} files to {folder}")


@app.command("keygen")
def generate_key(
    file: Annotated[Path, typer.Argument(help="File for the secret key, such as arshif.key; the public one is .pub.")],
    json: Json = False,
) -> None:
    """Make a key that signs manifests, in the form of minisign, without a password.

    Set its file as `manifest.signing_key`, keep a copy of it elsewhere, and publish the public key.
    """
    from index.atomic_files import new_file
    from index.evidence.minisign import new_key

    key, public = new_key(), file.with_name(f"{file.name}.pub")
    with new_file(public) as shown, new_file(file) as out:
        os.fchmod(out.fileno(), 0o600)  # before there is anything to read
        out.write(key.file.encode())
        shown.write(key.public.file.encode())
    if json:
        print_json({"file": file, "public_file": public, "public_key": key.public.text})
        return
    say(f"Wrote the secret key to {file}, and the public one to {public}: {key.public.text}")


def _as_json(one: StoredManifest) -> dict[str, object]:
    from index.archive import manifests

    manifest = manifests.parsed(one)
    marks = {"signed": one.signature is not None, "stamped": one.stamp is not None}
    return {**asdict(manifest), "sha256": manifest.digest, **marks}


def _export(conn: Connection, one: StoredManifest, folder: Path) -> int:
    """Write the files of a manifest that are not there yet, its text last; return how many."""
    from index.archive import manifests
    from index.atomic_files import new_file
    from index.evidence.proofs import file_name

    name = file_name(one.number)
    manifest = manifests.parsed(one)
    beside = {".minisig": one.signature, ".pub": one.key, ".tsr": one.stamp}
    files = {f"{name}{end}": content for end, content in beside.items() if content is not None}
    hashes = (f"{leaf.hex()}\n".encode() for leaf in manifests.leaves(conn, one.first, manifest.entries))
    contents: dict[str, Iterable[bytes]] = {f"{name}.hashes": hashes}
    contents |= {file: [text.encode() if isinstance(text, str) else text] for file, text in files.items()}
    contents[name] = [one.text.encode()]
    if (folder / name).exists() and (folder / name).read_bytes() != one.text.encode():
        raise ArshifError(Message(ManifestProblem.OTHER_THERE, {"file": str(folder / name)}))
    missing = {file: content for file, content in contents.items() if not (folder / file).exists()}
    for file, content in missing.items():
        with new_file(folder / file) as out:
            out.writelines(content)
    return len(missing)
