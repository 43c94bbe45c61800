"""Documents for other programs: the Atom feeds of a saved search, of a collection, of a site with full texts, and of
edits (RFC 4287), and an OpenSearch description."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote
from xml.etree import ElementTree as ET

from index.archive.collections import Collection
from index.archive.column_types import EPOCH
from index.archive.edits import Edit
from index.archive.saved_searches import SavedSearch
from index.archive.site_state import SiteState
from index.locale import translate
from index.model.article import IndexDocument
from index.model.results import Hit, Span
from index.web.templating import UNSHOWN, published, web_link

ATOM = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
XML = "http://www.w3.org/XML/1998/namespace"
NOT_XML = re.compile("[\ufffe\uffff]")  # https://www.w3.org/TR/xml/#charsets, in addition to UNSHOWN
SUMMARY = 500  # characters


def atom(saved: SavedSearch, hits: Sequence[Hit], sites: Mapping[str, str], base: str) -> bytes:
    """The feed of these hits; `base` is this server's base URL, with a trailing slash. Entries link to the article on
    its site and to our copy."""
    name = _urn(f"search:{saved.id}:{saved.created.isoformat()}")
    updated = max((_updated(hit.document) for hit in hits), default=saved.created)
    page = f"search?q={quote(saved.query, safe='')}&sort=newest"
    feed = _feed(name, saved.name, updated, base, (f"feeds/{saved.id}.atom", page), subtitle=saved.query)
    for hit in hits:
        _entry(feed, hit.document, _updated(hit.document), _summary(hit.snippets), sites, base)
    return _written(feed)


def collection_feed(
    one: Collection, members: Sequence[tuple[IndexDocument, datetime]], sites: Mapping[str, str], base: str
) -> bytes:
    """The feed of a collection, with its articles and when each was put into it; `base` as in `atom`."""
    name = _urn(f"collection:{one.id}:{one.created.isoformat()}")
    updated = max((added for _, added in members), default=one.created)
    feed = _feed(name, one.name, updated, base, (f"feeds/collections/{one.id}.atom", f"collections/{one.id}"))
    for document, added in members:
        _entry(feed, document, max(added, _updated(document)), "", sites, base)
    return _written(feed)


def site_feed(site: SiteState, found: Sequence[IndexDocument], sites: Mapping[str, str], base: str) -> bytes:
    """The feed of these articles of a site, each with its full text; `base` as in `atom`."""
    updated = max(map(_updated, found), default=EPOCH)
    paths = (f"feeds/sites/{quote(site.id, safe='')}.atom", f"sites/{quote(site.id, safe='')}")
    feed = _feed(_urn(f"site:{site.id}"), site.name or site.id, updated, base, paths)
    for document in found:
        _entry(feed, document, _updated(document), document.article.description or "", sites, base, whole=True)
    return _written(feed)


def edit_feed(edits: Sequence[Edit], sites: Mapping[str, str], base: str, links: Sequence[str], language: str) -> bytes:
    """The feed of these edits and removals, told in this language; `base` is this server's base URL, with a trailing
    slash, `links` are the paths of the feed and its page below it. Entries link to what changed."""
    title = f"{translate('edits.title', language)} · {translate('ui.name', language)}"
    updated = max((edit.at for edit in edits), default=EPOCH)
    feed = _feed(_urn(f"edits:{links[0]}"), title, updated, base, links)
    for edit in edits:
        entry = _add(feed, "entry")
        copy = f"{base}articles/{quote(edit.article, safe='')}"
        _add(entry, "id", _urn(f"edit:{edit.article}:{edit.version}:{edit.at.isoformat()}"))
        _add(entry, "title", edit.headline or edit.url)
        _add(entry, "updated", _moment(edit.at))
        _add(_add(entry, "author"), "name", sites.get(edit.site) or edit.site)
        told = f"{copy}/diff?new={edit.version}" if edit.version else copy
        _add(entry, "link", rel="alternate", type="text/html", href=told)
        if there := web_link(edit.url):
            _add(entry, "link", rel="related", type="text/html", href=there)
        for kind in edit.kinds or ():
            _add(entry, "category", term=kind, label=translate(f"change.{kind}", language))
        _add(entry, "summary", _told(edit, language))
    return _written(feed)


def _feed(
    name: str, title: str, updated: datetime, base: str, links: Sequence[str], *, subtitle: str | None = None
) -> ET.Element:
    """A feed without entries; `links` are the paths of the feed and its page below `base`."""
    feed = ET.Element("feed", {"xmlns": ATOM})
    own, page = (base + link for link in links)
    _add(feed, "id", name)
    _add(feed, "title", title)
    if subtitle is not None:
        _add(feed, "subtitle", subtitle)
    _add(feed, "updated", _moment(updated))
    _add(_add(feed, "author"), "name", "Arshif")
    _add(feed, "link", rel="self", type="application/atom+xml", href=own)
    _add(feed, "link", rel="alternate", type="text/html", href=page)
    return feed


def _told(edit: Edit, language: str) -> str:
    """What changed, in a line."""
    if edit.kinds is None:
        return translate("change.waiting", language)
    said = [translate(f"change.{kind}", language) for kind in edit.kinds]
    if edit.removed:
        said.append(translate("change.words_removed", language, n=edit.removed))
    if edit.added:
        said.append(translate("change.words_added", language, n=edit.added))
    if edit.maybe_ours:
        said.append(translate("change.perhaps_ours", language))
    if edit.notice and edit.notice.text:
        said.append(translate("change.notice", language, text=edit.notice.text))
    return translate("list.separator", language).join(said)


def _entry(
    feed: ET.Element,
    document: IndexDocument,
    updated: datetime,
    summary: str,
    sites: Mapping[str, str],
    base: str,
    *,
    whole: bool = False,
) -> None:
    """Adds an article: with its full text if it is to be `whole`, else with a summary."""
    article = document.article
    entry = _add(feed, "entry")
    if article.language and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", article.language):
        entry.set(f"{{{XML}}}lang", article.language)
    copy = f"{base}articles/{quote(article.id, safe='')}"
    there = web_link(article.url)
    _add(entry, "id", _urn(f"article:{article.id}:{document.number if not document.current else 0}"))
    _add(entry, "title", article.headline or article.url)
    _add(entry, "updated", _moment(updated))
    if when := published(document):
        _add(entry, "published", _moment(when))
    for name in article.authors or (sites.get(article.site) or article.site,):
        _add(_add(entry, "author"), "name", name)
    _add(entry, "link", rel="alternate", type="text/html", href=there or copy)
    _add(entry, "link", rel="related", type="text/html", href=copy)
    if article.section:
        _add(entry, "category", term=article.section)
    if not whole or summary:
        _add(entry, "summary", summary or (article.description or article.body)[:SUMMARY])
    if whole:
        paragraphs = (escape(_clean(text)) for text in article.body.split("\n\n") if text.strip())
        _add(entry, "content", "".join(f"<p>{text}</p>" for text in paragraphs), type="html")


def opensearch(language: str, base: str, chosen: bool) -> bytes:
    """The description of the search at the base URL `base`, with a trailing slash; `chosen` fixes the language."""
    ui = f"&ui={language}" if chosen else ""
    root = ET.Element("OpenSearchDescription", {"xmlns": OPENSEARCH})
    _add(root, "ShortName", translate("ui.name", language))
    _add(root, "Description", translate("search.label", language))
    _add(root, "Language", language)
    _add(root, "InputEncoding", "UTF-8")
    _add(root, "Image", f"{base}static/icon.svg", width="16", height="16", type="image/svg+xml")
    _add(root, "Url", type="text/html", template=f"{base}search?q={{searchTerms}}{ui}")
    own = f"{base}opensearch.xml" + (f"?ui={language}" if chosen else "")
    _add(root, "Url", type="application/opensearchdescription+xml", rel="self", template=own)
    return _written(root)


def _written(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})
    child.text = _clean(text) or None
    return child


def _clean(text: str) -> str:
    return NOT_XML.sub("", UNSHOWN.sub("", text))


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"arshif:{name}").urn


def _updated(document: IndexDocument) -> datetime:
    return max(filter(None, (document.changed, document.first_seen)))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _summary(snippets: Sequence[Sequence[Span]]) -> str:
    return " … ".join("".join(span.text for span in snippet) for snippet in snippets)
