"""The documents name what there is: each command, each key of the settings, and links that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from crawler.cli.app import app
from crawler.settings_model import Settings
from scripts.generate_reference import FILE, reference

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TOLD = "\n".join(file.read_text("utf-8") for file in DOCS)


def commands(command: object, prefix: str = "") -> Iterator[str]:
    """Every command that `arshif --help` shows, with its group's name before it."""
    for name, sub in getattr(command, "commands", {}).items():
        if getattr(sub, "commands", None):
            yield from commands(sub, f"{prefix}{name} ")
        elif not sub.hidden:
            yield f"{prefix}{name}"


def keys(model: type[BaseModel]) -> Iterator[str]:
    """Every key of the settings, the inner ones without their group."""
    for name, field in model.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation)


@pytest.mark.parametrize("name", sorted(commands(get_command(app))))
def test_a_command_is_told(name: str) -> None:
    group, _, last = name.rpartition(" ")
    told = rf"`{group}[^`\n]*\b{last}\b" if group else rf"(?:arshif |`){last}\b"
    assert re.search(told, TOLD)


def test_a_key_of_the_settings_is_explained_in_the_file_that_users_edit() -> None:
    shipped = (ROOT / "config" / "arshif.yaml").read_text("utf-8")
    assert [key for key in keys(Settings) if not re.search(rf"^[#\s]*{key}:", shipped, re.MULTILINE)] == []


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_links_lead_somewhere_and_no_path_is_of_one_machine(file: Path) -> None:
    text = file.read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (file.parent / link).exists()] == []
    assert not re.search(r"/(?:work|root|home)/", text)


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_each_file_and_folder_that_is_named_is_there(file: Path) -> None:
    paths = re.findall(r"(?<![\w/.-])((?:[\w-]+/)+(?:[\w.-]*\w)?)(<?)", file.read_text("utf-8"))
    named = [path for path, placeholder in paths if not placeholder]
    inside = ("", "crawler", "tests") if file.name == "security.md" else ("",)  # its table leaves them out, as it says
    ours = [path for path in named if any((ROOT / folder / path.split("/")[0]).is_dir() for folder in inside)]
    made = ("data/", "config/sites.local", "dist/")  # not by us
    missing = [path for path in ours if not any((ROOT / folder / path).exists() for folder in inside)]
    assert len(ours) > 20 or file.name not in ("architecture.md", "security.md", "CONTRIBUTING.md")
    assert sorted({path for path in missing if not path.startswith(made)}) == []


def test_the_reference_is_current() -> None:
    assert FILE.read_text("utf-8") == reference(), "run: python -m scripts.generate_reference"


def test_each_target_of_make_that_is_told_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", TOLD, re.MULTILINE)) <= targets


def test_each_command_that_is_told_is_there() -> None:
    known = {word for name in commands(get_command(app)) for word in (name, name.split()[0])}
    known |= {option for parameter in get_command(app).params for option in parameter.opts}
    told = re.findall(r"`arshif ([a-z-]+)", TOLD)
    assert sorted(set(told) - known) == []


def test_each_module_that_is_told_to_be_run_is_there() -> None:
    told = set(re.findall(r"python -m ((?:tests|bench|crawler)[\w.]*)", TOLD))
    assert told
    assert [name for name in sorted(told) if find_spec(name) is None] == []
