"""Pages that hold no text because a framework fills them by script: a browser would show an article there."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from crawler.extract.html_document import HtmlDocument, ancestors, attribute, text_of
from crawler.text import words

PLACEHOLDER_WORDS = 8  # of an element that waits to be filled: "Loading, please wait …"
_MOST_PLACES = 100  # that are looked at, each with all that is in it
_SHELL_WORDS = 40  # of a page in which any empty element may be the one
# Where frameworks and their starters put what they render: React, Vue, Next, Nuxt, Gatsby, SvelteKit, Angular, Ember,
# Quasar, Docusaurus, Astro.
_MOUNTS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #svelte, #q-app, #react-root, #app-root, #vue-app, #main-app,"
    " #__docusaurus, [data-reactroot], [data-server-rendered], [ng-app], [ng-version], [data-ng-app], app-root,"
    " astro-island, .ember-application"
)
_PLACES = 'main, article, [role="main"], [itemprop~="articleBody"]'  # of the text, whatever fills it
_BOXES = "body > div[id], body > div > div[id], body > section"
_SCRIPTS = 'script[src], script[type="module"], link[rel~="modulepreload"], link[rel~="preload"][as="script"]'


def is_shell(document: HtmlDocument) -> bool:
    """Whether a page without text has a place that its scripts are to fill: the one of a framework, that of the text,
    an element of its own name, or, on a page of hardly any words, any."""
    tree = document.original
    body = tree.body
    if body is None or tree.css_first(_SCRIPTS) is None:
        return False
    if any(_waits(node) for node in tree.css(f"{_MOUNTS}, {_PLACES}")[:_MOST_PLACES]):
        return True
    if len(words(text_of(body))) > _SHELL_WORDS:
        return False
    return any(_waits(node) for node in (*tree.css(_BOXES), *_own_elements(body)))


def _waits(node: LexborNode) -> bool:
    """Whether an element holds nothing yet, or a word to wait."""
    if node.css_first("img, picture, video, audio, object, embed, iframe:not([hidden])") is not None:
        return False
    hidden = any("hidden" in one.attributes or attribute(one, "aria-hidden") == "true" for one in _around(node))
    return not hidden and len(words(text_of(node))) <= PLACEHOLDER_WORDS


def _around(node: LexborNode) -> list[LexborNode]:
    return [node, *(one for one in ancestors(node) if one.tag not in ("body", "html"))]


def _own_elements(body: LexborNode) -> list[LexborNode]:
    """The custom elements right below the body, such as <paper-app>."""
    return [node for node in body.iter() if "-" in (node.tag or "")]
