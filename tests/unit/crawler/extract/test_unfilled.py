"""What a template left unfilled is no field of an article, and what a page names as its address must be one."""

from __future__ import annotations

import pytest

from crawler import stages
from index.model.article import Article
from index.text.placeholders import is_placeholder, is_unfilled
from tests.support.samples import URL, a_page, a_site

TEXT = "".join(
    f"<p>The bridge of quarter {n} was opened on Monday, and the whole town came to see it.</p>" for n in "abcde"
)


def read(head: str, inside: str = "", title: str = "The bridge is open", url: str = URL) -> Article:
    html = f"<html lang=en><title>{title}</title>{head}<body><article><h1>{title}</h1>{inside}{TEXT}</article>"
    return stages.article(a_page(html, url), a_site()).article


@pytest.mark.parametrize("nothing", ["{{ page.title }}", "undefined", "null", "${title}", "<%= title %>", "%s"])
def test_unfilled_fields_are_none(nothing: str) -> None:
    names = ("description", "author", "keywords", "article:section", "og:image")
    metas = "".join(f'<meta name="{name}" content="{nothing}">' for name in names)
    found = read(metas, f"<div class=byline>By {nothing}</div>")
    assert (found.description, found.authors, found.keywords, found.section, found.images) == (None, (), (), None, ())
    said = f'<meta property="og:title" content="The bridge is open"><title>{nothing} | The Step</title>'
    assert read(said, title=nothing.replace("<", "&lt;")).headline == "The bridge is open"


def test_an_unfilled_line_is_no_paragraph_and_one_about_templates_is() -> None:
    told = "Write {{ user.name }} where the name is to stand."
    found = read("", f"<p>{{{{ related.title }}}}</p><p>{told}</p><figure><img src='/{{{{img}}}}' width=800></figure>")
    assert told in found.body
    assert "related" not in found.body
    assert found.images == ()


def test_what_is_unfilled() -> None:
    assert is_unfilled("{{ a.b|upper }} - {{c}}")
    assert is_placeholder("undefined undefined")
    for text in ("", "null and void", "{ braces }", "{", "100%", "$5", "{{ a }} b"):
        assert not is_unfilled(text)
        assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("/2018/06/08/story", URL),
        ("HTTPS://NEWS.EXAMPLE.COM/2018/06/08/story?utm_source=x", URL),
        ("news.example.com/2018/06/08/story", URL),
        ("/", None),
        ("/ar/", None),
        ("/index.php", None),
        ("/login", None),
        ("/2018/06/08/story/feed/", None),
        ("{{ canonical }}", None),
        ("/undefined", None),
        ("https://agency.example.org/1", None),
    ],
)
def test_the_canonical_url_is_one_of_an_article(said: str, url: str | None) -> None:
    assert read(f'<link rel=canonical href="{said}">').canonical_url == url
    assert read(f'<link rel=canonical href="/"><meta property="og:url" content="{said}">').canonical_url == url


def test_a_link_that_a_reader_wrote_is_not_canonical() -> None:
    assert read("", '<div class=comment><link rel=canonical href="/2018/other"></div>').canonical_url is None
