"""Names of libraries that are nobody's promise: which of them we use, what we rely on of each, and that the version of
their library is bounded above. A failure here says what to look at before that bound is moved."""

from __future__ import annotations

import ast
import dis
import inspect
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from scrapy.core.downloader import contextfactory
from scrapy.core.downloader.handlers import http11
from scrapy.core.engine import ExecutionEngine, _Slot
from twisted.web._newclient import HTTP11ClientProtocol, HTTPClientParser
from twisted.web.client import HTTPConnectionPool, _HTTP11ClientFactory
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ROOT = Path(__file__).parents[2]
USED = {  # by library
    "scrapy": {
        "_LenientHTTP11ClientFactory", "_LenientHTTP11ClientProtocol", "_LenientHTTPClientParser",
        "_load_context_factory_from_settings", "_verify_certificates", "_pool", "_contextFactory", "_crawler", "_slot",
        "_compression", "_DecompressionMaxSizeExceeded",
    },
    "twisted": {"_factory", "_parser", "_quiescentCallback"},
    "scrapy-playwright": {"_launch", "_maybe_launch_browser", "_close", "_browser_disconnected_callback"},
    "typer": {"_completion_shared", "_completion_scripts"},
    "warcio": set(),  # its names have no underscore, and no documentation
}  # fmt: skip
DOCUMENTED = {
    "_replace",
    "_mapping",
    "_Element",
    "_exit",
}  # namedtuple's, SQLAlchemy's row as a mapping, the type of lxml's elements, os._exit


