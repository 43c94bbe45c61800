"""WordPress as Debian has it, with a MariaDB and an Apache of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.support.patience import PATIENCE, wait_for
from tests.support.pictures import png
from tests.support.requirements import missing
from tests.systems.generators import NAME, PICTURE
from tests.systems.posts import Post
from tests.systems.web_server import Asked, asked_in

SOURCE = Path("/usr/share/wordpress")
MODULES = Path("/usr/lib/apache2/modules")
NEEDED = (
    "apt install wordpress wordpress-l10n wordpress-theme-twentytwentythree apache2 libapache2-mod-php mariadb-server"
)
APACHE = """
ServerRoot /etc/apache2
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
Mutex file:{folder} default
ErrorLog {folder}/error.log
LogFormat "%>s\\t%r\\t%{{If-None-Match}}i%{{If-Modified-Since}}i" asked
CustomLog {folder}/access.log asked
User www-data
Group www-data
{modules}
TypesConfig /etc/mime.types
AddType application/x-httpd-php .php
DirectoryIndex index.php
AddOutputFilterByType DEFLATE text/html application/rss+xml application/json text/xml
DocumentRoot {root}
<Directory {root}>
    Require all granted
    FallbackResource /index.php
</Directory>
StartServers 2
MaxRequestWorkers 4
"""
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{folder}/db.sock'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '{home}'); define('WP_SITEURL', '{home}'); define('WPLANG', '{language}');
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT',
    'LOGGED_IN_SALT', 'NONCE_SALT'] as $key) {{ define($key, 'for a test'); }}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""


class WordPress:
    """WordPress in Arabic with its theme of 2023, behind Apache with mod_deflate. Both are ended by `stop`."""

    name = "WordPress"
    language = "ar"
    shows = frozenset(("author", "section"))
    takes_away = locks = True
    validates = False

    def __init__(self) -> None:
        programs = [
            shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("mariadbd", "apache2", "php")
        ]
        if not (SOURCE.is_dir() and all(programs)):
            missing(f"There is no WordPress with its servers on this machine ({NEEDED}).")
        self.folder = Path(tempfile.mkdtemp(prefix="wordpress-"))  # which Apache's own user can read
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = f"http://127.0.0.1:{self.port}"
        self._running: list[subprocess.Popen[bytes]] = []
        self._seen = 0

    def start(self) -> None:
        """Set all up and start it."""
        database = self.folder / "db"
        own = ["--no-defaults", f"--datadir={database}", f"--socket={self.folder}/db.sock"]
        create = ["mariadb-install-db", *own[:2], "--auth-root-authentication-method=normal", "--skip-test-db"]
        _run(*create, "--user=root")
        self._running.append(subprocess.Popen(["mariadbd", *own, "--skip-networking", "--user=root"]))
        ask = ["mariadb", *own[:1], own[2], "-u", "root", "-e"]
        wait_for(lambda: subprocess.run([*ask, "SELECT 1"], capture_output=True, check=False).returncode == 0)
        _run(*ask, "CREATE DATABASE wordpress CHARACTER SET utf8mb4")
        others = shutil.ignore_patterns(*(f"*-{one}.*" for one in _other_languages()))
        shutil.copytree(SOURCE, self.root, ignore=others)
        config = CONFIG.format(folder=self.folder, home=self.home, language=self.language)
        (self.root / "wp-config.php").write_text(config, "utf-8")
        uploads = self.root / "wp-content" / "uploads"
        uploads.mkdir()
        uploads.chmod(0o777)
        names = ["mpm_prefork", "php8.2", "dir", "mime", "deflate", "filter", "authz_core"]
        files = {name: MODULES / (f"lib{name}.so" if name.startswith("php") else f"mod_{name}.so") for name in names}
        loaded = "\n".join(f"LoadModule {name.partition('8')[0]}_module {file}" for name, file in files.items())
        text = APACHE.format(port=self.port, folder=self.folder, root=self.root, modules=loaded)
        (self.folder / "apache.conf").write_text(text, "utf-8")
        told = {"install": True, "title": NAME[self.language], "language": self.language, "theme": "twentytwentythree"}
        self._tell(told)
        command = ["apache2", "-f", str(self.folder / "apache.conf"), "-D", "FOREGROUND"]
        self._running.append(subprocess.Popen(command, start_new_session=True))  # at its end it ends all of its group
        wait_for(lambda: httpx.get(f"{self.home}/", trust_env=False, timeout=PATIENCE).status_code == 200)
        self.asked()

    def show(self, posts: Sequence[Post]) -> None:
        """Show these posts: those that are there are updated where they differ, and others go to the trash."""
        picture = self.folder / PICTURE
        picture.write_bytes(png(600, 400))
        rows = [
            {
                "number": post.path.removesuffix("-again").rpartition("-")[2],
                "headline": post.headline,
                "content": _blocks(post),
                "path": post.path,
                "author": post.author,
                "section": post.section,
                "date": f"{post.published:%Y-%m-%d %H:%M:%S}",
                "status": "future" if post.is_scheduled else "publish",
                "password": "secret" if post.fate == "locked" else "",
                "picture": str(picture) if post.fate == "picture" else "",
                "sticky": post.fate == "sticky",
            }
            for post in posts
        ]
        self._tell({"install": False, "posts": rows})

    def url(self, post: Post) -> str:
        """The path of a post in the site's URLs, which has its month."""
        return f"/{post.published:%Y/%m}/{post.moved_from or post.path}/"

    def asked(self) -> list[Asked]:
        """What was asked for since the last look, robots.txt left out."""
        new, self._seen = asked_in(self.folder / "access.log", self._seen)
        return new

    @property
    def versions(self) -> str:
        """Its version and Apache's."""
        php = (self.root / "wp-includes" / "version.php").read_text("utf-8")
        own = php.split("$wp_version = '")[1].split("'")[0]
        done = subprocess.run(["apache2", "-v"], capture_output=True, text=True, check=True)
        return f"{own} behind Apache {done.stdout.split('Apache/')[1].split()[0]}"

    def stop(self) -> None:
        """End both servers, and remove all."""
        for process in reversed(self._running):
            process.terminate()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _tell(self, what: object) -> None:
        file = self.folder / "wanted.json"
        file.write_text(json.dumps(what), "utf-8")
        script = str(Path(__file__).with_suffix(".php"))
        _run("php", "-d", "display_errors=stderr", script, str(self.root), str(file), WORDPRESS_HOME=self.home)


def _blocks(post: Post) -> str:
    """A post's text as the editor of blocks writes it, in two pages if it has them."""
    blocks = [f"<!-- wp:paragraph -->\n<p>{text}</p>\n<!-- /wp:paragraph -->" for text in post.body]
    if post.fate == "pages":
        blocks.insert(len(blocks) // 2, "<!-- wp:nextpage -->\n<!--nextpage-->\n<!-- /wp:nextpage -->")
    return "\n\n".join(blocks)


def _other_languages() -> set[str]:
    found = {path.stem.rpartition("-")[2] for path in (SOURCE / "wp-content" / "languages").glob("admin-*.mo")}
    return found - {WordPress.language, "network"}


def _run(*command: str, **env: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
