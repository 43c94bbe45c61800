"""Scrapy's settings: middlewares in order, politeness, robots on. What users set is in arshif.yaml.

Where a value differs from Scrapy's default, its line says why.
"""

from crawler import logging_setup
from crawler.config import load
from crawler.fetch.politeness import MIN_DELAY_SECONDS
from crawler.fetch.rendering.settings import handlers
from crawler.settings_model import PRODUCT

_settings = load().settings

BOT_NAME = "arshif"
SPIDER_MODULES = ["spiders"]  # and what is below, such as spiders/custom/
USER_AGENT = _settings.user_agent

# Politeness
ROBOTSTXT_OBEY = True  # by our own middleware
ROBOTSTXT_USER_AGENT = PRODUCT
DOWNLOAD_DELAY = max(_settings.politeness.delay, MIN_DELAY_SECONDS)
DOWNLOAD_DELAY_JITTER = 0  # Scrapy's varies the delay by half, so that a gap can be shorter than what was promised
CONCURRENT_REQUESTS = _settings.politeness.concurrency
CONCURRENT_REQUESTS_PER_DOMAIN = 1
COOKIES_ENABLED = False
DEFAULT_REQUEST_HEADERS = {  # gzip alone: raw copies are kept as they came, and must be readable in ten years
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip",
}
REFERRER_POLICY = "no-referrer"

# Bounds
DOWNLOAD_TIMEOUT = _settings.politeness.timeout
DNS_TIMEOUT = 10  # s; a name that takes longer is tried again in the next run
DOWNLOAD_MAXSIZE = _settings.politeness.source_max_bytes  # decompressed as well; pages are held to theirs by the spider
DOWNLOAD_WARNSIZE = 0
HTTPERROR_ALLOW_ALL = True  # what a status means for a page or a source, the spider knows
REDIRECT_MAX_TIMES = 5  # of 20: nobody's article is further away
METAREFRESH_ENABLED = False  # a page can send it anywhere; a browser's user would see it
DEPTH_LIMIT = 4  # home page, sitemap index, sitemap, article
HOST_REQUESTS = (
    2 * _settings.schedule.per_run + 300
)  # of one host in a run: its pages with a redirect each, its sources
HOST_BYTES = 1 << 29  # of one host in a run, as they came: ten of the longest sitemaps
HOST_SECONDS = _settings.schedule.run_deadline * 60 / 3  # of waiting for one host, so that a run ends before its end
CLOSESPIDER_TIMEOUT = _settings.schedule.run_deadline * 60 * 0.9  # s; then what is under way is finished
MEMUSAGE_LIMIT_MB = 1024
MEMUSAGE_CHECK_INTERVAL_SECONDS = 5  # of 60: what grows fast is caught
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # Scrapy's default would fetch the newest last
RETRY_TIMES = 1  # within a run; the frontier tries again in later ones
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503 ask to be left alone, and are
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the spider tells it, with what it means
RETRY_EXCEPTIONS = [  # Scrapy's, but not a name that cannot be resolved: the next answer would be the same
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    OSError,
]
STATS_DUMP = False
CONCURRENT_ITEMS = 1  # of 100: Scrapy starts as many tasks for every response, and a page gives one item

# Reach
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = handlers("crawler.fetch.http_handler.HttpHandler")
BROWSER_HANDLER = "crawler.fetch.rendering.handler.RenderingHandler"  # loaded with the first page that is rendered
TWISTED_DNS_RESOLVER = "crawler.fetch.ssrf.middleware.PublicResolver"
ALLOW_NETWORKS = _settings.allow_networks
PROXY = _settings.proxy.get_secret_value()
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False  # it runs whatever code is sent to its port

# Order
DOWNLOADER_MIDDLEWARES = {
    "crawler.fetch.ssrf.middleware.SSRFGuardMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.fetch.retry_after.RetryAfterMiddleware": 80,
    "crawler.fetch.robots.middleware.RobotsMiddleware": 100,
    "crawler.fetch.host_budget.HostBudgetMiddleware": 110,
    "crawler.fetch.conditional_requests.ConditionalRequestMiddleware": 400,
    # above HttpCompression (590): what came in an encoding of its own
    "crawler.fetch.raw_capture.DecodedCaptureMiddleware": 580,
    "crawler.fetch.rendering.middleware.RenderingMiddleware": 730,
    "crawler.fetch.proxy.ProxyMiddleware": 740,  # before Scrapy's own (750), which asks it from there
    "crawler.fetch.circuit_breaker.UnresponsiveHostMiddleware": 900,
    "crawler.fetch.politeness.PolitenessMiddleware": 950,
    "crawler.fetch.raw_capture.RawCaptureMiddleware": 960,  # below HttpCompression (590): the bytes as they came
}
FEED_EXPORT_ENCODING = "utf-8"

LOG_LEVEL = "INFO"
LOG_FORMAT = logging_setup.LOG_FORMAT
LOG_DATEFORMAT = logging_setup.LOG_DATEFORMAT
