"""python -m scripts.history_notebook: docs/history.ipynb with what it shows now, of a small month that is made up.

It is run by Jupyter's own kernel, with the programs in requirements/interop.txt, as anybody would run it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support import news_month
from tests.support.file_server import Ranges, serving
from tests.support.patience import PATIENCE
from tests.support.programs import installed

NOTEBOOK = Path(__file__).parents[1] / "docs" / "history.ipynb"

_RUN = """
import copy, sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
about = copy.deepcopy(notebook.metadata)
NotebookClient(notebook, timeout=float(sys.argv[2]), record_timing=False).execute()
notebook.metadata = about
print(nbformat.writes(notebook))
"""


def executed(python: Path, folder: Path) -> dict[str, Any]:
    """The notebook with its outputs, run by this Python in this empty folder, which gets an archive of the month."""
    (folder / "config").mkdir()
    (folder / "config" / "arshif.yaml").write_text("{}\n", "utf-8")
    news_month.write(folder / "crawl")
    own = Path(sys.executable).parent  # where the command is
    settings = {"ARSHIF_CONFIG": str(folder / "config"), "ARSHIF_DATA": str(folder / "data")}
    with serving(folder / "crawl", Ranges) as server:
        given = settings | {"CC_NEWS_LIST": server + news_month.LIST, "PATH": f"{own}:{os.environ['PATH']}"}
        done = subprocess.run(
            [python, "-c", _RUN, NOTEBOOK, str(PATIENCE)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            cwd=folder,
            env=os.environ | given,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Write the notebook anew."""
    with tempfile.TemporaryDirectory(prefix="arshif-notebook-") as name:
        python = installed(Path(name) / "venv", "interop.txt", "make notebook") / "python"
        (Path(name) / "run").mkdir()
        found = executed(python, Path(name) / "run")
    NOTEBOOK.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
