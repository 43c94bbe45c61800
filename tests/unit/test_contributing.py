"""What CONTRIBUTING.md promises: the hook before a commit is what CI begins with, and CI holds the coverage."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from scripts import audit

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
CI = (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_hook_before_a_commit_is_make_lint_with_which_ci_begins() -> None:
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    (hook,) = repo["hooks"]
    assert (repo["repo"], hook["language"]) == ("local", "system"), "nothing is downloaded"
    assert hook["entry"].split()[0] == "make"
    assert hook["entry"].split()[-1] == "lint"
    assert hook["always_run"]
    assert not hook["pass_filenames"], "all of it is checked, as in CI"
    assert re.search(r"^make test$", CI, re.MULTILINE)
    assert re.search(r"^test:(.*\n\t)+.*\(MAKE\).* lint ", MAKEFILE, re.MULTILINE)


def test_ci_holds_the_coverage_of_all_that_is_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    assert re.search(r"^make test$", CI, re.MULTILINE)
    assert re.search(r"^test:(.*\n\t)+.*\(MAKE\).* coverage$", MAKEFILE, re.MULTILINE)
    assert project["slipcover"]["source"] == project["hatch"]["build"]["targets"]["wheel"]["packages"]
    floor = re.search(r"^FLOOR := (\d+)", MAKEFILE, re.MULTILINE)
    assert floor
    assert int(floor[1]) > 50
    assert re.search(r"^coverage:(.*\n\t)+.*--fail-under \$\(FLOOR\)$", MAKEFILE, re.MULTILINE)


def test_ci_audits_the_locked_packages() -> None:
    assert re.search(r"^make audit$", CI, re.MULTILINE)
    assert {path.stem for path in (ROOT / "requirements").glob("*.lock")} >= {*audit.LOCKS}
    asked = re.search(r"^lock:.*\n(.*\n)+?\n", MAKEFILE, re.MULTILINE)
    assert asked
    assert "audit" in asked[0], "its own lock is kept up to date with the others"
