"""Learned boilerplate: how much of what is learned away is boilerplate, and how much boilerplate is found.

python -m bench.repeats      on made-up sites, and on each site of ../shared/pages/open with three pages or more

The pages of a site are crawled one after another into an archive of their own, and then each is read with all that was
learned. A removed block is boilerplate if it is not in the page's text as its corpus gives it. What can be found is any
block that phrases and structure leave and that stands on three pages or more, in none of their texts."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from crawler import stages
from crawler.boilerplate.repeated_blocks import OTHERS, RepeatedBlocks, block_hash
from crawler.errors import PageProblem
from crawler.models import Page
from crawler.session.source_stats import excluding, repeated
from crawler.text import fold
from index.archive import documents, repeated_blocks
from tests.support.newspaper import Archivist, Box, Story, sentence

PAGES = Path(__file__).parents[2] / "shared" / "pages" / "open"
LEAST_PAGES = 3
PRECISION, RECALL = 0.995, 0.9  # what is good enough
ARTICLES = 30  # of a made-up site


Seen = dict[str, list[tuple[bool, bool]]]  # by block, for each page: whether it is of the text, and was removed


@dataclass(frozen=True)
class Saved:
    """A page, and the text that it is known to have."""

    url: str
    html: bytes
    body: str


@dataclass
class Tally:
    """Learned removals, and those of text; blocks of boilerplate that could be found, and those that were."""

    removed: int = 0
    of_text: int = 0
    findable: int = 0
    found: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("removed", "of_text", "findable", "found", "wrong", "missed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def precision(self) -> float:
        return 1 - self.of_text / self.removed if self.removed else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.findable if self.findable else 1.0


def measure(pages: list[Saved]) -> Tally:
    """What is learned from these pages of one site."""
    with TemporaryDirectory() as folder:
        archivist = Archivist(Path(folder))
        try:
            for page in pages:
                archivist.fetch_page(page.url, page.html)
            learned = archivist.read(lambda conn: repeated(conn, "paper"))
            tally = Tally()
            on: Seen = defaultdict(list)
            texts: dict[str, str] = {}
            for page in pages:
                own = archivist.read(
                    lambda conn, url=page.url: repeated_blocks.of(conn, documents.by_url(conn, url) or "")  # type: ignore[misc]
                )
                _read(page, archivist, excluding(learned, own), tally, on, texts)
            for name, seen in on.items():
                if len(seen) > OTHERS and not any(is_text for is_text, _ in seen):
                    tally.findable += len(seen)
                    tally.found += sum(gone for _, gone in seen)
                    tally.missed += [texts[name]] * (not all(gone for _, gone in seen))
            return tally
        finally:
            archivist.close()


def _read(
    page: Saved, archivist: Archivist, learned: RepeatedBlocks, tally: Tally, on: Seen, texts: dict[str, str]
) -> None:
    fetched = Page(page.url, page.url, page.html, datetime.now(UTC), headers={"content-type": "text/html"})
    try:
        extraction = stages.article(fetched, archivist.site, learned)
    except PageProblem:
        return
    truth = fold(page.body)
    gone = {block_hash(one.text): one.text for one in extraction.removed if one.layer == "repeat"}
    texts |= gone | {block_hash(text): text for text in extraction.article.body.split("\n\n")}
    tally.removed += len(gone)
    for text in gone.values():
        if fold(text) in truth:
            tally.of_text += 1
            tally.wrong.append(text)
    for name in extraction.blocks:
        on[name].append((fold(texts.get(name, "")) in truth, name in gone))


def saved_sites() -> Iterator[tuple[str, list[Saved]]]:
    """The sites with enough pages whose text is known, copies of one page left out."""
    by_host: dict[str, dict[str, Saved]] = defaultdict(dict)
    for file in sorted(PAGES.glob("*/*.json")):
        said = json.loads(file.read_text("utf-8"))
        host = urlsplit(said["url"] or "").hostname
        if host and said["body"]:
            html = gzip.decompress(file.with_suffix(".html.gz").read_bytes())
            by_host[host].setdefault(fold(said["body"]), Saved(said["url"], html, said["body"]))
    for host, pages in sorted(by_host.items()):
        if len(pages) >= LEAST_PAGES:
            yield host, list(pages.values())


def made_up_sites() -> Iterator[tuple[str, list[Saved]]]:
    """Sites of our own: boxes in elements of their own and among the paragraphs, and background on up to a third of the
    articles, which stays."""
    kinds: dict[str, list[Box]] = {
        "box after": [Box(sentence(1)), Box(sentence(2, 6))],
        "box between": [Box(sentence(3), "between"), Box(sentence(4, 5), "between")],
        "notice at the end": [Box(sentence(5), apart=False), Box(sentence(6, 30), apart=False)],
        "line at the end": [Box(sentence(7, 5), apart=False)],
        "line between": [Box(sentence(8, 6), "between", apart=False)],
        "several": [Box(sentence(9 + n, 5 * n + 4), ("after", "between")[n % 2]) for n in range(4)],
        "nothing": [],
    }
    for number, (name, boxes) in enumerate(kinds.items()):
        yield name, list(_made_up(number, boxes, every=1))
        yield f"{name}, on some", list(_made_up(number + 50, [box for box in boxes if box.apart], every=4))


def _made_up(number: int, boxes: list[Box], every: int) -> Iterator[Saved]:
    chosen = random.Random(number)
    background = [sentence(5_000_000 + 10 * number + n, 22) for n in range(3)]
    for n in range(ARTICLES):
        seed = 10_000 * (number + 1) + 100 * n
        body = [sentence(seed + at, chosen.randint(12, 40)) for at in range(chosen.randint(4, 9))]
        for at, text in enumerate(background):
            if n % 3 == at:  # a third of the articles each: in the middle, or last
                body.insert(chosen.choice((2, len(body))), text)
        story = Story(seed, sentence(seed + 99, 8)[:-1], body, boxes if n % every == 0 else [])
        yield Saved(story.url, story.html(), "\n\n".join(body))


def main() -> int:
    good = True
    for name, sites in (("made-up sites", made_up_sites()), ("saved sites", saved_sites() if PAGES.is_dir() else ())):
        total, pages = Tally(), Counter[str]()
        for site, saved in sites:
            tally = measure(saved)
            pages[site] = len(saved)
            total.add(tally)
            if tally.wrong or tally.missed:
                print(f"  {site}: {len(tally.wrong)} removed that are text, {len(tally.missed)} missed")
                for sign, texts in (("-", tally.wrong), ("+", tally.missed)):
                    for text, times in Counter(texts).most_common(5):
                        print(f"    {sign} {times} x {text[:100]}")
        enough = total.precision >= PRECISION and total.recall >= RECALL
        good = good and enough
        print(
            f"{name}: {len(pages)} of {pages.total()} pages\n"
            f"  of {total.removed} learned removals {total.precision:.2%} are boilerplate (at least {PRECISION:.1%})\n"
            f"  of {total.findable} blocks that could be learned {total.recall:.1%} are (at least {RECALL:.0%})\n"
            f"  {'good' if enough else 'NOT GOOD ENOUGH'}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
