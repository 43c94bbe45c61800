"""The nine sites: one agency and one daily in Arabic, a daily in English, an old one, one that needs a browser, and
four small ones."""

from __future__ import annotations

import re
from urllib.parse import quote

from .profile import Address, Outlet

UNNAMED = "text/html"  # the old site names no charset in its header, only in its page


def hyphened(text: str) -> str:
    """A headline as WordPress makes an address of it: its words with hyphens, percent-encoded in lower case."""
    return quote("-".join(re.findall(r"[\w\u064b-\u0652]+", text.lower()))).lower()  # vowel signs stay


def _jannah(a: Address) -> str:
    return f"/{a.published:%Y/%m/%d}/{hyphened(a.words)}{a.mark}/"


def _daily(a: Address) -> str:
    words = "-".join(re.findall(r"\w+", a.words)[:6])
    return f"/news/{a.number}{a.mark}/{quote(words)}"


def _small(a: Address) -> str:
    return f"/{a.published:%Y/%m}/{a.slug}{a.mark}.html"


def _small_outlet(id_: str, host: str, name: str, language: str, country: str, zone: str, sections: str) -> Outlet:
    labels = sections.split("|")
    feed = "/atom.xml" if id_ == "fr" else "/rss.xml"
    return Outlet(
        id=id_,
        host=host,
        name=name,
        language=language,
        country=country,
        zone=zone,
        theme="plain",
        sections={label: f"s{number}" for number, label in enumerate(labels, 1)},
        permalink=_small,
        feeds={feed: "atom" if id_ == "fr" else "rss"},
        sources=(("feed", feed, None), ("sitemap", "/sitemap.xml", None)),
        section_path="/{}/",
    )


JANNAH = Outlet(
    id="jannah",
    host="stepagency-sy.net",
    name="وكالة ستيب نيوز",
    language="ar",
    country="SY",
    zone="Asia/Damascus",
    theme="jannah",
    publisher="agency",
    sections={
        "الشأن السوري": "syria",
        "اقتصاد": "economy",
        "رياضة": "sport",
        "منوعات": "variety",
        "علوم وتقنية": "tech",
        "صحة": "health",
    },
    permalink=_jannah,
    feeds={"/feed/": "rss"},
    sources=(
        ("feed", "/feed/", None),
        ("sitemap", "/sitemap_index.xml", None),
        ("section", "/category/syria/", ".post-title a"),
        ("wordpress", "/", None),
    ),
    section_path="/category/{}/",
    tag_path="/tag/{}/",
    page_suffix="page/{}/",
    image_path="/wp-content/uploads/{}.png",
    sitemap="yoast",
    robots="Disallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php",
)

ARABIC2 = Outlet(
    id="arabic2",
    host="www.albarid.example",
    name="البريد اليومي",
    language="ar",
    country="LB",
    zone="Asia/Beirut",
    theme="daily",
    sections={"اقتصاد": "economy", "ثقافة": "culture", "بيئة": "environment", "رياضة": "sport", "علوم": "science"},
    permalink=_daily,
    feeds={"/atom.xml": "atom"},
    sources=(("feed", "/atom.xml", None), ("sitemap", "/sitemap.xml", None), ("section", "/section/economy", None)),
    image_path="/media/{}.png",
)

ENGLISH = Outlet(
    id="english",
    host="www.harbour-courier.example",
    name="The Harbour Courier",
    language="en",
    country="GB",
    zone="Europe/London",
    theme="courier",
    sections={"News": "news", "World": "world", "Science": "science", "Sport": "sport", "Culture": "culture"},
    permalink=lambda a: f"/{a.section}/{a.slug}{a.mark}-{a.number}",
    feeds={"/feed.json": "json", "/rss.xml": "rss"},
    sources=(
        ("feed", "/feed.json", None),
        ("sitemap", "/sitemap-index.xml", None),
        ("section", "/news", "article.card h2 a"),
    ),
    section_path="/{}",
    tag_path="/topics/{}",
    sitemap="courier",
    robots="Disallow: /private/\nDisallow: /search",
    soft_404=True,
)

OLD = Outlet(
    id="old",
    host="www.almina.example",
    name="الميناء",
    language="ar",
    country="EG",
    zone="Africa/Cairo",
    theme="gazette",
    sections={"محليات": "1", "أسواق": "2", "ثقافة": "3"},
    permalink=lambda a: f"/news.php?id={a.number}{a.mark.replace('-', '00')}",
    feeds={"/rss091.xml": "rss091", "/index.rdf": "rdf"},
    sources=(("feed", "/rss091.xml", None), ("feed", "/index.rdf", None)),
    section_path="/section.php?s={}",
    tag_path="/search.php?q={}",
    encoding="windows-1256",
    content_type=UNNAMED,
    rules={"select": {"headline": "td h2", "body": 'td > font[face="Simplified Arabic"]'}},
)

APP = Outlet(
    id="app",
    host="sahel.example",
    name="ساحل لايف",
    language="ar",
    country="AE",
    zone="Asia/Dubai",
    theme="app",
    publisher="online",
    sections={"مباشر": "live", "ثقافة": "culture", "علوم": "science"},
    permalink=lambda a: f"/read/{a.slug}{a.mark}",
    feeds={"/rss": "rss"},
    sources=(("feed", "/rss", None),),
    rendering="browser",
)

OUTLETS = (
    JANNAH,
    ARABIC2,
    ENGLISH,
    OLD,
    APP,
    _small_outlet("fa", "khabar-kuh.example", "خبر کوه", "fa", "IR", "Asia/Tehran", "اقتصاد|جامعه|محیط زیست"),
    _small_outlet("fr", "le-phare.example", "Le Phare", "fr", "FR", "Europe/Paris", "Région|Économie|Culture"),
    _small_outlet("ru", "gavan.example", "Вестник гавани", "ru", "RU", "Europe/Moscow", "Город|Наука"),
    _small_outlet("zh", "chengjiang.example", "澄江新闻", "zh", "CN", "Asia/Shanghai", "本地|科技"),
)
