"""JSON-LD of an article, in the manner of its site: Yoast's graph, one NewsArticle, or nothing."""

from __future__ import annotations

from typing import Any

from .answer import Visit
from .article import Article, Image
from .dates import iso

CONTEXT = "https://schema.org"


def for_article(article: Article, visit: Visit) -> dict[str, Any] | None:
    """What stands in the page's script, or None. `article` has its addresses."""
    theme = visit.edition.outlet.theme
    if theme == "jannah":
        return _yoast(article, visit)
    if theme in ("courier", "plain") or (theme == "daily" and article.number % 2 == 0):
        return _single(article, visit)
    return None


def _single(article: Article, visit: Visit) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "NewsArticle",
        "headline": article.headline,
        "description": article.description,
        "articleSection": article.section,
        "datePublished": iso(article.published),
        "dateModified": iso(article.modified),
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "publisher": {"@type": "NewsMediaOrganization", "name": visit.edition.outlet.name, "url": visit.base + "/"},
        "mainEntityOfPage": {"@type": "WebPage", "@id": article.url},
        "keywords": list(article.keywords),
        "inLanguage": article.language,
        "isAccessibleForFree": not article.paywalled,
    }
    if article.alternative_headline:
        made["alternativeHeadline"] = article.alternative_headline
    if article.image:
        made["image"] = [_image(article.image)]
    return made


def _yoast(article: Article, visit: Visit) -> dict[str, Any]:
    """The graph of the Yoast plug-in: the article refers to its page, image, author and publisher by @id."""
    home, url = visit.base + "/", article.url
    author = {"name": article.authors[0], "@id": f"{home}#/schema/person/{article.number % 97}"}
    news: dict[str, Any] = {
        "@type": "NewsArticle",
        "@id": f"{url}#article",
        "isPartOf": {"@id": url},
        "author": author,
        "headline": article.headline,
        "datePublished": iso(article.published),
        "dateModified": iso(article.modified),
        "mainEntityOfPage": {"@id": url},
        "wordCount": len(article.text.split()),
        "publisher": {"@id": f"{home}#organization"},
        "keywords": list(article.keywords),
        "articleSection": [article.section],
        "inLanguage": article.language,
    }
    page: dict[str, Any] = {
        "@type": "WebPage",
        "@id": url,
        "url": url,
        "name": f"{article.headline} - {visit.edition.outlet.name}",
        "isPartOf": {"@id": f"{home}#website"},
        "datePublished": iso(article.published),
        "dateModified": iso(article.modified),
        "breadcrumb": {"@id": f"{url}#breadcrumb"},
        "inLanguage": article.language,
    }
    graph = [news, page, *_surroundings(article, visit), {"@type": "Person", **author}]
    if article.image:
        news["image"] = page["primaryImageOfPage"] = {"@id": f"{url}#primaryimage"}
        news["thumbnailUrl"] = article.image.url
        graph.append({"@id": f"{url}#primaryimage", "inLanguage": article.language, **_image(article.image)})
    return {"@context": CONTEXT, "@graph": graph}


def _surroundings(article: Article, visit: Visit) -> list[dict[str, Any]]:
    home, name = visit.base + "/", visit.edition.outlet.name
    crumbs = [
        {"@type": "ListItem", "position": 1, "name": "الرئيسية", "item": home},
        {"@type": "ListItem", "position": 2, "name": article.headline},
    ]
    return [
        {"@type": "BreadcrumbList", "@id": f"{article.url}#breadcrumb", "itemListElement": crumbs},
        {"@type": "WebSite", "@id": f"{home}#website", "url": home, "name": name},
        {"@type": "Organization", "@id": f"{home}#organization", "name": name, "url": home},
    ]


def _image(image: Image) -> dict[str, Any]:
    made = {"@type": "ImageObject", "url": image.url, "contentUrl": image.url, "width": 640, "height": 360}
    return {**made, "caption": image.caption, **({"creditText": image.credit} if image.credit else {})}
