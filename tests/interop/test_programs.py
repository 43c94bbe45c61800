"""Other people's programs, in pinned versions, read what Arshif writes: `make test-interop`."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import yaml

from crawler.config import load
from index.export.citation import citation, written
from index.export.formats import open_format
from index.export.schema_org import document_fields
from index.model.article import Image, IndexDocument, Version
from tests.integration.harness import ROOT
from tests.support.filled_archive import NOW, article
from tests.support.go_programs import built
from tests.support.patience import PATIENCE, wait_for

pytestmark = pytest.mark.interop

BRACES = "}{ \\} 100% {of} @article{x,"
FULL = article(
    "https://asi.example/1",
    headline=BRACES,
    body='فقرة أولى، "قول"\n\nفقرة ثانية; ثالثة',
    authors=("سامر", BRACES),
    published=NOW,
    country="SY",
    images=(Image("https://asi.example/1.jpg", "المرفأ"),),
)
DOCUMENT = IndexDocument(FULL, 1, NOW, NOW)


def said(python: Path, code: str, *arguments: Path | str) -> object:
    """What a script with these arguments prints as JSON."""
    command = [python, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_schemathesis_finds_nothing(python: Path, tried_server: str, tmp_path: Path) -> None:
    command = [python.with_name("schemathesis"), "run", f"{tried_server}/api/openapi.json", "-n", "25", "--seed", "1"]
    # It hands the cursor of one search to another, which is refused: no schema can say that it belongs to its search
    command += ["--exclude-checks", "positive_data_acceptance"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]


CLIENT = """
import importlib, json, pkgutil, sys, typing
from arshif_client import Client
import arshif_client.api as api
from arshif_client.api.archive import search
BODIES = {
    "archive_address": {"url": "https://news.example/1"},
    "annotate_article": {"tags": ["a"], "note": ""},
    "save_search": {"name": "Ports", "query": "ports", "digest": "day"},
    "change_search": {"digest": None},
}
given = {"article": sys.argv[2], "content_hash": "0", "form": "csv", "number": 1}
seen = {}
found = pkgutil.walk_packages(api.__path__, "arshif_client.api.")
for name in sorted(one.name for one in found if not one.ispkg):
    module = importlib.import_module(name)
    name = name.rpartition(".")[2]
    needed = {n: v for n, v in given.items() if n in module.sync_detailed.__code__.co_varnames[:2]}
    body = typing.get_type_hints(module.sync_detailed).get("body")
    if body is not None:
        needed["body"] = body.from_dict(BODIES.get(name, {"name": "Ports"}))
    answer = module.sync_detailed(client=Client(base_url=sys.argv[1]), **needed)
    seen[name] = [answer.status_code, type(answer.parsed).__name__]
