"""What the source says to people, and a language made by machine: every Latin letter of the English catalogue as a
Greek one."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes
from lxml import html as lxml_html
from sqlalchemy import Connection

from index.archive import Archive, articles, collections, health, notes, notices, runs, saved_searches, site_state
from index.archive.health import Health
from index.engines import Engine
from index.errors import ArchiveError, IndexUnavailable
from index.locale import catalogues, formats, messages, negotiation
from index.model.codes import RunStatus
from index.model.message import Message
from index.warc.record import Response
from index.warc.store import WarcStore
from index.web import templating
from tests.support.filled_archive import NOW, SITES, article, fill, page
from tests.support.web_client import Client, client_of

ROOT = Path(__file__).parents[2]
WEB = ROOT / "index" / "web"
GONE = article("https://mina.example/1", site="mina", headline="خبر 1", body="الخبز 1", country="EG")
KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+")

# --- keys ------------------------------------------------------------------------------------------------------------


def keys_of_source() -> tuple[set[str], set[str]]:
    """The keys that templates and code name, and the beginnings of those of which they make up the rest."""
    named: set[str] = set()
    families: set[str] = set()
    for path in WEB.glob("templates/*.html"):
        tree = Environment().parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in ("t", "word") and call.args:
                _of_template(call.args[0], call.node.name == "word", named, families)
    for tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in SAYING:
                constants = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                named |= {text for text in constants if isinstance(text, str) and KEY.fullmatch(text)}
            elif isinstance(node, ast.JoinedStr) and isinstance(start := node.values[0], ast.Constant):
                if re.fullmatch(r"([a-z_]+\.)+", str(start.value)):
                    families.add(str(start.value))
            elif isinstance(node, ast.ClassDef) and any(_name(base) == "StrEnum" for base in node.bases):
                values = [part.value.value for part in ast.walk(node) if _is_text(part)]
                named |= {text for text in values if KEY.fullmatch(text)}
    return named, families


SAYING = ("translate", "segments", "say", "text", "Message", "Refused", "t")


def constants() -> set[str]:
    """All texts of the code and the templates that could be keys."""
    texts = {
        node.value
        for tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named, _ = keys_of_source()
    return texts | named


def _of_template(arg: nodes.Expr, family: bool, named: set[str], families: set[str]) -> None:
    match arg:
        case nodes.Const() if family:
            families.add(f"{arg.value}.")
        case nodes.Const():
            named.add(arg.value)
        case nodes.CondExpr():
            for part in (arg.expr1, arg.expr2):
                if part is not None:
                    _of_template(part, family, named, families)
        case nodes.Concat() if isinstance(arg.nodes[0], nodes.Const):
            families.add(arg.nodes[0].value)


def _modules() -> Iterator[ast.Module]:
    for package in ("crawler", "index", "spiders"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text("utf-8"))


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


# --- sentences -------------------------------------------------------------------------------------------------------

SENTENCE = re.compile(r"[^\W\d_]{2,},? [^\W\d_]{2,}")  # two words side by side
NAMES = frozenset(("BibTeX", "RIS", "CSL-JSON", "JSON"))
READ = ("alt", "aria-label", "placeholder", "title", "data-hint", "data-label")  # attributes that people read
NOT_SAID = re.compile(  # headers, pages without words, patterns
    r"default-src|:root|<style>|<html|<!doctype|\\[wsdb]|realm=|HTTP/1\.1 |(?:public|private), |GET, HEAD"
)
FOR_PROGRAMS = ("info", "warning", "error", "exception", "compile", "GaugeMetricFamily", "Histogram")


def sentences_of_source() -> Iterator[str]:
    """What the page says in its templates, its code and its script, beside the catalogues; OpenAPI's descriptions,
    docstrings, the log and the metrics are for those who program and operate it."""
    for path in sorted(WEB.glob("templates/*.html")):
        yield from (f"{path.name}: {text}" for text in sentences_of_template(path.read_text("utf-8")))
    for path in sorted(WEB.glob("*.py")):
        if path.name != "sanitizer.py":  # selectors, which nobody reads
            yield from (f"{path.name}: {text}" for text in sentences_of_python(path.read_text("utf-8")))
    for path in sorted(WEB.glob("static/*.js")):
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text("utf-8"))
        yield from (f"{path.name}: {text}" for text in re.findall(r'"([A-Z][a-z]+[^"]* [^"]*)"', code))


def sentences_of_template(source: str) -> Iterator[str]:
    """Words between the tags and in attributes that people read, and sentences in expressions."""
    for const in Environment().parse(source).find_all(nodes.Const):
        if isinstance(const.value, str) and SENTENCE.search(const.value) and "nonce" not in const.value:
            yield const.value
    reader = _Reader()
    source = re.sub(r"\{% block kind %\}.*?\{% endblock %\}", "", source)  # a class
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", " ", source, flags=re.DOTALL)
    reader.feed(re.sub(r'\b[a-z-]+="\s*"', "", source))
    reader.close()
    for text in reader.texts:
        yield from (word for word in re.findall(r"[^\W\d_][\w-]+", text) if word not in NAMES)


class _Reader(HTMLParser):
    """The texts of a page, and of the attributes that people read."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.texts += [value for name, value in attrs if name in READ and value]


