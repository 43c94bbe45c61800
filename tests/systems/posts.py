"""Ten posts and what becomes of them: the same for every system."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.support.news_sites import story_generator

# What a post is like, or what happens to it between the two states of its site; "backdated" and "scheduled" ones are
# not there before. Where a system knows no passwords or posts in several pages, "locked" and "pages" are plain ones.
FATES = ("plain", "locked", "pages", "picture", "sticky", "edited", "moved", "deleted", "backdated", "scheduled")
CORRECTION = {
    "ar": "تصحيح: ذكرت نسخة سابقة من هذا الخبر رقما آخر.",
    "en": "Correction: an earlier version gave another number.",
}


@dataclass(frozen=True)
class Post:
    """A post as it is written: `published` is aware, `path` its name in its URL, `moved_from` the one it had before."""

    fate: str
    path: str
    headline: str
    body: tuple[str, ...]
    author: str
    section: str
    published: datetime
    moved_from: str | None = None
    is_scheduled: bool = False

    @property
    def before(self) -> Post:
        """The post at the path that it had first."""
        return replace(self, path=self.moved_from or self.path)

    @property
    def text(self) -> str:
        """The body as it is stored."""
        return "\n\n".join(self.body)


def first(language: str, now: datetime) -> list[Post]:
    """What the site has at its first build; the scheduled post is of tomorrow."""
    posts = [one for one in _all(language, now) if one.fate != "backdated"]
    return [replace(one, is_scheduled=one.fate == "scheduled") for one in posts]


def second(language: str, now: datetime) -> list[Post]:
    """What it has at the second: one was edited, one moved, one is gone, one was inserted with a date in the past, and
    the hour of the scheduled one has come."""
    return [_later(one, language, now) for one in _all(language, now) if one.fate != "deleted"]


def _all(language: str, now: datetime) -> list[Post]:
    return [_post(number, fate, language, now) for number, fate in enumerate(FATES)]


def _post(number: int, fate: str, language: str, now: datetime) -> Post:
    said = story_generator.story(language, number)
    hours = {"backdated": 70, "scheduled": -24}.get(fate, 1 + 5 * number)
    published = (now - timedelta(hours=hours)).replace(second=0, microsecond=0)
    return Post(fate, f"{said.slug}-{number}", said.headline, said.body, said.authors[0], said.sections[0], published)


def _later(post: Post, language: str, now: datetime) -> Post:
    if post.fate == "edited":
        return replace(post, body=(*post.body, CORRECTION[language]))
    if post.fate == "moved":
        return replace(post, path=f"{post.path}-again", moved_from=post.path)
    if post.fate == "scheduled":
        return replace(post, published=(now - timedelta(minutes=2)).replace(second=0, microsecond=0))
    return post