wrong = search.sync_detailed(client=Client(base_url=sys.argv[1]), limit=0)
print(json.dumps({"seen": seen, "wrong": [wrong.status_code, wrong.parsed.code]}))
"""

NOTEBOOK = """
import json, sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=float(sys.argv[2])).execute()
shown = [list(out.get("data", {})) for cell in notebook.cells for out in cell.get("outputs", [])]
print(json.dumps(shown))
"""


@pytest.fixture(scope="module")
def with_client(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That Python, with the client that `make client` makes."""
    folder = tmp_path_factory.mktemp("client")
    make = ["make", "-s", "-C", ROOT, "client", f"DIST={folder}"]
    done = subprocess.run(make, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("arshif_client-*.whl")
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    install = [uv, "pip", "install", "-q", "--python", python, wheel]
    subprocess.run(install, check=True, timeout=PATIENCE)
    return python


def test_the_generated_client_parses_every_answer(with_client: Path, server: tuple[str, str]) -> None:
    answers = said(with_client, CLIENT, *server)
    assert isinstance(answers, dict)
    assert answers["wrong"] == [400, "error.value"]
    unread = {name: status for name, (status, kind) in answers["seen"].items() if kind == "NoneType"}
    assert set(unread.values()) <= {204}, unread
    assert {"search", "get_article", "list_versions", "export", "create_collection"} <= set(answers["seen"])
    searches = {name: answers["seen"][name] for name in ("list_searches", "save_search", "change_search")}
    assert searches == {"list_searches": [200, "list"], "save_search": [201, "SearchState"],
                        "change_search": [200, "SearchState"]}  # fmt: skip


def test_the_notebook_goes_from_a_search_to_a_plot(
    with_client: Path, server: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARSHIF_URL", server[0])
    shown = said(with_client, NOTEBOOK, ROOT / "docs" / "notebook.ipynb", str(PATIENCE))
    assert isinstance(shown, list)
    assert sum("image/png" in kinds for kinds in shown) == 1, "the plot"
    assert sum("text/html" in kinds for kinds in shown) == 2, "the two tables"


def test_pybtex_reads_braces_in_any_field(python: Path, tmp_path: Path) -> None:
    cited = replace(citation(Version(1, NOW, FULL), "The Daily }{"), language="ar}")
    (tmp_path / "a.bib").write_text(written(cited, "bib") + written(replace(cited, id="b"), "bib"), "utf-8")
    code = (
        "import json, sys; from pybtex.database import parse_file; found = parse_file(sys.argv[1], 'bibtex');"
        "print(json.dumps({k: dict(e.fields) for k, e in found.entries.items()}))"
    )
    entries = said(python, code, tmp_path / "a.bib")
    assert isinstance(entries, dict)
    assert len(entries) == 2, "the first entry does not swallow the second"
    for fields in entries.values():
        assert fields["year"] == f"{NOW:%Y}"
        assert fields["title"].startswith(r"{\textbraceright{}\textbraceleft{}")


def test_rispy_reads_the_year(python: Path, tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(written(citation(Version(1, NOW, FULL), "The Daily"), "ris"), "utf-8")
    code = "import json, sys, rispy; print(json.dumps(rispy.load(open(sys.argv[1], encoding='utf-8'))))"
    (entry,) = said(python, code, tmp_path / "a.ris")  # type: ignore[misc]
    assert (entry["year"], entry["authors"]) == (f"{NOW:%Y}", list(FULL.authors))


@pytest.mark.parametrize(
    "code",
    [
        "import json, sys, pandas; print(pandas.read_csv(sys.argv[1]).to_json(orient='records', force_ascii=False))",
        "import json, sys, duckdb; t = duckdb.sql(f\"from read_csv('{sys.argv[1]}', all_varchar=true)\");"
        "print(json.dumps([dict(zip(t.columns, row)) for row in t.fetchall()]))",
    ],
    ids=["pandas", "duckdb"],
)
def test_a_csv_is_read(python: Path, tmp_path: Path, code: str) -> None:
    (tmp_path / "a.csv").write_bytes(b"".join(open_format("csv").write([[DOCUMENT]])))
    (row,) = said(python, code, tmp_path / "a.csv")  # type: ignore[misc]
    assert (row["articleBody"], row["headline"]) == (FULL.body, FULL.headline)


EXPANDED = """
import json, sys
from pyld import jsonld
def load(url, options={}):
    assert url.rstrip("/") == "https://schema.org", url
    return {"contextUrl": None, "documentUrl": url, "document": {"@context": {"@vocab": "https://schema.org/"}}}
print(json.dumps(jsonld.expand(json.load(open(sys.argv[1], encoding="utf-8")), {"documentLoader": load})))
"""


def test_pyld_finds_our_own_terms_under_our_prefix(python: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document_fields(DOCUMENT)), "utf-8")
    (node,) = said(python, EXPANDED, tmp_path / "a.json")  # type: ignore[misc]
    assert node["@type"] == ["https://schema.org/NewsArticle"]
    assert [author["@type"] for author in node["https://schema.org/author"]] == [["https://schema.org/Person"]] * 2
    assert node["https://schema.org/image"][0]["@type"] == ["https://schema.org/ImageObject"]
    own = node["urn:arshif:archive"][0]
    assert own["urn:arshif:site"] == [{"@value": FULL.site}]
    assert not [name for name in own if not name.startswith("urn:arshif:")]
    assert "https://schema.org/archive" not in node


def test_the_bill_of_materials_names_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    """In CycloneDX's own program's words, as `make wheel` leaves it beside the wheel."""
    make = ["make", "-s", "-C", ROOT, "wheel", f"DIST={tmp_path}"]
    done = subprocess.run(make, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("arshif-*.whl.cdx.json")
    bill = json.loads(file.read_text("utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "arshif")
    listed = {
        f"{one['name']}=={one['version']}": {
            found["content"] for where in one["externalReferences"] for found in where.get("hashes", [])
        }
        for one in bill["components"]
    }
    lock = (ROOT / "requirements/arshif.lock").read_text("utf-8").replace("\\\n", " ")
    locked = {
        line.split()[0]: {word.rpartition(":")[2] for word in line.split() if word.startswith("--hash=")}
        for line in lock.splitlines()
        if "==" in line
    }
    assert listed == locked


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/compose.yaml"])
def test_what_reads_files_for_docker_compose_takes_ours(file: str, tmp_path: Path) -> None:
    """By the schema of the Compose Specification. Variables stay as they are: this program has no values for them."""
    program = built(ROOT / ".compose-go", "github.com/compose-spec/compose-go/v2/cmd", "v2.16.2")

    def read(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "compose.yaml").write_text(text, "utf-8")
        command = [program, "--no-interpolation", "--format", "json", "compose.yaml"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    text = (ROOT / file).read_text("utf-8")
    done = read(text)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(json.loads(done.stdout)["services"]) == set(yaml.safe_load(text)["services"])
    assert read(text.replace("healthcheck:", "healthchecks:")).returncode != 0
    assert read(text.replace("service_healthy", "service_well")).returncode != 0


CHART = ROOT / "deploy" / "helm" / "arshif"
LEAST = CHART / "ci" / "values.yaml"


@pytest.fixture(scope="session")
def helm() -> Path:
    """Helm's own program."""
    return built(ROOT / ".helm", "helm.sh/helm/v3/cmd/helm", "v3.22.0")


def rendered(helm: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What Helm makes of the chart with the least values and these options."""
    command = [helm, "template", "press", CHART, "--values", LEAST, "--kube-version", "1.37.0", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--set", "page.ingress.host=news.example.org,page.ingress.tlsSecret=news,page.ingress.className=nginx"],
        ["--set", "settings.raw.url=file:///mnt/raw,rawClaim=raw,browser=false"],
        ["--set", "serviceAccount=press,crawlers.nodeSelector.disk=fast,image.pullSecrets={registry}"],
    ],
)
def test_kubernetes_takes_what_helm_makes_of_the_chart(
    helm: Path, python: Path, tmp_path: Path, options: list[str]
) -> None:
    """By the schemas of the oldest version that the chart allows, and of the newest one known."""
    made = rendered(helm, *options)
    assert (made.returncode, made.stderr) == (0, "")
    oldest = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))["kubeVersion"][2:6]

    def check(text: str, version: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "all.yaml").write_text(text, "utf-8")
        command = [python.with_name("kubernetes-validate"), "--strict", "--kubernetes-version", version, "all.yaml"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    for version in (oldest, "1.37"):
        done = check(made.stdout, version)
        assert done.returncode == 0, done.stdout + done.stderr
    assert check(made.stdout.replace("periodSeconds", "periodSecond"), "1.37").returncode != 0
    written = [one["data"]["arshif.yaml"] for one in yaml.safe_load_all(made.stdout) if one["kind"] == "ConfigMap"]
    assert len(set(written)) == 1
    (tmp_path / "arshif.yaml").write_text(written[0], "utf-8")
    settings = load(tmp_path, {}, only=()).settings
    assert (settings.index.engine, settings.log, settings.contact) == ("elasticsearch", "json", "press@example.org")
    assert settings.web.url == ("https://news.example.org/" if "ingress" in str(options) else "")


def test_helm_finds_nothing_in_the_chart_and_refuses_values_that_it_does_not_know(helm: Path) -> None:
    linted = subprocess.run(
        [helm, "lint", "--strict", "--kube-version", "1.37.0", "--values", LEAST, CHART],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout
    for wrong in (
        "crawler.replicas=2",
        "settings.archive=sqlite:///archive",
        "settings.raw.url=",
        "settings.raw.url=file:///mnt/raw",  # without a claim
        "settings.index.api_key=secret",
        "image.repository=",
    ):
        assert rendered(helm, "--set", wrong).returncode != 0, wrong


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed (Debian: prometheus)")
def test_prometheus_takes_the_alerts_and_they_fire_when_they_should() -> None:
    folder = ROOT / "deploy" / "prometheus"
    for command in (
        ["check", "config", "scrape.yml"],
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
    ):
        done = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed (Debian: prometheus)")
def test_prometheus_answers_what_the_dashboard_asks(server: tuple[str, str], tmp_path: Path) -> None:
    """Each panel's questions, of what it scraped from a running server."""
    scraped = {"job_name": "arshif", "scrape_interval": "1s", "static_configs": [{"targets": [server[0][7:]]}]}
    (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scraped]}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        "prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--web.listen-address={address}",
        f"--storage.tsdb.path={tmp_path / 'data'}", "--log.level=error",
    ]  # fmt: skip
    panels = json.loads((ROOT / "deploy/grafana/arshif.json").read_text("utf-8"))["panels"]
    service = subprocess.Popen(command)

    def answer(question: str) -> list[object]:
        told = question.replace("$instance", ".*").replace("$__rate_interval", "5m")
        given = httpx.get(f"http://{address}/api/v1/query", params={"query": told}, timeout=PATIENCE, trust_env=False)
        assert given.status_code == 200, given.text
        found: list[object] = given.json()["data"]["result"]
        return found

    try:
        wait_for(lambda: answer("arshif_articles"))
        for _ in range(2):
            httpx.get(f"{server[0]}/api/search", timeout=PATIENCE, trust_env=False)
        wait_for(lambda: answer("rate(arshif_search_seconds_count[5m]) > 0"))
        seen = {panel["title"]: [len(answer(target["expr"])) for target in panel["targets"]] for panel in panels}
    finally:
        service.terminate()
        service.wait(PATIENCE)
    ill = "Sites that are ill, and for how many runs"
    assert seen.pop(ill) == [0, 0], "all of these sites are well"
    assert not [title for title, found in seen.items() if 0 in found], seen
