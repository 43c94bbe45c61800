"""A command whose hostile sources are given up sooner: `python -m tests.support.short_parses MODULE ARGUMENT...` runs
the module with less CPU time for a parse than a crawl gives."""

from __future__ import annotations

import sys
from functools import partialmethod
from runpy import run_module

from crawler.processes.parse_pool import ParsePool

QUICK, DEADLINE = 2.0, 10.0  # seconds of CPU, in place of 5 and 20; a list of 200,000 addresses takes about four

if __name__ == "__main__":
    ParsePool.__init__ = partialmethod(ParsePool.__init__, quick=QUICK, deadline=DEADLINE)  # type: ignore[method-assign,assignment]
    del sys.argv[0]
    run_module(sys.argv[0], run_name="__main__", alter_sys=True)
