"""Plone with its own theme, Barceloneta, in Arabic: news items in a folder with a feed, behind waitress and nginx."""

from __future__ import annotations

import hashlib
import html
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import httpx

from tests.support.patience import wait_for
from tests.support.pictures import png
from tests.systems.commands import run
from tests.systems.generators import NAME, PICTURE
from tests.systems.posts import Post
from tests.systems.web_server import Asked, Nginx, free_port

# What its documentation has nginx do: the site's folder as the root, under the name that was asked for
REWRITE = "/VirtualHostBase/http/$http_host/Plone/VirtualHostRoot$request_uri"
# What an editor does in the page: the site with its sitemap and its bylines for everyone, its folder of
# news with a feed, and in it a folder for each section with its posts
SCRIPT = """
import json
import os
import transaction
from AccessControl.SecurityManagement import newSecurityManager
from DateTime import DateTime
from plone.app.textfield.value import RichTextValue
from plone.dexterity.utils import createContentInContainer
from plone.namedfile.file import NamedBlobImage
from plone.registry.interfaces import IRegistry
from Products.CMFPlone.factory import addPloneSite
from plone.base.interfaces.syndication import IFeedSettings
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.event import notify
from zope.lifecycleevent import ObjectModifiedEvent

wanted = json.load(open(os.environ["WANTED"]))
newSecurityManager(None, app.acl_users.getUserById("editor").__of__(app.acl_users))
if "Plone" not in app.objectIds():
    answers = {"title": wanted["name"], "default_language": wanted["language"], "setup_content": True}
    site = addPloneSite(app, "Plone", distribution_name="classic", **answers)
    setSite(site)
    said = getUtility(IRegistry)
    said["plone.enable_sitemap"] = said["plone.allow_anon_views_about"] = True
    said["plone.display_publication_date_in_byline"] = True
    IFeedSettings(site.news).enabled = True
setSite(app.Plone)
site, workflow = app.Plone, app.Plone.portal_workflow
kept = []
for one in wanted["posts"]:
    if one["section"] not in site.news:
        part = createContentInContainer(site.news, "Folder", id=one["section"], title=one["section_title"])
        workflow.doActionFor(part, "publish")
    folder = site.news[one["section"]]
    if site.portal_membership.getMemberById(one["author"]) is None:
        said = {"username": one["author"], "email": one["author"] + "@localhost.example", "fullname": one["name"]}
        site.portal_registration.addMember(one["author"], "A secret for a test, 1", properties=said)
    text, date = RichTextValue(one["text"], "text/html", "text/x-html-safe"), DateTime(one["date"])
    item = next((folder[name] for name in (one["path"], one["before"]) if name in folder), None)
    if item is None:
        said = {"title": one["headline"], "description": one["lead"], "text": text, "language": wanted["language"]}
        item = createContentInContainer(folder, "News Item", id=one["path"], **said)
        item.setCreators([one["author"]])
        if one["picture"]:
            item.image = NamedBlobImage(data=open(one["picture"], "rb").read(), filename=one["picture"])
        if not one["locked"]:
            workflow.doActionFor(item, "publish")
    elif item.id != one["path"]:
        transaction.savepoint()  # without which nothing can be renamed
        folder.manage_renameObject(item.id, one["path"])
        item = folder[one["path"]]
    if item.text.raw != text.raw or item.effective() != date:
        item.text = text
        item.setEffectiveDate(date)
        notify(ObjectModifiedEvent(item))
    kept.append("/".join(item.getPhysicalPath()))
for brain in site.portal_catalog.unrestrictedSearchResults(portal_type="News Item"):
    if brain.getPath() not in kept:
        item = brain._unrestrictedGetObject()
        item.aq_parent.manage_delObjects([item.id])
transaction.commit()
"""


class Plone:
    """The site. `stop` ends all."""

    name = "Plone"
    language = "ar"
    picture = "image"  # its URL has the name of the post's field
    shows = frozenset(("author", "section"))
    takes_away = locks = True
    validates = False
    to_the_minute = False  # its pages have a day, its sitemap when they were changed

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.server = Nginx(behind=self.port, under=REWRITE)
        self.home = self.server.home
        self._site: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Set all up and start it."""
        self._run("mkwsgiinstance", "-d", "instance", "-u", "editor:a secret for a test")
        self._set("zope.ini", "port = 8080", f"port = {self.port}")
        self._set(
            "zope.conf", "path $INSTANCE/var/Data.fs", "path $INSTANCE/var/Data.fs\n blob-dir $INSTANCE/var/blobs"
        )
        (self.folder / "wanted.py").write_text(SCRIPT, "utf-8")
        (self.folder / PICTURE).write_bytes(png(600, 400))
        self.show([])
        self.server.start({})

    def show(self, posts: Sequence[Post]) -> None:
        """Show these posts: those that are there are changed where they differ, and others are deleted. Its database
        is one process's at a time, which is this one's for a moment."""
        rows = [
            {
                "headline": post.headline,
                "lead": post.body[0],
                "text": "".join(f"<p>{html.escape(text)}</p>" for text in post.body[1:]),
                "path": post.path,
                "before": post.before.path,
                "author": _id(post.author),
                "name": post.author,
                "section": _id(post.section),
                "section_title": post.section,
                "date": post.published.isoformat(),
                "locked": post.fate == "locked",
                "picture": PICTURE if post.fate == "picture" else "",
            }
            for post in posts
        ]
        told = {"name": NAME[self.language], "language": self.language, "posts": rows}
        (self.folder / "wanted.json").write_text(json.dumps(told), "utf-8")
        self._end()
        self._run("zconsole", "run", "instance/etc/zope.conf", "wanted.py")
        with (self.folder / "plone.log").open("ab") as log:
            command = [str(self.programs / "runwsgi"), "instance/etc/zope.ini"]
            self._site = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        wait_for(self._is_up)

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, as it was first."""
        return f"/news/{_id(post.section)}/{post.before.path}"

    def asked(self) -> list[Asked]:
        """What was asked for since the last look."""
        return self.server.asked()

    @property
    def versions(self) -> str:
        """Its version and nginx's."""
        found = metadata.distributions(
            name="Products.CMFPlone", path=[str(one) for one in self.programs.parent.glob("lib/*/site-packages")]
        )
        return f"{next(iter(found)).version} behind nginx {self.server.version}"

    def stop(self) -> None:
        """End both servers, and remove what was served."""
        self.server.stop()
        self._end()
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _set(self, name: str, old: str, new: str) -> None:
        file = self.folder / "instance" / "etc" / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/Plone", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _end(self) -> None:
        if self._site is not None:
            self._site.terminate()
            self._site.wait()
            self._site = None

    def _run(self, command: str, *arguments: str) -> None:
        path = f"{self.programs}:{os.environ['PATH']}"
        run(self.programs / command, *arguments, cwd=self.folder, PATH=path, WANTED="wanted.json")


def _id(name: str) -> str:
    return f"a{hashlib.sha256(name.encode()).hexdigest()[:8]}"
