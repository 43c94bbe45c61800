"""What the classes and the id of an element say about it: words of dom_pruning.yaml are evidence that it is no part of
an article, and weak evidence at that.

Names are compared as words: `relatedPosts`, `related-posts` and `c-related_posts__list` contain the words "related
posts". A word that the name negates (`no-share`, `with-sidebar`) says nothing, nor does an id made of a heading."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import islice

from selectolax.lexbor import LexborNode

from crawler import data_files
from crawler.extract.html_document import ancestors

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_TITLES = _HEADINGS | {"dt", "summary", "caption", "legend"}  # elements whose ids publishing systems make of their text
_HEADING_SELECTOR = "h1, h2, h3, h4, h5, h6"
_LEVELS = 3  # elements around one in a heading
# The page has such a part, or has none: the element is not that part.
_ABOUT_THE_PAGE = re.compile(
    r"(?:^| )(?:no|non|not|never|without|has|have|with|hide|hides|disable|disabled|exclude|excludes|sans|ohne|sin|sem"
    r"|senza|bez|zonder|utan|uten)(?: \w+)?$"
)
_ABSENT = re.compile(r"^ ?(?:free|disabled|off|none|hidden|excluded|grid|layout)(?: |$)")
_REST = r"(?-i:(?<=[A-Za-z])[a-z]*)?"  # of a word of which a part was found
_PREFIXES = re.compile(r"^(?:(?:h|id|section|sec|toc|anchor|heading|header|chapter|\d+) )+")
_TOPIC = re.compile(r"^(?:category|tag|topic|term|section)-")  # classes of WordPress's `post_class`
_POST = re.compile(r"(?:^|\s)(?:hentry|type-\w+|post-\d+)(?:\s|$)")
_FORMS = "form, input, textarea, button, time"  # what lists of comments and sign-ups have, and sections do not
_SECTION_MIN_PROSE = 80  # characters of a paragraph


def reason(node: LexborNode) -> str:
    """Why the element's names tell that it is no part of the article, as a key of dom_pruning.yaml; "" if they do
    not."""
    attributes = node.attributes
    classes, name = attributes.get("class") or "", attributes.get("id") or ""
    if name and _of_name(name) and _is_title(node, name):
        name = ""
    return _of_classes(classes) or _of_name(name)


@lru_cache(maxsize=20_000)
def _of_classes(classes: str) -> str:
    """The reason that classes give."""
    for one in classes.split()[:20]:
        if (why := _of_name(one)) and not (_TOPIC.match(one) and _POST.search(classes)):
            return why
    return ""


@lru_cache(maxsize=20_000)
def _of_name(name: str) -> str:
    """The reason that a class or an id gives: the same classes recur beside others."""
    words = _words(name).split() if 1 < len(name) < 100 else []
    phrases = _phrases()
    for at, first in enumerate(words):
        for phrase, why in phrases.get(first, ()):
            end = at + len(phrase)
            if words[at:end] == phrase:
                rest = " ".join(words[end:])
                return "" if _is_negated(" ".join(words[:at]), f" {rest}" if rest else "") else why
    return ""


def judge(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether the names of an element (its classes, its id) match the pattern, ignoring case, in
    a word that they do not negate. It caches its results."""
    search = re.compile(f"(?:{pattern}){_REST}", re.IGNORECASE).finditer

    def is_called(names: str) -> bool:
        return any(
            not _is_negated(_words(one[: match.start()]), _words(one[match.end() :]))
            for one in names.split()
            for match in search(one)
        )

    return lru_cache(maxsize=20_000)(is_called)


def _is_negated(before: str, after: str) -> bool:
    """Whether the words around one in a name tell that the element is not what that says."""
    return _ABOUT_THE_PAGE.search(before) is not None or _ABSENT.match(after) is not None


def _words(name: str) -> str:
    return " ".join(_WORDS.findall(name)).lower()


@cache
def _phrases() -> dict[str, list[tuple[list[str], str]]]:
    """The phrases of all reasons, each as its words with its reason, in their order by their first words."""
    data: dict[str, str] = data_files.load("crawler.extract", "dom_pruning.yaml")
    found: dict[str, list[tuple[list[str], str]]] = {}
    for why, phrases in data.items():
        for phrase in phrases.split("; "):
            words = phrase.split()
            found.setdefault(words[0], []).append((words, why))
    return found


def _is_title(node: LexborNode, name: str) -> bool:
    """Whether an id is made of a heading's text: that of the element, or of a section of prose below that heading."""
    if node.tag in _TITLES or any(parent.tag in _TITLES for parent in islice(ancestors(node), _LEVELS)):
        return True
    heading = node.css_first(_HEADING_SELECTOR)
    if heading is None or node.css_first(_FORMS) is not None:
        return False
    wanted, titled = _PREFIXES.sub("", _words(name)), _words(heading.text(deep=True))
    if not wanted or not f"{titled} ".startswith(f"{wanted} "):
        return False
    texts = [p.text(deep=True, strip=True) for p in node.css("p")]
    linked = sum(len(a.text(deep=True, strip=True)) for a in node.css("a"))
    return max(map(len, texts), default=0) >= _SECTION_MIN_PROSE and 4 * linked < sum(map(len, texts))
