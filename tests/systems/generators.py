"""Static site generators, each set up as its documentation says for a beginner, with the theme that it comes with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from tests.support.pictures import png
from tests.support.requirements import missing
from tests.systems.commands import run
from tests.systems.posts import Post
from tests.systems.web_server import Asked, WebServer

NAME = {"ar": "صحيفة المرفأ", "en": "The Harbour Post"}
PICTURE = "harbour.png"
HEXO = {  # what `hexo init` asks for, and two plugins
    "hexo": "8.1.2", "hexo-generator-archive": "2.0.0", "hexo-generator-category": "2.0.0",
    "hexo-generator-index": "4.0.0", "hexo-generator-tag": "2.0.0", "hexo-renderer-ejs": "2.0.0",
    "hexo-renderer-marked": "7.0.1", "hexo-renderer-stylus": "3.0.1", "hexo-theme-landscape": "1.1.0",
    "hexo-generator-feed": "3.0.0", "hexo-generator-sitemap": "3.0.1",
}  # fmt: skip
JEKYLL = "apt install jekyll jekyll-theme-minima ruby-jekyll-feed ruby-jekyll-redirect-from"


class System(Protocol):
    """A system that makes a site of posts."""

    name: str
    language: str
    redirects_itself: bool  # whether it writes pages that lead from old addresses to new ones
    takes_away: bool  # whether a build removes what a deleted post left
    shows: frozenset[str]  # which of author and section its theme shows with a post

    def build(self, posts: Sequence[Post], home: str) -> Path:
        """Make the site of these posts for this address; return the folder to serve."""

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs."""


@dataclass
class Pelican:
    """Pelican with its default theme, notmyidea."""

    programs: Path
    folder: Path
    name: str = "Pelican"
    language: str = "en"
    redirects_itself: bool = False
    takes_away: bool = False
    shows: frozenset[str] = frozenset(("author", "section"))

    def url(self, post: Post) -> str:
        return f"/{post.path}.html"

    def build(self, posts: Sequence[Post], home: str) -> Path:
        content = _emptied(self.folder / "content")
        (content / "images").mkdir()
        (content / "images" / PICTURE).write_bytes(png(600, 400))
        for post in posts:
            head = f"Title: {post.headline}\nDate: {post.published.isoformat()}\nCategory: {post.section}\n"
            head += f"Author: {post.author}\nSlug: {post.path}\n\n"
            (content / f"{post.path}.md").write_text(head + _markdown(post, "{static}/images/"), "utf-8")
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
    takes_away: bool = False
    shows: frozenset[str] = frozenset(("author",))

    def url(self, post: Post) -> str:
        return f"/posts/{post.path}/"

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
            (f"posts/{post.moved_from}/index.html", self.url(post)) for post in posts if post.moved_from is not None
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
    takes_away: bool = False
    shows: frozenset[str] = frozenset()

    def url(self, post: Post) -> str:
        return f"/posts/{post.path}/"

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
            head |= {"aliases": [self.url(post.before)]} if post.moved_from is not None else {}
            (content / f"{post.path}.md").write_text(f"{json.dumps(head)}\n\n{_markdown(post)}", "utf-8")
        _run(site, self.programs / "hugo", "--quiet")
        return site / "public"


class Jekyll:
    """Jekyll as Debian has it, with its default theme, minima, in Arabic, and its plugin for posts that were moved."""

    name = "Jekyll"
    language = "ar"
    redirects_itself = takes_away = True
    shows = frozenset(("author",))

    def __init__(self, _: Path, folder: Path) -> None:
        self.command = Path(shutil.which("jekyll") or missing(f"There is no Jekyll on this machine ({JEKYLL})."))
        self.folder = folder

    def url(self, post: Post) -> str:
        return f"/{quote(post.section)}/{post.published:%Y/%m/%d}/{post.path}.html"

    def build(self, posts: Sequence[Post], home: str) -> Path:
        site = self.folder / "site"
        if not site.exists():
            _run(self.folder, self.command, "new", "site", "--skip-bundle")
            (site / "Gemfile").unlink()  # which asks for gems that Debian's packages take the place of
            settings: dict[str, object] = {"title": NAME[self.language], "url": home, "lang": self.language}
            settings |= {"theme": "minima", "plugins": ["jekyll-feed", "jekyll-redirect-from"], "timezone": "UTC"}
            (site / "_config.yml").write_text(json.dumps(settings), "utf-8")
            (site / PICTURE).write_bytes(png(600, 400))
        content = _emptied(site / "_posts")
        for post in posts:
            head: dict[str, object] = {"layout": "post", "title": post.headline, "author": post.author}
            head |= {"date": f"{post.published:%Y-%m-%d %H:%M:%S +0000}", "categories": [post.section]}
            head |= {"redirect_from": unquote(self.url(post.before))} if post.moved_from is not None else {}
            (content / f"{post.published:%Y-%m-%d}-{post.path}.md").write_text(
                f"---\n{json.dumps(head)}\n---\n\n{_markdown(post)}", "utf-8"
            )
        _run(site, self.command, "build", "-q")
        return site / "_site"


