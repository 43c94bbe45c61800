"""python -m scripts.generate_reference: docs/reference.md, from the command and the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.main import get_command

from crawler.cli.app import app
from crawler.settings_model import Settings
from index.locale import FALLBACK, translate

FILE = Path(__file__).parents[1] / "docs" / "reference.md"


def reference() -> str:
    """The whole page."""
    lines = [
        "# Reference",
        "",
        "Made by `python -m scripts.generate_reference` from the program itself.",
        "",
        "## Commands",
        "",
    ]
    for name, command in _commands(get_command(app)):
        lines += [f"### `arshif {name}`", "", str(command.help), ""]
        if rows := [row for parameter in command.params if (row := _parameter(parameter))]:
            lines += ["| | |", "|---|---|", *rows, ""]
    lines += [
        "## Settings",
        "",
        "Keys of `config/arshif.yaml`; in the environment, `index.url` is `ARSHIF_INDEX__URL`.",
    ]
    lines += ["", "| key | default | |", "|---|---|---|", *_keys(Settings), ""]
    return "\n".join(lines)


def _commands(command: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, sub in command.commands.items():
        if getattr(sub, "commands", None):
            yield from _commands(sub, f"{prefix}{name} ")
        elif not sub.hidden:
            yield f"{prefix}{name}", sub


def _parameter(parameter: Any) -> str | None:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return None
    name = (
        ", ".join([*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "option"
        else parameter.name.upper()
    )
    return f"| `{name}` | {_cell(getattr(parameter, 'help', None) or '')} |"


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")
        else:
            default = "" if field.default in (PydanticUndefined, "", ()) else f"`{field.default}`"
            told = translate(str(field.description), FALLBACK)
            yield f"| `{prefix}{name}` | {default.replace('``', '')} | {_cell(told)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    FILE.write_text(reference(), "utf-8")
