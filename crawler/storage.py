"""The stores of a configuration, opened from its settings: the archive, the raw copies and the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

from crawler.archive_place import database
from crawler.config import Config
from crawler.errors import ArshifError, Busy
from crawler.urls.canonical import canonical
from index.archive import Archive, documents, raw_files, raw_owner, runs, warc_records
from index.archive.backup import KEEPING
from index.archive.near_window import NearWindow
from index.engines import Engine, Layout, PartLimits, open_engine
from index.evidence import minisign
from index.evidence.messages import ManifestProblem
from index.model.message import Message
from index.warc.outside import Outside
from index.warc.place import Place
from index.warc.record import WarcRef
from index.warc.store import WarcStore


def open_archive(config: Config) -> Archive:
    """The archive of this configuration, created if it does not exist. One that several machines can share knows from
    then on that its raw copies are where the settings say: else no other machine's folder could join it.

    :raises ArchiveError: when it is damaged, newer than this program, or not writable, or its server is away; or, for
        the first one that opens it, the place of its raw copies.
    """
    settings = config.settings
    archive = Archive(database(settings), NearWindow(settings.dedup.window_months, settings.dedup.keep_months))
    if archive.database.shared and settings.raw.url and raw_owner.has_none(settings.data):
        try:
            own_raw_place(config)
            archive.database.prepare()
        except BaseException:
            archive.close()
            raise
    return archive


def find_article(conn: Connection, name: str) -> str | None:
    """The id of the article with this id or URL, in any spelling of the URL, also if it had the id until it was merged
    into another one; None if there is none."""
    if documents.document(conn, name) is not None:
        return name
    if (merged := documents.merged_into(conn, name)) is not None:
        return merged.article
    return documents.by_url(conn, name) or documents.by_url(conn, canonical(name) or name)


def with_archived(conn: Connection, config: Config) -> Config:
    """This configuration with the sites that have articles and no file, such as imported ones, each as one made up for
    its domain, or with the rules of the configured one there."""
    lacking = {id_: url for id_, url in documents.sites(conn).items() if id_ not in config.sites}
    made = {id_: config.publisher_of(url).model_copy(update={"id": id_}) for id_, url in lacking.items()}
    return replace(config, sites={**config.sites, **made})


def raw_place(config: Config) -> Place:
    """Where the WARC files lie.

    :raises ArchiveError: when those that the archive refers to lie elsewhere.
    """
    url, data = config.settings.raw.url, config.settings.data
    raw_owner.check(url, data)
    return raw_owner.place_at(url, data)


def own_raw_place(config: Config) -> Place:
    """Where the WARC files lie, for whoever writes or deletes some.

    :raises ArchiveError: when the place is another archive's, or cannot be reached, or those that the archive refers to
        lie elsewhere.
    """
    url, data = config.settings.raw.url, config.settings.data
    raw_owner.check(url, data)
    place = raw_owner.claim(url, data)
    raw_owner.settle(url, data)
    return place


def open_raw(config: Config, archive: Archive, run: int | None = None) -> WarcStore:
    """The raw copies of this archive, to be read, and written to by a run (its number).

    :raises ArchiveError: when they cannot be written to, or are in another place than the settings name.
    """

    def moved(ref: WarcRef) -> WarcRef | None:
        if ref.id is None:
            return None
        with archive.read() as conn:
            return warc_records.location(conn, ref.id)

    name, place = (raw_name(run), own_raw_place) if run is not None else (None, raw_place)
    settings = config.settings.raw
    return WarcStore(
        place(config), name, file_bytes=settings.file_bytes, outside=Outside(settings.outside), moved=moved
    )


def expire_raw(config: Config, archive: Archive, now: datetime) -> int:
    """Deletes the files of raw copies that are past their retention period; returns how many. Nothing is deleted while
    a backup is running."""
    if not config.settings.raw.keep_days:
        return 0
    try:
        with archive.database.lock(KEEPING) as still_held:
            before = now - timedelta(days=config.settings.raw.keep_days)
            return raw_files.expire(archive, own_raw_place(config), before, still_held)
    except Busy:
        return 0


def signing_key(config: Config) -> minisign.SecretKey | None:
    """The key that signs manifests; None if none is set.

    :raises ArshifError: when its file cannot be read, or holds no such key.
    """
    file = config.settings.manifest.signing_key
    if not file:
        return None
    try:
        text = Path(file).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ArshifError(Message(ManifestProblem.SECRET_KEY, {"file": file})) from None
    return minisign.secret_key(text, file)


def raw_name(run: int) -> str:
    """The prefix of the names of a run's WARC files."""
    return f"run-{run:06d}"


def being_written(conn: Connection) -> Callable[[str], bool]:
    """Tells of a WARC file by its name whether it is one of a run that goes on."""
    prefixes = tuple(f"{raw_name(run)}-" for run in runs.unfinished(conn))
    return lambda name: PurePosixPath(name).name.startswith(prefixes)


@contextmanager
def open_index(config: Config) -> Iterator[Engine]:
    """The index of this configuration, closed after the `with` block. No server is contacted yet."""
    index = config.settings.index
    engine = open_engine(
        index.engine,
        directory=config.settings.data / "index",
        url=index.url,
        api_key=index.api_key.get_secret_value(),
        basic_auth=(index.username, index.password.get_secret_value()) if index.username else None,
        ca_file=index.ca,
        prefix=index.prefix,
        limits=PartLimits(index.part_months, int(index.part_gb * 1e9)),
        layout=Layout(index.shards, index.replicas),
    )
    try:
        yield engine
    finally:
        engine.close()
