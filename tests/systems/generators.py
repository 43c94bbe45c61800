"""Static site generators, each set up as its documentation says for a beginner, with the theme that it comes with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.support.patience import PATIENCE
from tests.support.pictures import png
from tests.systems.posts import Post
from tests.systems.web_server import Asked, Nginx

NAME = {"ar": "صحيفة المرفأ", "en": "The Harbour Post"}
PICTURE = "harbour.png"


class System(Protocol):
    """A system that makes a site of posts."""

    name: str
    language: str
    redirects_itself: bool  # whether it writes pages that lead from old addresses to new ones
    shows: frozenset[str]  # which of author and section its theme shows with a post

    def build(self, posts: Sequence[Post], home: str) -> Path:
        """Make the site of these posts for this address; return the folder to serve."""

    def url(self, path: str) -> str:
        """The path of a post in the site's URLs."""


@dataclass
class Pelican:
    """Pelican with its default theme, notmyidea."""

    programs: Path
    folder: Path
    name: str = "Pelican"
    language: str = "en"
    redirects_itself: bool = False
    shows: frozenset[str] = frozenset(("author", "section"))

    def url(self, path: str) -> str:
        return f"/{path}.html"

    def build(self, posts: Sequence[Post], home: str) -> Path:
        content = _emptied(self.folder / "content")
        (content / "images").mkdir()
        (content / "images" / PICTURE).write_bytes(png(600, 400))
        for post in posts:
            head = f"Title: {post.headline}\nDate: {post.published.isoformat()}\nCategory: {post.section}\n"
            head += f"Author: {post.author}\nSlug: {post.path}\n\n"
            picture = f"![harbour]({{static}}/images/{PICTURE})\n\n" if post.fate == "picture" else ""
            (content / f"{post.path}.md").write_text(head + picture + "\n\n".join(post.body), "utf-8")
        settings = {
            "SITENAME": NAME[self.language], "SITEURL": home, "TIMEZONE": "UTC", "DEFAULT_LANG": self.language,
            "PATH": "content", "FEED_ALL_ATOM": "feeds/all.atom.xml", "WITH_FUTURE_DATES": False,
        }  # fmt: skip
        (self.folder / "pelicanconf.py").write_text("".join(f"{k} = {v!r}\n" for k, v in settings.items()), "utf-8")
        _run(self.folder, self.programs / "pelican", "-q", "-s", "pelicanconf.py", "-o", "output")
        return self.folder / "output"


@dataclass
class Nikola:
    """Nikola with its default theme, bootblog4, in Arabic."""

    programs: Path
    folder: Path
    name: str = "Nikola"
    language: str = "ar"
    redirects_itself: bool = True
    shows: frozenset[str] = frozenset(("author",))

    def url(self, path: str) -> str:
        return f"/posts/{path}/"

    def build(self, posts: Sequence[Post], home: str) -> Path:
        site = self.folder / "site"
        if not site.exists():
            _run(self.folder, self.programs / "nikola", "init", "-q", "site")
            with (site / "conf.py").open("a", encoding="utf-8") as conf:
                conf.write(
                    f"\nBLOG_TITLE = {NAME[self.language]!r}\nDEFAULT_LANG = 'ar'\nTRANSLATIONS = {{'ar': ''}}\n"
                )
                conf.write(f"SITE_URL = {home + '/'!r}\nNAVIGATION_LINKS = {{'ar': ()}}\nTIMEZONE = 'UTC'\n")
                conf.write("POSTS = (('posts/*.md', 'posts', 'post.tmpl'),)\nimport json, os\n")
                conf.write("REDIRECTIONS = json.load(open('moved.json')) if os.path.exists('moved.json') else []\n")
        moved = [
            (f"posts/{post.moved_from}/index.html", self.url(post.path))
            for post in posts
            if post.moved_from is not None
        ]
        (site / "moved.json").write_text(json.dumps(moved), "utf-8")
        content = _emptied(site / "posts")
        (site / "images" / PICTURE).write_bytes(png(600, 400))
        for post in posts:
            head = f".. title: {post.headline}\n.. slug: {post.path}\n.. date: {post.published:%Y-%m-%d %H:%M:%S UTC}\n"
            head += f".. category: {post.section}\n.. author: {post.author}\n"
            head += f".. previewimage: /images/{PICTURE}\n" if post.fate == "picture" else ""
            (content / f"{post.path}.md").write_text(f"<!--\n{head}-->\n\n" + "\n\n".join(post.body), "utf-8")
        _run(site, self.programs / "nikola", "build", "-v", "0")
        return site / "output"


@dataclass
class Hugo:
    """Hugo with the theme that `hugo new theme` makes, in Arabic."""

    programs: Path
    folder: Path
    name: str = "Hugo"
    language: str = "ar"
    redirects_itself: bool = True
    shows: frozenset[str] = frozenset()

    def url(self, path: str) -> str:
        return f"/posts/{path}/"

    def build(self, posts: Sequence[Post], home: str) -> Path:
        site = self.folder / "site"
        if not site.exists():
            _run(self.folder, self.programs / "hugo", "new", "site", "site")
            _run(site, self.programs / "hugo", "new", "theme", "plain")
            settings = {"baseURL": f"{home}/", "title": NAME[self.language], "theme": "plain", "locale": self.language}
            settings |= {"defaultContentLanguage": self.language}
            (site / "hugo.toml").write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items()), "utf-8")
            (site / "static" / PICTURE).write_bytes(png(600, 400))
        content = _emptied(site / "content" / "posts")
        for post in posts:
            head: dict[str, object] = {
                "title": post.headline,
                "date": post.published.isoformat(),
                "slug": post.path,
                "tags": [post.section],
            }
            head |= {"weight": 1} if post.fate == "sticky" else {}
            head |= {"aliases": [self.url(post.moved_from)]} if post.moved_from is not None else {}
            picture = f"![harbour](/{PICTURE})\n\n" if post.fate == "picture" else ""
            (content / f"{post.path}.md").write_text(
                f"{json.dumps(head)}\n\n{picture}" + "\n\n".join(post.body), "utf-8"
            )
        _run(site, self.programs / "hugo", "--quiet")
        return site / "public"


GENERATORS: tuple[type[Pelican | Nikola | Hugo], ...] = (Pelican, Nikola, Hugo)


class StaticSite:
    """A site that one of these systems makes, behind nginx."""

    takes_away = locks = False
    validates = True

    def __init__(self, system: System, server: Nginx) -> None:
        self.system, self.server = system, server
        self.name, self.language, self.shows, self.home = system.name, system.language, system.shows, server.home

    @property
    def versions(self) -> str:
        """That of the server."""
        return f"behind nginx {self.server.version}"

    def start(self) -> None:
        """Nothing is there to be served yet."""

    def show(self, posts: Sequence[Post]) -> None:
        """Make the site anew, of these posts, and serve it."""
        moved = {self.system.url(one.moved_from): self.system.url(one.path) for one in posts if one.moved_from}
        built = self.system.build(posts, self.home)
        self.server.serve(built, {} if self.system.redirects_itself else moved)

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, as it was first."""
        return self.system.url(post.moved_from or post.path)

    def asked(self) -> list[Asked]:
        """What was asked for since the last look."""
        return self.server.asked()

    def stop(self) -> None:
        """Stop serving."""
        self.server.stop()


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _run(folder: Path, *command: Path | str) -> None:
    env = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": f"{command[0].parent}:{os.environ['PATH']}"}  # type: ignore[union-attr]
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