class Hexo:
    """Hexo with its default theme, Landscape, and its plugins for a feed and a sitemap, in Arabic."""

    name = "Hexo"
    language = "ar"
    redirects_itself = takes_away = False
    shows = frozenset(("section",))

    def __init__(self, _: Path, folder: Path) -> None:
        self.npm = Path(shutil.which("npm") or missing("There is no npm on this machine (Debian: apt install npm)."))
        self.folder = folder

    def url(self, post: Post) -> str:
        return f"/{post.published:%Y/%m/%d}/{post.path}/"

    def build(self, posts: Sequence[Post], home: str) -> Path:
        site = self.folder / "site"
        if not site.exists():
            site.mkdir()
            (site / "package.json").write_text(json.dumps({"hexo": {}, "dependencies": HEXO}), "utf-8")
            _run(site, self.npm, "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund")
            own = site / "node_modules" / "hexo-cli" / "assets"
            shutil.copytree(own / "scaffolds", site / "scaffolds")
            settings = {"title": NAME[self.language], "author": NAME[self.language], "language": self.language}
            settings |= {"timezone": "UTC", "url": home, "future": "false"}
            config = "".join(
                f"{line.partition(':')[0]}: {settings[key]}\n" if (key := line.partition(":")[0]) in settings else line
                for line in (own / "_config.yml").read_text("utf-8").splitlines(keepends=True)
            )
            (site / "_config.yml").write_text(config, "utf-8")
        content = _emptied(site / "source" / "_posts")
        (site / "source" / PICTURE).write_bytes(png(600, 400))
        for post in posts:
            head = {"title": post.headline, "date": f"{post.published:%Y-%m-%d %H:%M:%S}", "categories": [post.section]}
            head |= {"sticky": 1} if post.fate == "sticky" else {}
            (content / f"{post.path}.md").write_text(f"---\n{json.dumps(head)}\n---\n\n{_markdown(post)}", "utf-8")
        _run(site, site / "node_modules" / ".bin" / "hexo", "generate", "--silent")
        return site / "public"


def _markdown(post: Post, folder: str = "/") -> str:
    """A post's text, below its picture if it has one, which is in this folder of the site."""
    picture = f"![harbour]({folder}{PICTURE})\n\n" if post.fate == "picture" else ""
    return picture + "\n\n".join(post.body)


Generator = Pelican | Nikola | Hugo | Jekyll | Hexo
GENERATORS: tuple[type[Generator], ...] = (Pelican, Nikola, Hugo, Jekyll, Hexo)


class StaticSite:
    """A site that one of these systems makes, behind a real server."""

    locks = False
    picture = Path(PICTURE).stem
    validates = to_the_minute = True

    def __init__(self, system: System, server: WebServer) -> None:
        self.system, self.server = system, server
        self.name, self.language, self.home = system.name, system.language, server.home
        self.shows, self.takes_away = system.shows, system.takes_away

    @property
    def versions(self) -> str:
        """That of the server."""
        return f"behind {self.server.name} {self.server.version}"

    def start(self) -> None:
        """Nothing is there to be served yet."""

    def show(self, posts: Sequence[Post]) -> None:
        """Make the site anew, of these posts, and serve it."""
        moved = {self.system.url(one.before): self.system.url(one) for one in posts if one.moved_from}
        built = self.system.build(posts, self.home)
        self.server.serve(built, {} if self.system.redirects_itself else moved)

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, as it was first."""
        return self.system.url(post.before)

    def asked(self) -> list[Asked]:
        """What was asked for since the last look."""
        return self.server.asked()

    def stop(self) -> None:
        """Stop serving, and remove what was served."""
        self.server.close()


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _run(folder: Path, program: Path, *arguments: str) -> None:
    run(program, *arguments, cwd=folder, LC_ALL="C.UTF-8", PATH=f"{program.parent}:{os.environ['PATH']}")
