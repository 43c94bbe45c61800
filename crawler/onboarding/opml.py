"""Feed lists of feed readers: OPML 2.0 (http://opml.org/spec2.opml) <-> sites. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from pydantic import HttpUrl, ValidationError

from crawler.config import Config
from crawler.discover.site_metadata import SiteMetadata
from crawler.errors import ConfigError
from crawler.onboarding.identity import free_id, zones
from crawler.onboarding.messages import OpmlMessage
from crawler.onboarding.proposal import Proposal, SourceOffer, finish, first_draft, notes
from crawler.site_config import Site, Source, authority
from crawler.text import line
from index.model.message import Message

MAX_BYTES = 10 << 20  # of a file: a thousand feeds take 200 KB
TITLE = 200  # maximum characters of a name: a longer one is a mistake in the file


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed in a list: its name ("" if none), its URL, its home page, its language, and its country (ISO 3166-1; "" if
    it has no category that is one), which our own lists give as the category /SY."""

    title: str
    feed: str
    homepage: str
    language: str | None
    country: str = ""


def read(data: bytes) -> list[Outline]:
    """The feeds of an OPML file, in order, including those in folders, without duplicates.

    Nothing external is loaded and no entity is expanded.

    :raises ConfigError: when the file is not OPML, is too large, has a DOCTYPE or lists no feed.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(Message(OpmlMessage.TOO_LARGE, {"most": MAX_BYTES}))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ConfigError(Message(OpmlMessage.NOT_XML, {"line": error.lineno, "error": error.msg})) from None
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise ConfigError(Message(OpmlMessage.DOCTYPE))
    if root.tag != "opml":
        raise ConfigError(Message(OpmlMessage.NOT_OPML, {"tag": str(root.tag)}))
    found: dict[str, Outline] = {}
    for node in root.iter("outline"):
        if (one := _outline(node)) is not None:
            found.setdefault(one.feed, one)
    if not found:
        raise ConfigError(Message(OpmlMessage.NO_FEED))
    return list(found.values())


def _outline(node: etree._Element) -> Outline | None:
    said = {str(name).lower(): line(str(value)) for name, value in node.attrib.items()}
    feed = said.get("xmlurl", "")
    feed = feed.replace("feed://", "https://", 1) if feed.startswith("feed://") else feed.removeprefix("feed:")
    if not _is_web(feed):
        return None
    homepage = said.get("htmlurl", "")
    language = said.get("language", "").replace("_", "-").partition("-")[0].lower()
    language = language if re.fullmatch(r"[a-z]{2,3}", language) else ""
    title = said.get("title") or said.get("text") or ""
    categories = [part.strip() for part in said.get("category", "").split(",")]
    # with the slash that we write: a reader's own category IT is hardly Italy
    country = next((part[1:] for part in categories if part.startswith("/") and part[1:] in zones()), "")
    return Outline(title[:TITLE], feed, homepage if _is_web(homepage) else _front(feed), language or None, country)


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and bool(HttpUrl(url).host)
    except (ValueError, ValidationError):
        return False


def _front(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def proposals(outlines: Iterable[Outline], config: Config) -> tuple[list[Proposal], list[tuple[Outline, str]]]:
    """A site for each host of the listed feeds, and the feeds of configured sites, with the ids of those.

    No request is made: country, language and time zone are derived from the list and from top-level domains."""
    by_host: dict[str, list[Outline]] = {}
    known: list[tuple[Outline, str]] = []
    for outline in outlines:
        owners = [config.site_of(url).id for url in (outline.homepage, outline.feed)]
        there = [owner for owner in owners if owner in config.sites]
        if there:
            known.append((outline, there[0]))
        else:
            by_host.setdefault(authority(outline.homepage), []).append(outline)
    taken = set(config.sites)
    made = []
    for group in by_host.values():
        site = _site(group)
        site = site.model_copy(update={"id": free_id(site.id, taken)})
        taken.add(site.id)
        made.append(Proposal(site, (), (), (), None, tuple(notes(site, ()))))
    return made, known


def _site(outlines: Sequence[Outline]) -> Site:
    first = outlines[0]
    sources = [Source(kind="feed", url=HttpUrl(one.feed)) for one in outlines]
    sources = list({str(source.url): source for source in sources}.values())
    language = next((one.language for one in outlines if one.language), None)
    country = next((one.country for one in outlines if one.country), "")
    draft = first_draft(first.homepage, SiteMetadata(first.title, language), sources[0])
    draft = draft.model_copy(update={"country": country or draft.country})
    return finish(draft, [SourceOffer(source, ()) for source in sources], ())


def feeds(sites: Iterable[Site]) -> list[str]:
    """The URLs of the feeds of these sites; feed readers cannot use other kinds of sources."""
    return [str(source.url) for site in sites for source in site.sources if source.kind == "feed"]


def written(sites: Iterable[Site]) -> bytes:
    """The feeds of these sites as an OPML file."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Arshif"
    body = etree.SubElement(root, "body")
    for site in sites:
        for source in site.sources:
            if source.kind == "feed":
                name = line(site.name)
                said = {"text": name, "title": name, "type": "rss", "xmlUrl": str(source.url)}
                said |= {"htmlUrl": str(source.homepage or site.homepage), "category": f"/{site.country}"}
                etree.SubElement(body, "outline", said | {"language": source.language or site.languages[0]})
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
