"""A site is added in the browser's way to a running daemon, which looks at it in a child, crawls it, and leaves it."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import yaml
from lxml import html

from tests.integration.daemon_process import Service, daemon
from tests.integration.harness import Harness
from tests.support import loopback
from tests.support.news_sites import Newsroom
from tests.support.patience import wait_for

OURS = {"sec-fetch-site": "same-origin"}


def get(service: Service, path: str) -> httpx.Response:
    return loopback.get(service.page + path)


def post(service: Service, path: str, **form: str) -> httpx.Response:
    return loopback.post(service.page + path, data=form, headers=OURS)


def test_a_site_is_added_crawled_and_switched_off_while_the_daemon_runs(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr", "fa")) as room:
        house = Harness(room, tmp_path, every=600)
        (house.config / "sites" / "test" / "fa.yaml").unlink()
        with daemon(house) as service:
            service.wait_for(lambda: (house.data / "archive.sqlite3").exists() and service.children("serve"))
            wait_for(lambda: answers(service))
            sent = post(service, "/add-site", url=f"http://{room.sites['fa'].host}/")
            assert sent.status_code == 303, sent.text
            path = sent.headers["location"]
            service.wait_for(lambda: b"<textarea" in get(service, path).content)
            (form,) = html.fromstring(get(service, path).content).cssselect("#preview form")
            site, text = form.cssselect("input[name=id]")[0].get("value"), form.cssselect("textarea")[0].text
            assert len(form.getparent().cssselect(".tried > li")) == min(5, len(room.articles("fa")))
            answer = post(service, path, id=site, file=text)
            assert answer.headers["location"] == f"/sites/{site}"
            file = house.config / "sites.local" / f"{site}.yaml"
            assert yaml.safe_load(file.read_text("utf-8"))["enabled"] is True
            service.says("the sites have changed: 2 are crawled")
            service.wait_for(lambda: service.found(f"site:{site}"))

            assert post(service, f"/sites/{site}/switch").status_code == 303
            service.says("the sites have changed: 1 are crawled")
            assert yaml.safe_load(file.read_text("utf-8"))["enabled"] is False
            service.wait_for(lambda: "switched off" in get(service, f"/sites/{site}?ui=en").text)
            file.write_text("name: [\n", "utf-8")
            service.says("the sites stay as they were until this is mended")
            file.write_text(text, "utf-8")
            service.wait_for(lambda: service.log.count("the sites have changed: 2 are crawled") == 2)
            failed = post(service, "/add-site", url="http://nobody.example.invalid/").headers["location"]
            service.wait_for(lambda: 'role="alert"' in get(service, failed).text)
            assert service.end(signal.SIGTERM) == 0
        assert "Traceback" not in service.log


def answers(service: Service) -> bool:
    try:
        return get(service, "/healthz").status_code == 200
    except httpx.HTTPError:
        return False
