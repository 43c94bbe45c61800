"""Every code that is stored or passed on has its sentence in every catalogue, with the same parameters."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from crawler.boilerplate.removed import RemovalReason
from crawler.disk_space import DiskMessage
from crawler.errors import Refused
from crawler.explain_messages import ExplainMessage
from crawler.monitoring.doctor_messages import DoctorMessage
from crawler.monitoring.site_health import HealthReason
from crawler.onboarding.messages import ProposalMessage
from crawler.scheduling.reasons import HintSource, ScheduleReason
from crawler.site_config import Kind
from crawler.urls.reasons import UrlReason
from index.locale import label, languages, plain, translate
from index.locale.catalogues import catalogue, parts
from index.model import codes
from index.model.codes import FetchReason, PageReason, Verdict
from index.model.message import Message

ROOT = Path(__file__).parents[4]
WORDS = (
    codes.PageState,
    codes.RunStatus,
    codes.Verdict,
    codes.AliasReason,
    codes.RequestWay,
    codes.RequestState,
    codes.RequestResult,
    codes.PartKind,
    codes.Digest,
)  # stored words; the page has its own entry for each
MESSAGES: tuple[type[StrEnum], ...] = (
    *(kind for kind in vars(codes).values() if isinstance(kind, type) and issubclass(kind, StrEnum)),
    *(DiskMessage, DoctorMessage, ExplainMessage, HealthReason, HintSource, ProposalMessage, ScheduleReason),
    *(RemovalReason, UrlReason),
)
CODES = [code for kind in MESSAGES if kind not in (*WORDS, StrEnum) for code in kind]


def placeholders(language: str, key: str) -> set[str]:
    """The parameters that an entry shows, in all its forms."""
    forms = {catalogue(language).text(key, n) for n in (None, 0, 1, 2, 5, 11, 100)}
    return {name for form in forms for _, name, _ in parts(form) if name is not None}


@pytest.mark.parametrize("language", languages())
def test_each_code_has_its_sentence_in_each_language(language: str) -> None:
    keys = catalogue(language).keys
    assert [code for code in CODES if code not in keys] == []
    composed = [f"source.kind.{kind}" for kind in get_args(Kind)]
    composed += [f"verdict.{verdict.name.lower()}" for verdict in Verdict]
    composed += [f"run.status.{status.name.lower()}" for status in codes.RunStatus]
    composed += [label("alias", reason) for reason in codes.AliasReason]
    composed += [f"archive.result.{result}" for result in codes.RequestResult]
    composed += [f"archive.{state}{part}" for state in ("waiting", "running") for part in ("", ".why")]
    assert [key for key in composed if key not in keys] == []


@pytest.mark.parametrize("code", CODES, ids=str)
def test_its_sentences_show_the_same_parameters(code: StrEnum) -> None:
    shown = {language: placeholders(language, code) - {"n"} for language in languages()}
    assert set(map(frozenset, shown.values())) == {frozenset(shown["en"])}


def decided_by_text(path: Path) -> Iterator[int]:
    """Lines at which something is looked for in what an exception or a message says."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            continue
        for side in node.comparators:
            said = (
                isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id in ("str", "translate")
            )
            if said and isinstance(side.args[0], ast.Name | ast.Attribute):
                yield node.lineno


ALLOWED = {"crawler/yaml_loader.py", "index/engines/embedded/engine.py"}  # errors of YAML and tantivy have no codes


def test_nothing_is_decided_by_what_a_sentence_holds() -> None:
    files = (path for folder in ("crawler", "spiders", "index") for path in (ROOT / folder).rglob("*.py"))
    found = [f"{path.relative_to(ROOT)}:{line}" for path in files for line in decided_by_text(path)]
    assert [place for place in found if place.partition(":")[0] not in ALLOWED] == []


def test_a_problem_crosses_to_another_process_with_its_parameters() -> None:
    problem = Refused(PageReason.NOT_HTML, media_type="image/png")
    problem.said = (("headline", "x", "og:title"),)
    again = pickle.loads(pickle.dumps(problem))
    assert (again.reason, again.message, again.said) == (problem.reason, problem.message, problem.said)
    assert str(again) == translate(Message(PageReason.NOT_HTML), "en")


def test_json_has_the_sentence_and_the_code_beside_it() -> None:
    detail = Message(FetchReason.HTTP_STATUS, {"status": 503})
    assert plain({"detail": detail, "why": detail, "sites": [{"detail": None}]}) == {
        "detail": "HTTP 503",
        "code": "fetch.http_status",
        "params": {"status": 503},
        "why": "HTTP 503",
        "why_code": "fetch.http_status",
        "why_params": {"status": 503},
        "sites": [{"detail": None}],
    }
