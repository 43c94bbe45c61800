"""Arshif's crawl, timed, for comparisons: as `arshif crawl` starts it, with ARSHIF_CONFIG as always.

python -m bench.arshif_crawl      prints seconds from the spider's opening to its closing, bytes, and CPU seconds
"""

from __future__ import annotations

import json
import os
import resource
import time

from scrapy import signals


def main() -> None:
    """Crawls, and prints how it went."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    from scrapy.crawler import CrawlerProcess
    from scrapy.utils.project import get_project_settings

    settings = get_project_settings()
    settings.set("LOG_LEVEL", "WARNING")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler("site")
    times: list[float] = []
    for signal in (signals.spider_opened, signals.spider_closed):
        crawler.signals.connect(lambda: times.append(time.perf_counter()), signal, weak=False)
    process.crawl(crawler)
    process.start()
    assert crawler.stats is not None
    received = crawler.stats.get_value("downloader/response_bytes", 0)
    requests = crawler.stats.get_value("downloader/request_count", 0)
    used = {"seconds": times[1] - times[0], "bytes": received, "requests": requests, "by_process": _by_process()}
    print(json.dumps(used))


def _by_process() -> dict[str, float]:
    """CPU seconds so far, imports included."""
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    main = time.thread_time()
    return {
        "reactor": main,
        "archive and WARC": own.ru_utime + own.ru_stime - main,
        "workers": workers.ru_utime + workers.ru_stime,
    }


if __name__ == "__main__":
    main()
