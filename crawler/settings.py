"""Scrapy settings: politeness, limits, middlewares. Users configure arshif.yaml instead.

Where a value differs from Scrapy's default, a comment gives the reason.
"""

from scrapy.settings import default_settings

from crawler import logging_setup
from crawler.config import load
from crawler.fetch.politeness import MIN_DELAY_SECONDS
from crawler.fetch.rendering.settings import handlers
from crawler.settings_model import PRODUCT

_settings = load(only=()).settings

BOT_NAME = "arshif"
SPIDER_MODULES = ["spiders"]  # including subpackages such as spiders/custom/
USER_AGENT = _settings.user_agent

# Politeness
ROBOTSTXT_OBEY = True  # enforced by our own middleware
ROBOTSTXT_USER_AGENT = PRODUCT
DOWNLOAD_DELAY = max(_settings.politeness.delay, MIN_DELAY_SECONDS)
DOWNLOAD_DELAY_JITTER = 0  # Scrapy varies the delay by half, so a gap could be shorter than configured
CONCURRENT_REQUESTS = _settings.politeness.concurrency
CONCURRENT_REQUESTS_PER_DOMAIN = 1
COOKIES_ENABLED = False
DEFAULT_REQUEST_HEADERS = {  # gzip only: raw copies are stored as received and must be readable in ten years
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip",
}
REFERRER_POLICY = "no-referrer"

# Limits
DOWNLOAD_TIMEOUT = _settings.politeness.timeout
DNS_TIMEOUT = 10  # seconds; a slower name is retried in the next run
DOWNLOAD_MAXSIZE = _settings.politeness.source_max_bytes  # also when decompressed; the spider enforces page_max_bytes
DOWNLOAD_WARNSIZE = 0
HTTPERROR_ALLOW_ALL = True  # the spider interprets the status of a page or a source
REDIRECT_MAX_TIMES = 5  # instead of 20: no article is further away
METAREFRESH_ENABLED = False  # only pages that hold nothing else lead on: crawler/extract/page_redirects.py
DEPTH_LIMIT = 4  # home page, sitemap index, sitemap, article
# Requests to one host per run: its pages with one redirect each, and its sources.
HOST_REQUESTS = 2 * _settings.schedule.per_run + 300
HOST_BYTES = 1 << 29  # bytes received from one host per run: ten of the longest sitemaps
HOST_SECONDS = _settings.schedule.run_deadline * 60 / 3  # waiting for one host, so that a run ends before its deadline
CLOSESPIDER_TIMEOUT = _settings.schedule.run_deadline * 60 * 0.9  # seconds; then requests in progress are completed
MEMUSAGE_LIMIT_MB = 1024
MEMUSAGE_CHECK_INTERVAL_SECONDS = 5  # instead of 60, to catch fast growth
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # Scrapy's default would fetch the newest last
RETRY_TIMES = 1  # within a run; the frontier retries in later runs
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # not 429 and 503, which ask the client to back off
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the spider logs it, with its meaning
RETRY_EXCEPTIONS = [  # Scrapy's, without failed DNS lookups: a second one would fail as well
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    OSError,
]
STATS_DUMP = False
META_COPY_WARN_SKIP_KEYS = ["redirect_times"]  # counted on for a page that leads on, as for redirects
CONCURRENT_ITEMS = 1  # instead of 100: Scrapy starts that many tasks per response, and a page yields one item

# Network access
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = handlers("crawler.fetch.http_handler.HttpHandler")
BROWSER_HANDLER = "crawler.fetch.rendering.handler.RenderingHandler"  # loaded with the first rendered page
TWISTED_DNS_RESOLVER = "crawler.fetch.ssrf.middleware.PublicResolver"
ALLOW_NETWORKS = _settings.allow_networks
PROXY = _settings.proxy.get_secret_value()
# Whoever reaches these runs code in the crawl. Scrapy would import what EXTENSIONS switches off: aiohttp for the second
# one, which takes a third of the processor time of a crawl that finds nothing new
_REMOTE = {"scrapy.extensions.telnet.TelnetConsole", "scrapy.extensions.remote_control.RemoteControl"}
EXTENSIONS_BASE = {path: place for path, place in default_settings.EXTENSIONS_BASE.items() if path not in _REMOTE}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Middlewares
DOWNLOADER_MIDDLEWARES = {
    "spiders.samples.SampleMiddleware": 10,  # before any that would need a network
    "crawler.fetch.ssrf.middleware.SSRFGuardMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.fetch.retry_after.RetryAfterMiddleware": 80,
    "crawler.fetch.robots.middleware.RobotsMiddleware": 100,
    "crawler.fetch.host_budget.HostBudgetMiddleware": 110,
    "crawler.fetch.conditional_requests.ConditionalRequestMiddleware": 400,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.fetch.content_encoding.ContentEncodingMiddleware": 590,  # in its place
    # above it: responses in a content encoding
    "crawler.fetch.raw_capture.DecodedCaptureMiddleware": 580,
    "crawler.fetch.rendering.middleware.RenderingMiddleware": 730,
    "crawler.fetch.proxy.ProxyMiddleware": 740,  # before Scrapy's (750), which then uses its proxy
    "crawler.fetch.circuit_breaker.UnresponsiveHostMiddleware": 900,
    "crawler.fetch.politeness.PolitenessMiddleware": 950,
    "crawler.fetch.raw_capture.RawCaptureMiddleware": 960,  # below ContentEncoding: the bytes as received
}
SPIDER_CONTRACTS = {"spiders.samples.SampleContract": 10}  # of `scrapy check`
FEED_EXPORT_ENCODING = "utf-8"

LOG_LEVEL = "INFO"
LOG_FORMAT = logging_setup.LOG_FORMAT
LOG_DATEFORMAT = logging_setup.LOG_DATEFORMAT
