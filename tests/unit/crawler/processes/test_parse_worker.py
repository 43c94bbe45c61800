"""What workers are forked from has loaded all that the reading of a page takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

# In a process of its own, with one thread.
SCRIPT = """
import os, sys
from datetime import UTC, datetime, timedelta
from crawler.processes import crawl_process
from crawler.errors import Refused
from crawler.models import Page
from crawler.site_config import stranger
from tests.soak.outlets import Outlets

crawl_process._load_all()
from crawler import stages  # noqa: E402

opened, begin = [], datetime(2025, 12, 1, tzinfo=UTC)
outlets = Outlets(4, 10, begin, begin + timedelta(days=10), timedelta(days=1), lambda: datetime.now(UTC))
sys.addaudithook(lambda event, args: event == "open" and opened.append(args[0]))
for site, item in ((0, 5), (2, 5), (3, 1), (1, 6)):
    url = outlets.url(site, item)
    page = Page(url, url, outlets._page(site, item).body, datetime.now(UTC), headers={"content-type": "text/html"})
    try:
        print(stages.article(page, stranger(url)).article.language)
    except Refused as refused:
        print(refused.reason)
print(len(os.listdir("/proc/self/task")), opened)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_no_page_has_to_load_anything_where_workers_are_forked() -> None:
    env = {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", SCRIPT]
    root = Path(__file__).parents[4]
    made = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert not made.stderr, "nothing is said on the way"
    *read, last = made.stdout.splitlines()
    assert len(read) == 4
    assert "ar" in read
    assert "page.no_text" in read
    assert last == "1 []", "one thread, as what is forked must have, and no file was opened"
