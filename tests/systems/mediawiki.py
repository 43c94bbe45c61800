"""MediaWiki as Debian has it, with a MariaDB and an Apache of its own: a page is a post, its category the section."""

from __future__ import annotations

import html
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from tests.support.pictures import png
from tests.support.requirements import missing
from tests.systems.commands import run
from tests.systems.generators import NAME, PICTURE
from tests.systems.mariadb import MariaDb
from tests.systems.posts import Post
from tests.systems.web_server import Asked
from tests.systems.wordpress import PhpApache

SOURCE = Path("/usr/share/mediawiki")
NEEDED = "apt install mediawiki apache2 libapache2-mod-php mariadb-server"
EDITOR = "Editor"
# What its manual says for short addresses, for files, and for headlines that are no page names
SETTINGS = """
$wgArticlePath = '/wiki/$1';
$wgUsePathInfo = true;
$wgEnableUploads = true;
$wgRestrictDisplayTitle = false;
$wgShellLocale = 'C.UTF-8';
$wgJobRunRate = 0;
"""
DUMP = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ar">{}</mediawiki>'
PAGE = """<page><title>{title}</title><revision><timestamp>{time:%Y-%m-%dT%H:%M:%SZ}</timestamp>
<contributor><username>{author}</username></contributor><model>wikitext</model><format>text/x-wiki</format>
<text xml:space="preserve">{text}</text></revision></page>"""


class MediaWiki:
    """MediaWiki in Arabic with its default theme, Vector, behind Apache with mod_deflate. `stop` ends all."""

    name = "MediaWiki"
    language = "ar"
    picture = Path(PICTURE).stem.capitalize()  # as it names files
    shows = frozenset[str]()
    takes_away = True
    locks = validates = False
    to_the_minute = None  # its pages say when they were last edited, and not when they were published

    def __init__(self) -> None:
        if not (SOURCE.is_dir() and shutil.which("php")):
            missing(f"There is no MediaWiki with its servers on this machine ({NEEDED}).")
        self.server = PhpApache()
        self.folder, self.root, self.home = self.server.folder, self.server.root, self.server.home
        self.database = MariaDb(self.folder)
        self.shown: dict[str, Post] = {}  # by the names that their pages have now

    def start(self) -> None:
        """Set all up and start it."""
        self.database.start("wiki")
        shutil.copytree(SOURCE, self.root, ignore=_links_to_settings)
        for name in ("images", "cache"):
            (self.root / name).mkdir(exist_ok=True)
            (self.root / name).chmod(0o777)
        self._run(
            "install", "--dbtype=mysql", f"--dbserver=localhost:{self.database.socket}", "--dbname=wiki",
            "--dbuser=root", "--dbpass=", f"--server={self.home}", "--scriptpath=", f"--lang={self.language}",
            "--pass=a secret for a test", "--skins=Vector", f"--confpath={self.root}", NAME[self.language], EDITOR,
        )  # fmt: skip
        with (self.root / "LocalSettings.php").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
        (self.folder / "pictures").mkdir()
        (self.folder / "pictures" / PICTURE).write_bytes(png(600, 400))
        self._run("importImages", str(self.folder / "pictures"), "--user", EDITOR)
        self.server.start({})

    def show(self, posts: Sequence[Post]) -> None:
        """Show these posts: those that are there get an edit where they differ, and others are deleted. One that is
        scheduled is not there before its hour."""
        wanted = {post.path: post for post in posts if not post.is_scheduled}
        moved = {post.moved_from: name for name, post in wanted.items() if post.moved_from in self.shown}
        self._all("moveBatch", [f"{old}|{new}" for old, new in moved.items()])
        self.shown = {moved.get(name, name): post for name, post in self.shown.items()}
        self._all("deleteBatch", [name for name in self.shown if name not in wanted])
        changed = [post for name, post in wanted.items() if name not in self.shown or _differs(self.shown[name], post)]
        pages = "".join(_page(post, is_new=post.path not in self.shown) for post in changed)
        (self.folder / "posts.xml").write_text(DUMP.format(pages), "utf-8")
        self._run("importDump", str(self.folder / "posts.xml"))
        self._run("rebuildrecentchanges")
        self._run("runJobs")
        self.shown = wanted

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, as it was first: the feed's, without the edit that it tells of."""
        return f"/index.php?title={quote(post.before.path[0].upper() + post.before.path[1:])}"

    def asked(self) -> list[Asked]:
        """What was asked for since the last look."""
        return self.server.asked()

    @property
    def versions(self) -> str:
        """Its version and Apache's."""
        said = self._run("version")
        return f"{said.split('version: ')[1].split()[0]} behind Apache {self.server.version}"

    def stop(self) -> None:
        """End both servers, and remove all."""
        self.server.stop()
        self.database.stop()
        self.server.close()

    def _all(self, command: str, lines: Sequence[str]) -> None:
        if lines:
            file = self.folder / "lines.txt"
            file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            self._run(command, "-u", EDITOR, str(file))

    def _run(self, command: str, *arguments: str) -> str:
        return run("php", str(self.root / "maintenance" / f"{command}.php"), *arguments)


def _links_to_settings(folder: str, names: list[str]) -> list[str]:
    """What Debian keeps elsewhere, for the machine's own wiki."""
    return [name for name in names if folder == str(SOURCE) and name in {"LocalSettings.php", "config", "images"}]


def _differs(before: Post, after: Post) -> bool:
    return (before.headline, before.body) != (after.headline, after.body)


def _page(post: Post, *, is_new: bool) -> str:
    lines = [f"{{{{DISPLAYTITLE:{post.headline}}}}}", *post.body, f"[[تصنيف:{post.section}]]"]
    if post.fate == "picture":
        lines.insert(2, f"[[ملف:{PICTURE.capitalize()}|مصغر]]")
    time = post.published.astimezone(UTC) if is_new else datetime.now(UTC)
    text, author = html.escape("\n\n".join(lines)), html.escape(post.author)
    return PAGE.format(title=html.escape(post.path), time=time, author=author, text=text)