@pytest.mark.parametrize("library", USED)
def test_the_version_of_a_library_whose_private_names_are_used_is_bounded(library: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (wanted,) = (r for r in map(Requirement, project["dependencies"]) if r.name == library)
    assert any(bound.operator in ("<", "<=", "==", "~=") for bound in wanted.specifier)
    assert wanted.specifier.contains(version(library))


def test_no_other_private_name_of_a_library_is_used() -> None:
    own: set[str] = set()
    used: dict[str, str] = {}
    for path in sorted(path for room in ("crawler", "index", "spiders") for path in (ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        own |= set(_defined(tree))
        used |= {name: f"{path.relative_to(ROOT)}:{line}" for name, line in _private(tree)}
    known = set().union(*USED.values())
    assert {name: where for name, where in used.items() if name not in own | known | DOCUMENTED} == {}
    assert known - used.keys() - own == set(), "no longer used"


def _defined(tree: ast.AST) -> Iterator[str]:
    """Names that a file of ours gives something itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
            yield node.attr


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _private(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Names with an underscore before them that a file imports or reads of an object, and where."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [part for alias in node.names for part in (*(node.module or "").split("."), alias.name)]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        yield from ((name, node.lineno) for name in names if name.startswith("_") and not name.startswith("__"))


def test_our_classes_hide_no_private_name_of_a_library_but_those() -> None:
    from crawler.fetch import bounded_agent, http_handler
    from crawler.fetch.rendering import handler as chromium

    known = set().union(*USED.values())
    for ours in (
        chromium.RenderingHandler, chromium.LazyBrowser, http_handler.HttpHandler,
        bounded_agent._BoundedFactory, bounded_agent._BoundedParser, bounded_agent._BoundedProtocol,
    ):  # fmt: skip
        theirs = {name for base in ours.__mro__ if not base.__module__.startswith("crawler.") for name in vars(base)}
        theirs |= set().union(
            *(_assigned(base.__init__) for base in ours.__mro__[1:] if inspect.isfunction(base.__init__))
        )
        hidden = {name for name in vars(ours) if name.startswith("_") and not name.startswith(("__", "_abc_"))} & theirs
        assert hidden <= known, ours


# --- what we rely on of each -----------------------------------------------------------------------------------------


def _assigned(function: Callable[..., Any]) -> set[str]:
    """The attributes that a function sets, of whatever object."""
    return {str(step.argval) for step in dis.get_instructions(function) if step.opname == "STORE_ATTR"}


def _read(function: Callable[..., Any]) -> set[str]:
    """The attributes that a function reads, of whatever object."""
    names = ("LOAD_ATTR", "LOAD_METHOD")
    return {str(step.argval) for step in dis.get_instructions(function) if step.opname in names}


def _takes(function: Callable[..., Any]) -> list[str]:
    """The names of what a function takes."""
    return list(inspect.signature(function).parameters)


def test_scrapy_says_how_large_a_body_became_that_it_gave_up() -> None:
    """`crawler/fetch/reasons.py` knows it by the class of the cause, and tells the size."""
    from scrapy.utils._compression import _DecompressionMaxSizeExceeded

    assert "decompressed_size" in _assigned(_DecompressionMaxSizeExceeded.__init__)


def test_typers_script_for_zsh_registers_what_completes_and_nothing_more() -> None:
    """`crawler/cli/app.py` adds the call at the first Tab, with a name that Typer fills in."""
    from typer._completion_shared import _completion_scripts, get_completion_script

    assert "\ncompdef %(complete_func)s %(prog_name)s\n" in _completion_scripts["zsh"]
    assert "loadautofunc" not in get_completion_script(prog_name="a", complete_var="_A_COMPLETE", shell="zsh")


def test_scrapys_handler_keeps_its_pool_its_policy_and_its_crawler() -> None:
    """`BoundedAgent` puts a factory into the pool, and a policy around the policy."""
    assert {"_pool", "_contextFactory", "_crawler"} <= _assigned(http11.HTTP11DownloadHandler.__init__)
    assert {"_pool", "_contextFactory"} <= _read(http11.HTTP11DownloadHandler.download_request)


def test_scrapys_parser_is_put_in_by_class_and_reads_line_by_line() -> None:
    """`_BoundedParser` counts in `lineReceived`, and takes the class of a parser that is made already."""
    assert issubclass(http11._LenientHTTPClientParser, HTTPClientParser)
    assert "__init__" not in vars(http11._LenientHTTPClientParser)
    assert "__slots__" not in vars(http11._LenientHTTPClientParser)
    assert _takes(http11._LenientHTTPClientParser.lineReceived) == ["self", "line"]
    assert issubclass(http11._LenientHTTP11ClientProtocol, HTTP11ClientProtocol)
    assert _takes(http11._LenientHTTP11ClientProtocol.request) == ["self", "request"]
    assert "__init__" not in vars(http11._LenientHTTP11ClientProtocol)
    assert issubclass(http11._LenientHTTP11ClientFactory, _HTTP11ClientFactory)
    assert _takes(http11._LenientHTTP11ClientFactory.buildProtocol) == ["self", "addr"]
    assert "__init__" not in vars(http11._LenientHTTP11ClientFactory)


def test_twisteds_pool_asks_its_factory_and_a_protocol_keeps_its_parser() -> None:
    assert HTTPConnectionPool._factory is _HTTP11ClientFactory
    assert "_factory" in _read(HTTPConnectionPool._newConnection)
    assert "_quiescentCallback" in _assigned(_HTTP11ClientFactory.__init__)
    assert _takes(HTTP11ClientProtocol.__init__)[:2] == ["self", "quiescentCallback"]
    assert HTTP11ClientProtocol._parser is None
    assert "_parser" in _assigned(HTTP11ClientProtocol.request)


def test_scrapys_policy_asks_each_time_whether_it_checks_certificates() -> None:
    """`_trusting` turns it off for the hosts of sites that say so."""
    assert _takes(contextfactory._load_context_factory_from_settings) == ["crawler"]
    policy = contextfactory._ScrapyClientContextFactory
    assert "_verify_certificates" in _assigned(policy.__init__)
    assert "_verify_certificates" in _read(policy.creatorForNetloc)


def test_scrapys_engine_tells_in_its_slot_that_it_is_closing() -> None:
    """`SiteSpider.ending_now` asks it."""
    assert "_slot" in _assigned(ExecutionEngine.__init__)
    assert "closing" in _assigned(_Slot.__init__)
    assert "closing" in _assigned(_Slot.close)


def test_scrapy_playwright_starts_and_ends_its_browser_where_we_step_in() -> None:
    """`crawler/fetch/rendering/handler.py` starts its proxy before the browser, and forgets a browser
    that is gone."""
    from scrapy_playwright.handler import Config, ScrapyPlaywrightDownloadHandler
    from scrapy_playwright.provider import PlaywrightBrowserProvider

    handler = ScrapyPlaywrightDownloadHandler
    for name in ("_launch", "_maybe_launch_browser", "_close", "_browser_disconnected_callback"):
        assert inspect.iscoroutinefunction(getattr(handler, name)), name
        assert _takes(getattr(handler, name)) == ["self"], name
    assert {"config", "context_wrappers"} <= _assigned(handler.__init__)
    assert "browser_provider" in _assigned(handler._launch)
    assert "browser" in _assigned(handler._maybe_launch_browser)
    assert "_maybe_launch_browser" in _read(handler._create_browser_context)
    assert "_close" in _read(handler.close)
    assert {"launch_options", "navigation_timeout_ms"} <= Config.__dataclass_fields__.keys()
    assert {"browser_type", "playwright"} <= _assigned(PlaywrightBrowserProvider.__init__)
    assert "launch_options" in _read(PlaywrightBrowserProvider.launch_browser)


def test_warcio_writes_the_head_that_is_there() -> None:
    """`index/raw.py` keeps a head as it came."""
    assert "headers_buff" in _assigned(StatusAndHeaders.__init__)
    assert _takes(StatusAndHeaders.compute_headers_buffer) == ["self", "header_filter"]
    assert {"compute_headers_buffer", "headers_buff"} <= _read(WARCWriter._write_warc_record)
