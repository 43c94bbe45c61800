"""Which paragraphs stand in an element apart from those of the article."""

from __future__ import annotations

import pytest

from crawler.extract.body import text_blocks
from crawler.extract.body.apart import apart

PROSE = [f"The council met for the {n}th time this year and agreed on the price of bread." for n in range(4, 8)]
TEXT = "Follow us wherever you are"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<p>{TEXT}</p>", False),
        (f'<h3 class="head">{TEXT}</h3>', False),
        (f'<blockquote class="wp-block-quote"><p>{TEXT}</p></blockquote>', False),
        (f"<ul><li>{TEXT}</li></ul>", False),
        (f'<p class="note">{TEXT}</p>', True),
        (f"<div><p>{TEXT}</p></div>", True),
        (f'<div class="q7">{TEXT}</div>', True),
        (f'<ul class="links"><li>{TEXT}</li></ul>', True),
    ],
)
def test_by_its_element_and_the_one_around_it(html: str, expected: bool) -> None:
    body = "".join(f"<p>{text}</p>" for text in PROSE)
    blocks, _ = text_blocks.read(f'<body><article><div class="entry">{body}{html}</div></article></body>')
    assert (TEXT in apart([*PROSE, TEXT], blocks)) is expected
    assert not apart(PROSE, blocks)


def test_a_text_that_is_nowhere_on_the_page_is_not_apart() -> None:
    assert apart([TEXT], []) == frozenset()
