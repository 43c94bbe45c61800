"""The other web servers, each set up as its package's own file does it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.systems.web_server import MIDDLING, Asked, Nginx, WebServer

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
AddOutputFilterByType DEFLATE text/html application/json text/xml {types}
DocumentRoot {folder}/root
StartServers 2
MaxRequestWorkers 4
{more}
"""
STATIC = """
DirectoryIndex index.html
<Directory {folder}/root>
    Require all granted
</Directory>
{moved}
"""
LIGHTTPD = """
server.modules = ("mod_indexfile", "mod_access", "mod_redirect", "mod_deflate", "mod_accesslog", "mod_staticfile")
server.document-root = "{folder}/root"
server.errorlog = "{folder}/error.log"
server.bind = "127.0.0.1"
server.port = {port}
index-file.names = ("index.html")
include_shell "/usr/share/lighttpd/create-mime.conf.pl"
deflate.mimetypes = ("text/html", {types})
deflate.allowed-encodings = ("brotli", "gzip", "deflate")
accesslog.filename = "{folder}/access.log"
accesslog.format = "%s\\t%r\\t%{{If-None-Match}}i%{{If-Modified-Since}}i"
url.redirect-code = 301
url.redirect = ({moved})
"""
CADDY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    root * {folder}/root
    encode gzip
    file_server
    log {{
        output file {folder}/access.log
    }}
    {moved}
}}
"""
VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{behind}"; }}
sub vcl_backend_response {{ if (beresp.http.content-type ~ "text|xml") {{ set beresp.do_gzip = true; }} }}
"""


class Apache(WebServer):
    """Apache with mod_deflate, for files or, with other modules and directives, for what is made as it is asked for."""

    name, program, package = "Apache", "apache2", "apache2"
    modules: tuple[str, ...] = ("mpm_event", "alias")
    more = STATIC

    @property
    def version(self) -> str:
        return self._told("-v").split("Apache/")[1].split()[0]

    def commands(self, moved: Mapping[str, str]) -> Sequence[Sequence[str]]:
        folder = Path("/usr/lib/apache2/modules")
        names = [*self.modules, "dir", "mime", "deflate", "filter", "authz_core"]
        files = {name: folder / (f"lib{name}.so" if name.startswith("php") else f"mod_{name}.so") for name in names}
        loaded = "\n".join(f"LoadModule {name.partition('8')[0]}_module {file}" for name, file in files.items())
        lines = "\n".join(f"Redirect 301 {old} {new}" for old, new in moved.items())
        more = self.more.format(folder=self.folder, moved=lines)
        text = APACHE.format(folder=self.folder, port=self.port, types=MIDDLING, modules=loaded, more=more)
        return [[self.command, "-f", self._write("apache.conf", text), "-D", "FOREGROUND"]]


class Lighttpd(WebServer):
    """lighttpd with mod_deflate."""

    name, program, package = "lighttpd", "lighttpd", "lighttpd lighttpd-mod-deflate"

    @property
    def version(self) -> str:
        return self._told("-v").split("/")[1].split()[0]

    def commands(self, moved: Mapping[str, str]) -> Sequence[Sequence[str]]:
        lines = ", ".join(f'"^{old}$" => "{new}"' for old, new in moved.items())
        types = ", ".join(f'"{one}"' for one in MIDDLING.split())
        text = LIGHTTPD.format(folder=self.folder, port=self.port, types=types, moved=lines)
        return [[self.command, "-D", "-f", self._write("lighttpd.conf", text)]]


class Caddy(WebServer):
    """Caddy, over plain HTTP."""

    name, program, package = "Caddy", "caddy", "caddy"

    @property
    def version(self) -> str:
        return self._told("version").split()[0].removeprefix("v")

    def commands(self, moved: Mapping[str, str]) -> Sequence[Sequence[str]]:
        lines = "\n".join(f"redir {old} {new} 301" for old, new in moved.items())
        file = self._write("Caddyfile", CADDY.format(folder=self.folder, port=self.port, moved=lines))
        return [[self.command, "run", "--adapter", "caddyfile", "--config", file]]

    def read(self, line: str) -> Asked:
        """Its log is JSON."""
        said = json.loads(line)
        sent = said["request"]["headers"]
        return Asked(said["request"]["uri"], said["status"], "If-None-Match" in sent or "If-Modified-Since" in sent)


class Varnish(WebServer):
    """Varnish, which compresses, in front of an nginx. It keeps nothing of before a site is served anew."""

    name, program, package = "Varnish", "varnishd", "varnish nginx"

    def __init__(self) -> None:
        super().__init__()
        self.behind = Nginx()

    @property
    def version(self) -> str:
        return f"{self._told('-V').split('varnish-')[1].split()[0]} before nginx {self.behind.version}"

    def commands(self, moved: Mapping[str, str]) -> Sequence[Sequence[str]]:  # noqa: ARG002 - the server behind sends them
        vcl = self._write("site.vcl", VARNISH.format(behind=self.behind.port))
        place = f"{self.folder}/work"
        jail = ["-j", "none"] if os.geteuid() == 0 else []  # whose other user may not compile in this folder
        said = "%s\t%m %U%q\t%{If-None-Match}i%{If-Modified-Since}i"
        return [  # what writes the log gives up where there is no server yet
            [self.command, "-F", *jail, "-n", place, "-f", vcl, "-a", f"127.0.0.1:{self.port}", "-s", "malloc,16m"],
            [str(shutil.which("varnishncsa")), "-a", "-n", place, "-t", "off", "-F", said, "-w", str(self.log)],
        ]

    def serve(self, built: Path, moved: Mapping[str, str]) -> None:
        self.behind.serve(built, moved)
        super().serve(built, moved)

    def close(self) -> None:
        super().close()
        self.behind.close()


SERVERS: tuple[type[WebServer], ...] = (Apache, Lighttpd, Caddy, Varnish)
