"""The pages of one article: its text, its changes, its saved copy, its citation."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import escape
from sqlalchemy import Connection

from index.archive import Archive, documents, facsimiles, notices, past_versions, readings, warc_records
from index.archive.facsimiles import Part
from index.archive.history import history
from index.archive.notices import Notice
from index.dedup.version_diff import paragraphs, same_rules, version_change, word_diff
from index.export.citation import FORMS, MEDIA, Form, citation, written
from index.locale import direction
from index.model.article import IndexDocument, Version
from index.model.codes import PartKind
from index.model.image_types import image_type
from index.model.message import Message
from index.search import service
from index.warc.record import WarcDamaged, WarcRef
from index.warc.store import WarcStore
from index.web import annotation_pages, queries
from index.web.error_handlers import NoArticle, Refused
from index.web.export_slots import Export, Turns, turn
from index.web.sanitizer import CannotSanitize, sanitize
from index.web.search_pages import ArchiveOf
from index.web.search_params import SearchParams, ordered
from index.web.templating import render, strip_controls

SHEET = (  # style sheet of a saved copy, which loads nothing, not even our own files
    ":root{color-scheme:light dark}body{font:1rem/1.7 system-ui,sans-serif;max-inline-size:46rem;margin:1rem auto;"
    "padding-inline:1rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{border:1px solid;padding:.2rem .4rem}"
)
# No script, form or frame works in it, whatever got through; `sandbox` gives it an origin other than ours.
FRAMED = (
    f"sandbox; default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(SHEET.encode()).digest()).decode()}'; "
    "form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
)
ALONE = "sandbox; default-src 'none'"  # of a file that somebody opens by itself

PIECE_BYTES = 1 << 18  # of a file, sent at once
VERSION = re.compile("[1-9][0-9]{0,8}")  # its number, which PostgreSQL's integer can hold
VersionNumber = Annotated[int, Query(ge=1, lt=10**9)]
NoticeNumber = Annotated[int, Path(ge=1, lt=10**9)]

router = APIRouter(include_in_schema=False)


async def _raw(request: Request) -> WarcStore | None:
    return cast("WarcStore | None", request.app.state.raw)


RawOf = Annotated[WarcStore | None, Depends(_raw)]


@router.get("/articles/{article}")
def article(
    request: Request,
    archive: ArchiveOf,
    article: str,
    asked: Annotated[SearchParams, Depends(ordered)],
    cursor: str = "",
) -> Response:
    """An article as stored, and what the archive knows about it; after a search, with its matches marked, and the way
    back to its results."""
    with archive.read() as conn:
        document = _document(conn, article)
        names, versions = queries.names(conn), documents.versions(conn, article)
        context: dict[str, Any] = {
            "names": names,
            "events": history(conn, article),
            "versions": versions,
            "aliases": documents.aliases(conn, article),
            "same_story": queries.same_story(conn, document),
            "last_seen": past_versions.last_seen(conn, article),
            "copies": queries.with_copies(conn, article),
            "problems": {one.version: one.problem for one in warc_records.damaged(conn, article) if one.version},
            "own": annotation_pages.of_article(request, conn, article),
        }
    headline, body = service.marked(asked.query(), document.article)
    context |= {"headline": headline, "body": body, "asked": asked, "cursor": cursor}
    cited = citation(versions[-1], names.get(document.article.site) or document.article.site)
    return render(
        request, "article.html", document=document, article=document.article, cited=cited, forms=FORMS, **context
    )


@router.get("/articles/{article}/diff")
def differences(request: Request, archive: ArchiveOf, article: str, old: str = "", new: str = "") -> Response:
    """The changes between two versions, word by word, without what is the same; by default the last two."""
    return _compared(request, archive, article, old, new, whole=False)


@router.get("/articles/{article}/redline")
def redline(request: Request, archive: ArchiveOf, article: str, old: str = "", new: str = "") -> Response:
    """The whole text of two versions as one, with what was removed and added, to be read or printed."""
    return _compared(request, archive, article, old, new, whole=True)


def _compared(request: Request, archive: Archive, article: str, old: str, new: str, *, whole: bool) -> Response:
    with archive.read() as conn:
        document, names = _document(conn, article), queries.names(conn)
        versions = documents.versions(conn, article)
    after = _numbered(versions, new) if new else versions[-1]
    before = _numbered(versions, old or str(max(1, after.number - 1)))
    texts = {
        name: paragraphs(word_diff(getattr(before.article, name), getattr(after.article, name)))
        for name in ("headline", "body")
    }
    change = version_change(before, after)
    context: dict[str, Any] = {
        "versions": versions,
        "old": before,
        "new": after,
        "change": change,
        "maybe_ours": before.number != after.number and not same_rules(before, after),
        "names": names,
        "whole": whole,
        **texts,
    }
    return render(request, "diff.html", document=document, article=document.article, **context)


@router.get("/articles/{article}/copy")
def copy(request: Request, archive: ArchiveOf, raw: RawOf, article: str, version: str = "") -> Response:
    """The saved copy of a version's page in a frame, with a summary of what was removed from it; and what the page
    looked like, where that is kept."""
    with archive.read() as conn:
        document, names, numbers = _document(conn, article), queries.names(conn), queries.with_copies(conn, article)
        version = version or str(max(numbers, default=document.number))
        chosen = _version(conn, article, version)
        found = documents.raw_of(conn, article, chosen.number)
        looks = facsimiles.of_version(conn, article, chosen.number)
    context: dict[str, Any] = {
        "version": chosen,
        "numbers": numbers,
        **_told_of_copy(raw, found, document),
        "names": names,
        "looks": looks,
        "captions": {image.url: image for image in chosen.article.images},
    }
    return render(request, "copy.html", document=document, article=document.article, **context)


@router.get("/articles/{article}/copy/page")
def framed(archive: ArchiveOf, raw: RawOf, article: str, version: str = "") -> Response:
    """The content of that frame: text and its structure, as a document of its own that cannot do anything."""
    with archive.read() as conn:
        document = _document(conn, article)
        number = _version(conn, article, version or str(document.number)).number
        found = documents.raw_of(conn, article, number)
    return _frame(raw, found, document)


@router.get("/articles/{article}/notices/{number}")
def notice(request: Request, archive: ArchiveOf, raw: RawOf, article: str, number: NoticeNumber) -> Response:
    """What a page had in place of its article after it was removed, with its saved copy in a frame."""
    with archive.read() as conn:
        document, names, chosen = _document(conn, article), queries.names(conn), _notice(conn, article, number)
    told = _told_of_copy(raw, _place(chosen), document)
    return render(
        request, "notice.html", document=document, article=document.article, names=names, notice=chosen, **told
    )


@router.get("/articles/{article}/notices/{number}/page")
def framed_notice(archive: ArchiveOf, raw: RawOf, article: str, number: NoticeNumber) -> Response:
    """The content of that frame."""
    with archive.read() as conn:
        document, chosen = _document(conn, article), _notice(conn, article, number)
    return _frame(raw, _place(chosen), document)


def _place(notice: Notice) -> tuple[WarcRef, str] | None:
    return (notice.ref, notice.url) if notice.ref is not None else None


def _notice(conn: Connection, article: str, number: int) -> Notice:
    found = next((one for one in notices.of_articles(conn, [article]) if one.number == number), None)
    if found is None:
        raise Refused(404, "error.no_copy")
    return found


def _told_of_copy(raw: WarcStore | None, found: tuple[WarcRef, str] | None, document: IndexDocument) -> dict[str, Any]:
    """What was removed from a saved copy, or why it cannot be shown."""
    removed: dict[str, int] = {}
    problem = None
    try:
        removed = _copy(raw, found, document).removed
    except (CannotSanitize, WarcDamaged, FileNotFoundError):
        problem = "error.no_copy" if found is None else "copy.damaged" if found[0].digest is None else "copy.outside"
    return {"removed": [Message(f"copy.removed.{kind}", {"n": n}) for kind, n in removed.items()], "problem": problem}


def _frame(raw: WarcStore | None, found: tuple[WarcRef, str] | None, document: IndexDocument) -> Response:
    try:
        html = _copy(raw, found, document).html
    except (CannotSanitize, WarcDamaged, FileNotFoundError):
        raise Refused(404, "error.no_copy") from None
    language = document.article.language
    root = f'<html lang="{escape(language or "")}" dir="{direction(language)}">'  # "": unknown, as HTML has it
    head = f'{root}<meta charset="utf-8"><title>·</title><style>{SHEET}</style>'
    headers = {"content-security-policy": FRAMED, "cache-control": "private, no-store"}
    return HTMLResponse(f"<!doctype html>{head}<body>{strip_controls(html)}</body></html>", headers=headers)


@router.get("/articles/{article}/facsimile/{kind}")
def facsimile_part(
    archive: ArchiveOf,
    raw: RawOf,
    turns: Turns,
    article: str,
    kind: PartKind,
    version: VersionNumber,
    number: int = 1,
) -> Response:
    """A part of what a version's page looked like: an image, told by its bytes whatever its server said it is, or a
    file to be stored. Nothing of it is shown as a document."""
    with archive.read() as conn:
        parts = facsimiles.parts(conn, article, version)
    found = next((part for part in parts if (part.kind, part.number) == (kind, number)), None)
    if raw is None or found is None:
        raise Refused(404, "error.no_copy")
    headers = {"content-security-policy": ALONE, "cache-control": "private, max-age=600"}
    if kind == PartKind.PAGE:  # with all its images: many megabytes
        headers["content-disposition"] = f'attachment; filename="{article}-{version}.mhtml"'
        with turn(turns):
            body = _part(raw, found)
            headers["content-length"] = str(len(body))
            return Export(turns, _pieces(body), media_type="application/octet-stream", headers=headers)
    body = _part(raw, found)
    if (media := image_type(body)) is None:
        raise Refused(404, "error.no_copy")
    return Response(body, media_type=media, headers=headers)


def facsimile_path(article: str, version: int, part: Part) -> str:
    """Where this server gives a part of the facsimile of a version."""
    number = f"&number={part.number}" if part.kind == PartKind.IMAGE else ""
    return f"/articles/{article}/facsimile/{part.kind}?version={version}{number}"


def _part(raw: WarcStore, part: Part) -> bytes:
    try:
        return raw.read(part.ref, part.target)[1]
    except WarcDamaged:
        raise Refused(404, "error.no_copy") from None


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES))


@router.get("/hash/{content_hash}")
def by_hash(request: Request, archive: ArchiveOf, content_hash: str) -> Response:
    """The texts with this content hash, whether or not they are what an article's page shows now."""
    with archive.read() as conn:
        found, names = readings.with_hash(conn, content_hash), queries.names(conn)
        seen = {(one.article.id, version.number): version.seen for one in found
                for version in documents.versions(conn, one.article.id, [one.version])}  # fmt: skip
    if not found:
        raise Refused(404, "error.no_hash")
    dated = [(reading, seen[reading.article.id, reading.version]) for reading in found]
    return render(request, "hash.html", given=content_hash, found=dated, names=names)


