"""Edition: a site as it is between two changes. Immutable; each change makes the next one, so threads never wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, count
from urllib.parse import parse_qsl, unquote, urlencode

from .answer import Answer, Routes
from .article import Article, Draft, Image
from .profile import Address, FeedKind, Outlet

TICK = timedelta(seconds=1)  # HTTP dates have whole seconds: two changes never share one
FIRST_NUMBER, STEP = 1040, 7  # ids of articles, as a CMS counts them that also numbers pictures
TRACKING = ("utm_", "fbclid", "ref")


@dataclass(frozen=True)
class Edition:
    """`articles` newest first; `moved` maps old paths to articles' slugs, `gone` those of vanished ones to a status.

    `buried` is the status of the feeds' own paths after they died; they live on below /v2 then.
    """

    outlet: Outlet
    articles: tuple[Article, ...]
    changed: datetime
    moved: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, int] = field(default_factory=dict)
    buried: int | None = None
    issued: int = 0
    cache: dict[tuple[str, str], Answer] = field(default_factory=dict, init=False, compare=False)

    @cached_property
    def routes(self) -> Routes:
        """Every address that it answers: decoded path, with the query where that tells pages apart."""
        from .routes import routes  # the pages need the edition, and the edition its pages

        return routes(self)

    @cached_property
    def feeds(self) -> Mapping[str, FeedKind]:
        """The living feeds' paths and kinds."""
        prefix = "/v2" if self.buried else ""
        return {prefix + path: kind for path, kind in self.outlet.feeds.items()}

    def article(self, slug: str) -> Article:
        """The article with that slug; KeyError if it has none."""
        for article in self.articles:
            if article.slug == slug:
                return article
        raise KeyError(f"{self.outlet.id} has no article {slug!r}")

    def section(self, label: str) -> list[Article]:
        """The articles of a section, newest first."""
        return [article for article in self.articles if article.section == label]

    def related(self, article: Article, limit: int = 3) -> list[Article]:
        """Older articles, of its section first: they do not change when another one is published."""
        older = [a for a in self.articles if a.number < article.number]
        return sorted(older, key=lambda a: (a.section != article.section, -a.number))[:limit]

    def published(self, draft: Draft, now: datetime) -> Edition:
        """The next edition, with this text as a new article (the newest in `issued` order)."""
        article = self._article(draft, now)
        articles = sorted((*self.articles, article), key=lambda a: (a.published, a.number), reverse=True)
        return replace(self._next(article.modified), articles=tuple(articles), issued=self.issued + 1)

    def edited(self, slug: str, changes: Mapping[str, object], now: datetime) -> Edition:
        """The next edition, with these fields of an article changed and its `modified` later than before."""
        article = self.article(slug)
        later = max(now.astimezone(self.outlet.tzinfo).replace(microsecond=0), article.modified + TICK)
        return self._with(replace(article, **{"modified": later, **changes}), later)  # type: ignore[arg-type]

    def relocated(self, slug: str, now: datetime) -> Edition:
        """The next edition, with an article at another address; the old one leads there."""
        article = self.article(slug)
        path = next(path for path in self._paths(_address(self.outlet, article), start=2) if self._free(path))
        edition = self._with(replace(article, path=path), now)
        return replace(edition, moved={**self.moved, key(article.path): slug})

    def without(self, slug: str, status: int, now: datetime) -> Edition:
        """The next edition, without an article: its addresses answer that status."""
        article = self.article(slug)
        old = {path for path, target in self.moved.items() if target == slug}
        gone = {**self.gone, **dict.fromkeys({key(article.path), *old}, status)}
        moved = {path: target for path, target in self.moved.items() if target != slug}
        left = tuple(a for a in self.articles if a is not article)
        return replace(self._next(now), articles=left, gone=gone, moved=moved)

    def _with(self, article: Article, now: datetime) -> Edition:
        articles = tuple(article if a.slug == article.slug else a for a in self.articles)
        return replace(self._next(now), articles=articles)

    def _next(self, now: datetime) -> Edition:
        return replace(self, changed=max(now.astimezone(self.outlet.tzinfo), self.changed + TICK))

    def _article(self, draft: Draft, now: datetime) -> Article:
        outlet = self.outlet
        published, modified = draft.dates(now.astimezone(outlet.tzinfo))
        slugs = {a.slug for a in self.articles}
        article = Article(
            site=outlet.id,
            slug=next(s for s in (draft.slug + mark for mark in _marks(1)) if s not in slugs),
            number=FIRST_NUMBER + STEP * self.issued,
            path="",
            headline=draft.headline,
            body=draft.body,
            section=outlet.section_for(draft.sections),
            authors=draft.authors,
            keywords=draft.keywords,
            published=published,
            modified=modified,
            language=outlet.language,
            alternative_headline=draft.alternative_headline,
            image=Image(outlet.image_path.format(draft.slug), draft.caption, draft.credit) if draft.caption else None,
            figure=draft.figure,
            paywalled=draft.paywalled,
        )
        return replace(article, path=next(p for p in self._paths(_address(outlet, article)) if self._free(p)))

    def _paths(self, address: Address, start: int = 1) -> Iterator[str]:
        return (self.outlet.permalink(replace(address, mark=mark)) for mark in _marks(start))

    def _free(self, path: str) -> bool:
        taken = chain((key(a.path) for a in self.articles), self.moved, self.gone)
        return key(path) not in taken


def key(path: str) -> str:
    """A path and query as `routes` has them: decoded, without what only tracks the reader."""
    path, _, query = path.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if not name.startswith(TRACKING)]
    return unquote(path) + (f"?{unquote(urlencode(kept))}" if kept else "")


def _address(outlet: Outlet, article: Article) -> Address:
    section = outlet.sections[article.section]
    return Address(article.slug, article.headline, article.number, section, article.published)


def _marks(start: int) -> Iterator[str]:
    return ("" if number == 1 else f"-{number}" for number in count(start))
