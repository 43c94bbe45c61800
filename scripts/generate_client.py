"""python -m scripts.generate_client FOLDER: the source of a Python client of the API, made of its OpenAPI description.

FOLDER must not exist yet. openapi-python-client writes the package `arshif_client`; `make client` makes a wheel of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from index.archive import Archive
from index.engines import open_engine
from index.web.app import create_app

PACKAGE = "arshif_client"
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "arshif-client"
version = "{version}"
description = "A client of Arshif's API, generated from its OpenAPI description"
license = "Apache-2.0"
requires-python = ">=3.11"
dependencies = ["attrs>=22.2", "httpx>=0.23.1,<0.29"]
"""


def openapi() -> dict[str, object]:
    """The description of the API, as a server gives it at /api/openapi.json."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine("embedded", directory=Path(folder) / "index")
        with Archive(Path(folder) / "archive.sqlite3") as archive, closing(engine):
            return create_app(archive, engine).openapi()


def main(folder: Path) -> None:
    """Write the client's source into this new folder."""
    folder.mkdir(parents=True)
    described = folder / "openapi.json"
    described.write_text(json.dumps(openapi()), "utf-8")
    config = folder / "config.yaml"
    config.write_text("literal_enums: true\n", "utf-8")  # sort="newest", not SearchSort.NEWEST
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "openapi_python_client",
        "generate",
        "--fail-on-warning",
        "--meta",
        "none",
    ]
    command += ["--config", config, "--path", described, "--output-path", folder / PACKAGE]
    subprocess.run(command, check=True)
    (folder / "pyproject.toml").write_text(PROJECT.format(version=version("arshif")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
