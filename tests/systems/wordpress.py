"""WordPress as Debian has it, with a MariaDB and an Apache of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.support.pictures import png
from tests.support.requirements import missing
from tests.systems.commands import run
from tests.systems.generators import NAME, PICTURE
from tests.systems.mariadb import MariaDb
from tests.systems.posts import Post
from tests.systems.web_server import Asked
from tests.systems.web_servers import Apache

SOURCE = Path("/usr/share/wordpress")
NEEDED = (
    "apt install wordpress wordpress-l10n wordpress-theme-twentytwentyone wordpress-theme-twentytwentythree apache2 "
    "libapache2-mod-php mariadb-server"
)
PHP = """
AddType application/x-httpd-php .php
DirectoryIndex index.php
<Directory {folder}/root>
    Require all granted
    FallbackResource /index.php
</Directory>
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


class PhpApache(Apache):
    """Apache with mod_php."""

    modules = ("mpm_prefork", "php8.2")
    more = PHP


class WordPress:
    """WordPress in Arabic with one of its themes, behind Apache with mod_deflate. `stop` ends all."""

    name = "WordPress"
    picture = Path(PICTURE).stem
    language = "ar"
    shows = frozenset(("author", "section"))
    takes_away = locks = True
    validates = False
    to_the_minute = True

    def __init__(self, theme: str) -> None:
        if not ((SOURCE / "wp-content" / "themes" / theme).is_dir() and shutil.which("php")):
            missing(f"There is no WordPress with its servers on this machine ({NEEDED}).")
        self.theme, self.server = theme, PhpApache()
        self.folder, self.root, self.home = self.server.folder, self.server.root, self.server.home
        self.database = MariaDb(self.folder)

    def start(self) -> None:
        """Set all up and start it."""
        self.database.start("wordpress")
        others = shutil.ignore_patterns(*(f"*-{one}.*" for one in _other_languages()))
        shutil.copytree(SOURCE, self.root, ignore=others)
        config = CONFIG.format(folder=self.folder, home=self.home, language=self.language)
        (self.root / "wp-config.php").write_text(config, "utf-8")
        uploads = self.root / "wp-content" / "uploads"
        uploads.mkdir()
        uploads.chmod(0o777)
        self._tell({"install": True, "title": NAME[self.language], "language": self.language, "theme": self.theme})
        self.server.start({})

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
        return self.server.asked()

    @property
    def versions(self) -> str:
        """Its version and Apache's."""
        php = (self.root / "wp-includes" / "version.php").read_text("utf-8")
        own = php.split("$wp_version = '")[1].split("'")[0]
        return f"{own} with {self.theme} behind Apache {self.server.version}"

    def stop(self) -> None:
        """End both servers, and remove all."""
        self.server.stop()
        self.database.stop()
        self.server.close()

    def _tell(self, what: object) -> None:
        file = self.folder / "wanted.json"
        file.write_text(json.dumps(what), "utf-8")
        script = str(Path(__file__).with_suffix(".php"))
        run("php", "-d", "display_errors=stderr", script, str(self.root), str(file), WORDPRESS_HOME=self.home)


def _blocks(post: Post) -> str:
    """A post's text as the editor of blocks writes it, in two pages if it has them."""
    blocks = [f"<!-- wp:paragraph -->\n<p>{text}</p>\n<!-- /wp:paragraph -->" for text in post.body]
    if post.fate == "pages":
        blocks.insert(len(blocks) // 2, "<!-- wp:nextpage -->\n<!--nextpage-->\n<!-- /wp:nextpage -->")
    return "\n\n".join(blocks)


def _other_languages() -> set[str]:
    found = {path.stem.rpartition("-")[2] for path in (SOURCE / "wp-content" / "languages").glob("admin-*.mo")}
    return found - {WordPress.language, "network"}