@router.get("/articles/{article}/cite.{form}")
def cite(archive: ArchiveOf, article: str, form: Form, version: str = "") -> Response:
    """A citation as a file for reference managers."""
    with archive.read() as conn:
        document, names = _document(conn, article), queries.names(conn)
        chosen = _version(conn, article, version or str(document.number))
    text = written(citation(chosen, names.get(document.article.site) or document.article.site), form)
    headers = {"content-disposition": f'attachment; filename="arshif.{form}"'}
    return Response(text.encode("utf-8", "replace"), media_type=MEDIA[form], headers=headers)


def _document(conn: Connection, article: str) -> IndexDocument:
    document = documents.document(conn, article)
    if document is None:
        raise NoArticle(article)
    return document


def _version(conn: Connection, article: str, number: str) -> Version:
    asked = [int(number)] if VERSION.fullmatch(number) else []
    return _numbered(documents.versions(conn, article, asked), number)


def _numbered(versions: list[Version], number: str) -> Version:
    found = next((version for version in versions if str(version.number) == number), None)
    if found is None:
        raise Refused(404, "error.no_version")
    return found


def _copy(raw: WarcStore | None, found: tuple[WarcRef, str] | None, document: IndexDocument) -> Any:
    if raw is None or found is None:
        raise FileNotFoundError
    headers, body = raw.read(*found)
    return sanitize(headers, body, [document.article.language] if document.article.language else [])
