"""What people add to articles, on the page: tags and a note of each, collections, and a feed of each of these.

It is for those who hold the token: a server that others reach without one shows nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from index.archive import Archive, collections, documents, notes
from index.archive.collections import Collection
from index.web import atom, queries
from index.web.error_handlers import Refused, refusing
from index.web.forms import Form, LongForm, SelectionForm, on_to
from index.web.saved_searches import ENTRIES, base_of, xml
from index.web.search_pages import ArchiveOf, Number, PageNumber
from index.web.templating import render

SHOWN = 50  # articles on a page


async def own(request: Request) -> None:
    """Let only those pass who may see and change what people add.

    :raises Refused: for all others (403).
    """
    if not request.app.state.annotates:
        raise Refused(403, "annotations.closed")


router = APIRouter(include_in_schema=False, dependencies=[Depends(own)])


# --- an article ------------------------------------------------------------------------------------------------------


def of_article(request: Request, conn: Connection, article: str) -> Mapping[str, Any] | None:
    """What the page of an article shows: its tags, its note, its collections and the others; None if that is closed."""
    if not request.app.state.annotates:
        return None
    mine = collections.of(conn, [article]).get(article, [])
    held = {one.id for one in mine}
    return {
        "tags": notes.tags_of(conn, article),
        "note": notes.note(conn, article),
        "collections": mine,
        "others": [one for one in collections.all_collections(conn) if one.id not in held],
    }


@router.post("/articles/{article}/tags")
def write_tags(request: Request, archive: ArchiveOf, article: str, form: LongForm) -> Response:
    """Give an article the tags that were added in the form, take away those that were removed in it, then show it; a
    tag that it has got since the form was shown stays."""
    seen, wanted = form.get("seen", ""), form.get("tags", "")
    with refusing():
        archive.write(lambda conn: notes.change_tags(conn, article, [seen], [wanted])).result()
    return on_to(request, f"/articles/{article}", "own")


@router.post("/articles/{article}/note")
def write_note(request: Request, archive: ArchiveOf, article: str, form: LongForm) -> Response:
    """Write the note of an article, then show it; a note that was changed since the form was shown stays, and is shown
    beside the text as it was sent (409)."""
    text, seen = form.get("note", ""), _moment(form, "seen")
    with refusing():
        done = archive.write(lambda conn: notes.replace_note(conn, article, text, seen, datetime.now(UTC))).result()
    if done:
        return on_to(request, f"/articles/{article}", "own")
    with archive.read() as conn:
        there = notes.note(conn, article)
    return render(request, "note_conflict.html", 409, article=article, text=text, there=there)


@router.post("/articles/{article}/collections")
def collect(request: Request, archive: ArchiveOf, article: str, form: Form) -> Response:
    """Put an article into the collection of a name, which is made if there is none, then show the article."""
    with refusing():
        archive.write(lambda conn: put_into(conn, form.get("name", ""), [article])).result()
    return on_to(request, f"/articles/{article}", "own")


@router.post("/articles/{article}/collections/{number}/remove")
def uncollect(request: Request, archive: ArchiveOf, article: str, number: Number, _: Form) -> Response:
    """Take an article out of a collection, then show it."""
    archive.write(lambda conn: collections.take_out(conn, number, [article])).result()
    return on_to(request, f"/articles/{article}", "own")


@router.post("/selection")
def collect_selection(request: Request, archive: ArchiveOf, sent: SelectionForm) -> Response:
    """Put ticked articles into the collection of a name, which is made if there is none, then show it."""
    if not sent.ids:
        raise Refused(400, "selection.none")
    with refusing():
        number = archive.write(lambda conn: put_into(conn, sent.fields.get("name", ""), sent.ids)).result()
    return on_to(request, f"/collections/{number}")


def put_into(conn: Connection, name: str, ids: Sequence[str]) -> int:
    """Put articles into the collection of this name, which is made if there is none; return its number.

    :raises InvalidValue: when the name or an article is none, or there are too many.
    """
    now = datetime.now(UTC)
    there = collections.by_name(conn, name)
    number = there.id if there else collections.create(conn, name, now)
    collections.add(conn, number, ids, now)
    return number


# --- collections -----------------------------------------------------------------------------------------------------


@router.get("/collections")
def collection_list(request: Request, archive: ArchiveOf) -> Response:
    """All collections and tags, and the way to the notes."""
    with archive.read() as conn:
        context: dict[str, Any] = {"held": collections.all_collections(conn), "tags": notes.all_tags(conn)}
        noted = len(notes.noted(conn))
    return render(request, "collections.html", noted=noted, **context)


@router.post("/collections")
def create(request: Request, archive: ArchiveOf, form: Form) -> Response:
    """Make a collection, then show it."""
    with refusing():
        number = archive.write(lambda conn: collections.create(conn, form.get("name", ""), datetime.now(UTC))).result()
    return on_to(request, f"/collections/{number}")


@router.get("/collections/{number}")
def collection_page(request: Request, archive: ArchiveOf, number: Number, page: PageNumber = 1) -> Response:
    """The articles of a collection, the one put in last first, with what can be done with them."""
    with archive.read() as conn:
        one, added = known(conn, number), collections.articles_of(conn, number)
    return _articles(request, archive, list(added), page, collection=one)


@router.post("/collections/{number}")
def rename(request: Request, archive: ArchiveOf, number: Number, form: Form) -> Response:
    """Give a collection another name, then show it."""
    with refusing():
        if not archive.write(lambda conn: collections.rename(conn, number, form.get("name", ""))).result():
            raise Refused(404, "error.no_collection")
    return on_to(request, f"/collections/{number}")


@router.post("/collections/{number}/delete")
def delete(request: Request, archive: ArchiveOf, number: Number, _: Form) -> Response:
    """Delete a collection if it exists, then show the list."""
    archive.write(lambda conn: collections.remove(conn, number)).result()
    return on_to(request, "/collections")


@router.post("/collections/{number}/remove/{article}")
def take_out(request: Request, archive: ArchiveOf, number: Number, article: str, _: Form) -> Response:
    """Take an article out of a collection, then show what is left."""
    archive.write(lambda conn: collections.take_out(conn, number, [article])).result()
    return on_to(request, f"/collections/{number}")


@router.get("/feeds/collections/{number}.atom")
def feed(request: Request, archive: ArchiveOf, number: Number) -> Response:
    """The articles put into a collection last as an Atom feed."""
    with archive.read() as conn:
        one, names = known(conn, number), queries.names(conn)
        added = collections.articles_of(conn, number)
        found = documents.documents(conn, list(added)[:ENTRIES])
    made = atom.collection_feed(one, [(each, added[each.article.id]) for each in found], names, base_of(request))
    return xml(made, "application/atom+xml; charset=utf-8")


# --- tags and notes --------------------------------------------------------------------------------------------------


@router.get("/tags")
def tagged(request: Request, archive: ArchiveOf, tag: str = "", page: PageNumber = 1) -> Response:
    """The articles with a tag, the newest first."""
    with archive.read() as conn:
        ids = notes.tagged(conn, tag)
    if not ids:
        raise Refused(404, "error.no_tag")
    return _articles(request, archive, ids, page, tag=tag)


@router.post("/tags")
def rename_tag(request: Request, archive: ArchiveOf, form: Form) -> Response:
    """Give the articles with a tag another in its place, or none, then show the list."""
    with refusing():
        archive.write(lambda conn: notes.rename_tag(conn, form.get("tag", ""), form.get("name", ""))).result()
    return on_to(request, "/collections", "tags")


@router.get("/notes")
def noted(request: Request, archive: ArchiveOf, page: PageNumber = 1) -> Response:
    """The articles with a note, the one whose note was changed last first."""
    with archive.read() as conn:
        ids = notes.noted(conn)
    return _articles(request, archive, ids, page)


def _articles(
    request: Request,
    archive: Archive,
    ids: Sequence[str],
    page: int,
    *,
    collection: Collection | None = None,
    tag: str = "",
) -> Response:
    """A page of these articles with what was added to each."""
    with archive.read() as conn:
        found = notes.annotated(conn, documents.documents(conn, ids[(page - 1) * SHOWN : page * SHOWN]))
        context: dict[str, Any] = {"names": queries.names(conn), "found": found, "total": len(ids)}
    context |= {"page": page, "more": page * SHOWN < len(ids), "collection": collection, "tag": tag}
    return render(request, "annotated.html", **context)


def _moment(form: Mapping[str, str], name: str) -> datetime | None:
    """The moment in a field of a form; None if that is empty."""
    try:
        return datetime.fromisoformat(form[name]) if name in form else None
    except ValueError:
        raise Refused(400, "error.value", name=name) from None


def known(conn: Connection, number: int) -> Collection:
    """The collection of this number.

    :raises Refused: when there is none (404).
    """
    one = collections.get(conn, number)
    if one is None:
        raise Refused(404, "error.no_collection")
    return one
