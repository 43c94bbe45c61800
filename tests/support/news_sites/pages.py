"""Pages: articles, listings and the pages that are neither, in the theme of the site."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import dates, jsonld
from .answer import Answer, Visit, as_json
from .article import Article
from .ui_strings import WORDS

HERE = Path(__file__).parent
_CURLY = {'"': "&#8221;", "“": "&#8220;", "”": "&#8221;", "…": "&#8230;", "–": "&#8211;"}


def texturize(text: str) -> Markup:
    """A text as WordPress writes it: escaped, with typographic quotes as numbers."""
    escaped = html.escape(text, quote=False)
    return Markup("".join(_CURLY.get(letter, letter) for letter in escaped))


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=lambda name: bool(name) and name.endswith((".html", ".xml")),  # type: ignore[union-attr]
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(day=dates.day, iso=dates.iso, rfc822=dates.rfc822, iri=unquote, wp=texturize)
    return made


TEMPLATES = _environment()


def render(template: str, visit: Visit, **values: Any) -> str:
    """A template with the site, its words, the base of its addresses and these values."""
    outlet = visit.edition.outlet
    return TEMPLATES.get_template(template).render(
        visit=visit,
        edition=visit.edition,
        site=outlet,
        base=visit.base,
        words=WORDS[outlet.language],
        rtl=outlet.language in ("ar", "fa"),
        **values,
    )


def page(visit: Visit, name: str, status: int = 200, **values: Any) -> Answer:
    """A page of the site's theme in its encoding; letters that it lacks become references. A page with `article` is as
    new as the article, any other as the site."""
    outlet = visit.edition.outlet
    text = render(f"{outlet.theme}/{name}.html", visit, **values)
    article = values.get("article")
    modified = article.modified if isinstance(article, Article) else visit.edition.changed
    body = text.encode(outlet.encoding, "xmlcharrefreplace")
    return Answer(status, body, outlet.content_type, modified if status == 200 else None)


def article(visit: Visit, article: Article) -> Answer:
    """The article's page, with older ones beside it."""
    truth = article.at(visit.base)
    return page(
        visit,
        "article",
        article=truth,
        related=visit.edition.related(article),
        popular=sorted(visit.edition.articles, key=lambda a: a.number)[:5],
        linked=jsonld.for_article(truth, visit),
        title=truth.headline,
    )


def amp(visit: Visit, article: Article) -> Answer:
    """The AMP variant of an article's page."""
    truth = article.at(visit.base)
    return page(visit, "amp", article=truth, linked=jsonld.for_article(truth, visit))


def listing(visit: Visit, title: str, articles: Sequence[Article], paths: Sequence[str], number: int) -> Answer:
    """A section's or keyword's page; `paths` are all of its pages, `number` counts from 0."""
    return page(visit, "listing", title=title, articles=articles, paths=paths, number=number, notice="")


def home(visit: Visit) -> Answer:
    """The front page: the newest of all sections. WordPress takes ?p=ID there for the article of that id."""
    return listing(visit, visit.edition.outlet.name, visit.edition.articles[:20], ["/"], 0)


def about(visit: Visit) -> Answer:
    """Who makes the site."""
    return notice(visit, WORDS[visit.edition.outlet.language]["about"], "about_text")


def private(visit: Visit) -> Answer:
    """A page that robots.txt may forbid: nobody who reads robots.txt asks for it."""
    return notice(visit, "Members' preview", "about_text")


def missing(visit: Visit, status: int = 404) -> Answer:
    """ "Not found", in the site's words; with status 200 on sites that do not know better."""
    return notice(visit, WORDS[visit.edition.outlet.language]["missing"], "missing_text", status)


def notice(visit: Visit, title: str, text: str, status: int = 200) -> Answer:
    """A page with a title, a sentence, and the newest articles below."""
    words = WORDS[visit.edition.outlet.language]
    newest = visit.edition.articles[:5]
    return page(visit, "listing", status, title=title, articles=newest, paths=["/"], number=0, notice=words[text])


def wall(visit: Visit, status: int) -> Answer:
    """What a protection service shows in place of the page until a script has run."""
    body = render("wall.html", visit).encode()
    return Answer(status, body, "text/html; charset=UTF-8", None, {"Cache-Control": "no-store", "Server": "shield"})


def api_article(visit: Visit, article: Article) -> Answer:
    """The article as the site's script fetches it."""
    made = as_json(_plain(article.at(visit.base)), visit)
    return replace(made, modified=article.modified)


def api_list(visit: Visit) -> Answer:
    """The newest articles as the site's script fetches them."""
    return as_json([_plain(a.at(visit.base)) for a in visit.edition.articles[:20]], visit)


def _plain(article: Article) -> dict[str, Any]:
    image = article.image
    return {
        "slug": article.slug,
        "path": article.path,
        "title": article.headline,
        "section": article.section,
        "byline": list(article.authors),
        "tags": list(article.keywords),
        "published": dates.iso(article.published),
        "modified": dates.iso(article.modified),
        "paragraphs": list(article.body),
        "picture": image and {"src": image.url, "caption": image.caption, "credit": image.credit},
    }


def script(value: Any) -> Markup:
    """JSON that can stand inside a <script>."""
    return Markup(json.dumps(value, ensure_ascii=False, indent=None).replace("</", "<\\/"))


TEMPLATES.filters["script"] = script
