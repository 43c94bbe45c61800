"""python -m scripts.audit: whether anything is known to be wrong with the locked packages, by pip-audit: `make audit`.

What is known is asked of OSV (https://google.github.io/osv.dev/api/), at OSV_URL instead where that is set. Where
it cannot be reached, nothing is audited, and told so; the exit code is 1 where something is known.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

LOCKS = ("arshif", "dev", "build", "uv")  # in requirements/: what is installed, and what builds and tests it
OSV = "https://api.osv.dev/v1/query"
ROOT = Path(__file__).parents[1]
WAIT = 15.0  # seconds for an answer


def away(url: str) -> str:
    """Why the database cannot be asked; "" if it can."""
    asked = json.dumps({"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "26.3"}).encode()
    try:
        with urlopen(Request(url, asked, {"Content-Type": "application/json"}), timeout=WAIT) as answer:
            json.load(answer)
    except (URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__
    return ""


def main() -> int:
    url = os.environ.get("OSV_URL") or OSV
    if why := away(url):
        print(f"audit: NOT DONE: {url} cannot be asked from here ({why}); run `make audit` where it can")
        return 0
    locks = [part for name in LOCKS for part in ("--requirement", str(ROOT / "requirements" / f"{name}.lock"))]
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--osv-url", url, "--disable-pip"]
    return subprocess.run([*command, "--progress-spinner", "off", *locks], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