def sentences_of_python(source: str) -> Iterator[str]:
    """Texts of two words or more, but for docstrings, descriptions, the log, patterns, and what no reader sees."""
    tree = ast.parse(source)
    passed_over = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "description"]
            given += node.args if _name(node.func) in FOR_PROGRAMS else []
            passed_over |= {id(part) for value in given for part in ast.walk(value)}
        elif isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            passed_over |= {id(part) for part in ast.walk(node.annotation) if isinstance(part, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(text := node.value, str) and id(node) not in passed_over:
            yield from [text] if SENTENCE.search(text) and not NOT_SAID.search(text) else ()


# --- a language made by machine --------------------------------------------------------------------------------------

GREEK = str.maketrans("abcdefghijklmnopqrstuvwxyz", "αβγδεφγηιξκλμνοπχρστυωωξψζ") | str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ΑΒΓΔΕΦΓΗΙΞΚΛΜΝΟΠΧΡΣΤΥΩΩΞΨΖ"
)


@contextmanager
def folder(into: Path, monkeypatch: pytest.MonkeyPatch, *, more: str = "", without: str = "") -> Iterator[None]:
    """The catalogues in a folder of their own, with one more language made by machine, or `without` a key in Arabic."""
    for path in catalogues.folder.glob("*.po"):
        shutil.copy(path, into)
    if more:
        _write(into / f"{more}.po", into / "en.po", more)
    if without:
        text = (into / "ar.po").read_text("utf-8")
        (into / "ar.po").write_text(re.sub(rf'msgid "{re.escape(without)}"\nmsgstr .*\n', "", text), "utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(catalogues, "folder", into)
        _forget()
        yield
    _forget()


def _write(path: Path, source: Path, language: str) -> None:
    with source.open("rb") as file:
        entries = read_po(file)
    for entry in entries:
        if entry.id and isinstance(entry.string, str):
            entry.string = _greek(entry.string)
        elif entry.id:
            entry.string = tuple(map(_greek, entry.string))
    head = "Language: en_GB", f"Language: {language}"
    with path.open("wb") as file:
        write_po(file, entries, width=0)
    path.write_text(path.read_text("utf-8").replace(*head), "utf-8")


def _greek(text: str) -> str:
    return re.sub(r"\{\w+(?::\w+)?\}|([^{}]+)", lambda match: match[1].translate(GREEK) if match[1] else match[0], text)


def _forget() -> None:
    for cached in (
        *(catalogues.languages, catalogues.catalogue, formats.days, formats.own_name, formats._number, formats._day),
        *(messages._constant, negotiation.negotiate, templating._helpers),
    ):
        cached.cache_clear()


# --- every page ------------------------------------------------------------------------------------------------------

LATIN = re.compile(r"\b[A-Za-z]{2,}\b")
# Names, units and codes that are the same in every language, and what a test of ours wrote into the archive.
SAME = frozenset(
    (
        *("Arshif", "UTC", "CSV", "JSONL", "WACZ", "BibTeX", "RIS", "CSL", "JSON", "Esc", "Enter"),
        *("ld", "json", "body", "test", "nosuch", "site", "form", "after", "has", "gone", "OR"),
    )
)


def latin(html: str) -> set[str]:
    """The words in Latin letters that a page says: without addresses, ids, what it says to be English, and what
    is for reference managers."""
    root = lxml_html.fromstring(html.encode("utf-8"), parser=lxml_html.HTMLParser(encoding="utf-8"))
    for node in root.xpath("//*[@lang='en' and not(self::html)] | //script | //style | //*[@class='Z3988']"):
        if node.getparent() is not None:
            node.getparent().replace(node, lxml_html.fromstring(f"<i>{node.tail or ''}</i>"))
    texts = [str(root.text_content()), *(str(text) for name in READ for text in root.xpath(f"//@{name}"))]
    cleaned = (re.sub(r"\S*(?:\.example|://)\S*", "", text) for text in texts)
    return {word for text in cleaned for word in LATIN.findall(text)} - SAME - set(SITES)


class _Down:
    """An index that does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise IndexUnavailable(Message("error.busy_exports", {"n": 2}))


class _Closed:
    """An archive that cannot be read."""

    def __getattr__(self, name: str) -> Any:
        raise ArchiveError(Message("error.busy_exports", {"n": 2}))


class Pages:
    """All pages over one archive, in which names, articles and reasons are in Arabic or codes."""

    def __init__(self, into: Path) -> None:
        first = article(
            "https://asi.example/1",
            headline="سعر الخبز",
            body="فقرة أولى\n\nالسعر مئة\n\nثالثة",
            authors=("سامر", "ليلى"),
            section="محليات",
            published=NOW - timedelta(hours=3),
            modified=NOW - timedelta(hours=2),
            country="SY",
            paywalled=True,
            keywords=("خبز",),
            origins={"headline": "json-ld", "body": "body"},
        )
        second = replace(first, body="فقرة أولى\n\nالسعر مئتان\n\nثالثة", headline="سعر الخبز اليوم", content_hash="2")
        others = [
            article(f"https://mina.example/{n}", site="mina", headline=f"خبر {n}", body=f"الخبز {n}", country="EG")
            for n in range(12)
        ]
        html = "<body><h1>سعر الخبز</h1><script></script><script></script><img><form></form><p>نص</p>".encode()
        answer = Response(first.url, NOW, "HTTP/1.1 200 OK", [("Content-Type", "text/html; charset=utf-8")], html)
        self.raw = WarcStore(into / "raw")
        stored = [
            page(first),
            page(second, NOW + timedelta(hours=1), body_hash="2", raw=lambda: self.raw.append(answer)),
            page(second, NOW + timedelta(hours=2), url="https://asi.example/short", body_hash="2"),
            *(page(one, NOW - timedelta(days=n)) for n, one in enumerate(others)),
        ]
        self.shelf = fill(into, stored)
        self.id = first.id
        self.shelf.archive.write(self._more).result()

    def _more(self, conn: Any) -> None:
        for site in SITES:
            site_state.put(conn, site, name="صحيفة")
        why = Message("fetch.http_status", {"status": 404})
        dead = Message("health.sources_dead", {"n": 2, "of": 3, "why": why})
        health.put(conn, "phare", Health("feed dead", dead, "https://phare.example/rss", NOW))
        site_state.put(conn, "kuh", failures=3, enabled=True)
        site_state.put(conn, "mina", enabled=False)
        site_state.put(conn, "new", name="جديد")
        for status, told in (("failed", Message("run.exit_code", {"n": 3})), ("disk full", Message("run.requested"))):
            run = runs.start(conn, ["asi"], NOW, owner="test", why=Message("run.scheduled"))
            runs.finish(conn, run, RunStatus(status), NOW + timedelta(seconds=5), {"asi": {"walls": 2}}, detail=told)
        conn.execute(articles.t.articles.update().where(articles.t.articles.c.site == "mina").values(gone_since=NOW))
        notices.keep(conn, GONE.id, NOW, GONE.url, "سُحب هذا الخبر", lambda: None)

    def close(self) -> None:
        self.shelf.close()
        self.raw.close()

    def copied(self) -> str:
        """The HTML of a saved copy, which says only what its site does."""
        return client_of(self.shelf, raw=self.raw).get(f"/articles/{self.id}/copy/page").text

    def shown(self, language: str) -> dict[str, str]:
        """The HTML of each page in this language, by a name."""
        plain = client_of(self.shelf, raw=self.raw)
        locked = client_of(self.shelf, token="secret" * 4)
        down = client_of(replace(self.shelf, engine=_down()))
        ui = {"ui": language}
        own = f"/articles/{self.id}"
        get = lambda client, path, **more: client.get(path, params={**ui, **more})  # noqa: E731
        answers = {
            "home": get(plain, "/"),
            "everything": get(plain, "/search"),
            "search": get(plain, "/search", q="الخبز", sort="newest", country="EG", after="2026"),
            "nothing": get(plain, "/search", q="زققثص site:nosuch"),
            "problems": get(plain, "/search", q='( ") after:٥٥ has:ط gone:لاا * OR ا* ' + "ا " * 40),
            "cursor": get(plain, "/search", cursor="x"),
            "article": get(plain, own),
            "gone": get(plain, f"/articles/{GONE.id}"),
            "notice": get(plain, f"/articles/{GONE.id}/notices/1"),
            "diff": get(plain, f"{own}/diff"),
            "redline": get(plain, f"{own}/redline"),
            "copy": get(plain, f"{own}/copy"),
            "no copy": get(plain, f"{own}/copy", version="1"),
            "hash": get(plain, "/hash/2"),
            "no hash": get(plain, "/hash/0"),
            "no version": get(plain, f"{own}/diff", new="9"),
            "no article": get(plain, "/articles/0"),
            "sites": get(plain, "/sites"),
            "no sites": get(plain, "/sites", find="٠٠"),
            "site": get(plain, "/sites/asi"),
            "quiet site": get(plain, "/sites/mina"),
            "no site": get(plain, "/sites/0"),
            "alerts": get(plain, "/alerts"),
            "edits": get(plain, "/edits"),
            "no edits": get(plain, "/edits", kind="typo", cursor="1-0-0"),
            "no date": get(plain, "/edits", since="0"),
            "runs": get(plain, "/runs"),
            "nowhere": get(plain, "/0"),
            "method": plain.request("POST", "/sites", params=ui),
            "value": get(plain, f"{own}/cite.0"),
            "long": get(plain, "/search", q="ا" * 6_000),
            "foreign form": plain.request("POST", "/searches", params=ui, data={"name": "ا", "query": "ب"}),
            "no saved searches": get(plain, "/searches"),
            "login": get(locked, "/login"),
            "wrong token": locked.request("POST", "/login", params=ui, data={"token": "0"}),
            "index down": get(down, "/search", q="ا"),
            "archive down": get(client_of(replace(self.shelf, archive=_closed())), "/sites"),
            "no name": _post(plain, language, name="", query="الخبز"),
        }
        form = {"name": "خبز", "query": "الخبز"}
        _post(plain, language, **form)
        page = {"referer": "http://localhost:8000/edits", "accept": "text/html"}
        answers["refused form"] = _post(plain, language, headers=page, **form)
        answers["unsent form"] = _post(locked, language, headers=page, **form)
        self.shelf.archive.write(_annotate(self.id)).result()
        answers |= {
            "annotated": get(plain, own),
            "collections": get(plain, "/collections"),
            "collection": get(plain, "/collections/1"),
            "empty collection": get(plain, "/collections/2"),
            "tag": get(plain, "/tags", tag="ماء"),
            "notes": get(plain, "/notes"),
            "no collection": get(plain, "/collections/999"),
            "note conflict": _post(plain, language, f"{own}/note", note="ا"),
            "no notes shown": get(client_of(self.shelf, hosts=["a.example"]), "/notes"),
        }
        answers["saved searches"] = get(plain, "/searches")
        self.shelf.archive.write(
            lambda conn: [saved_searches.remove(conn, one.id) for one in saved_searches.all_saved(conn)]
        ).result()
        return {name: answer.text for name, answer in answers.items()}


def _annotate(article: str) -> Callable[[Connection], None]:
    """Puts what there can be on an article, and makes a collection without any."""

    def work(conn: Connection) -> None:
        notes.set_tags(conn, article, ["ماء"])
        notes.set_note(conn, article, "ملاحظة", NOW)
        for name in ("ملف", "ملف آخر"):
            if collections.by_name(conn, name) is None:
                collections.create(conn, name, NOW)
        collections.add(conn, 1, [article], NOW)

    return work


def _forget_searches(conn: Any) -> None:
    for one in saved_searches.all_saved(conn):
        saved_searches.remove(conn, one.id)


def _post(
    client: Client,
    language: str,
    path: str = "/searches",
    headers: Mapping[str, str] = MappingProxyType({}),
    **form: str,
) -> httpx.Response:
    own = {"sec-fetch-site": "same-origin", **headers}
    return client.request("POST", path, params={"ui": language}, data=form, headers=own)


def _down() -> Engine:
    return _Down()  # type: ignore[return-value]


def _closed() -> Archive:
    return _Closed()  # type: ignore[return-value]
