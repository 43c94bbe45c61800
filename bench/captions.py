"""Captions of lead images on the saved pages that tell theirs: equal, by overlap, and leaked into the body.

    make bench-captions, or python -m bench.captions [--wrong]

`--wrong` also prints, for each page whose caption is not equal, what was wanted and what was read."""

from __future__ import annotations

import gzip
import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.extraction import read
from crawler.errors import PageProblem

PAGES = Path(__file__).parents[2] / "shared" / "pages" / "open"
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640\u200b-\u200f]")
_LETTERS = re.compile("([\u3040-\u30ff\u3400-\u9fff])")


@dataclass(frozen=True)
class Case:
    """A page's caption as it should be (`wanted`), as it was read, and whether it stands in the body, where it should
    not."""

    name: str
    wanted: str
    said: str
    leaked: bool

    @property
    def equal(self) -> bool:
        """Whether the words are the same."""
        return words(self.said) == words(self.wanted)

    @property
    def overlap(self) -> float:
        """F-measure of the words, 0 to 1."""
        found, wanted = Counter(words(self.said)), Counter(words(self.wanted))
        common = sum((found & wanted).values())
        return 2 * common / (sum(found.values()) + sum(wanted.values())) if common else 0.0


def cases(pages: Path = PAGES) -> Iterator[Case]:
    """Each saved page that tells its lead image's caption, read by the path; a refused one has said nothing."""
    for file in sorted(pages.glob("*/*.json")):
        truth = json.loads(file.read_text("utf-8"))
        if truth.get("caption"):
            html = gzip.decompress(file.with_name(f"{file.stem}.html.gz").read_bytes())
            said = body = ""
            try:
                article = read(html, truth["url"] or "")
                said, body = (article.images[0].caption or "") if article.images else "", article.body
            except PageProblem:
                pass
            leaked = _within(truth["caption"], body) and not _within(truth["caption"], truth["body"] or "")
            yield Case(f"{file.parent.name}/{file.stem}", truth["caption"], said, leaked)


def words(text: str) -> list[str]:
    """Words without marks, in lower case; of scripts without spaces the letters."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", text)).lower()
    return re.findall(r"\w+", _LETTERS.sub(r" \1 ", plain))


def _within(caption: str, body: str) -> bool:
    return f" {' '.join(words(caption))} " in f" {' '.join(words(body))} "


def main() -> None:
    """Prints the shares, and what is wrong where that is asked for."""
    if not PAGES.is_dir():
        sys.exit(f"There are no saved pages at {PAGES}.")
    found = list(cases())
    if "--wrong" in sys.argv[1:]:
        for case in found:
            if not case.equal or case.leaked:
                print(f"{case.name}{'  LEAKED' if case.leaked else ''}\n  - {case.wanted}\n  + {case.said}")
    print(f"pages with a caption  {len(found)}")
    print(f"equal                 {sum(c.equal for c in found) / len(found):.3f}")
    print(f"overlap of words, F1  {sum(c.overlap for c in found) / len(found):.3f}")
    print(f"none read             {sum(not c.said for c in found) / len(found):.3f}")
    print(f"leaked into the body  {sum(c.leaked for c in found) / len(found):.3f}")


if __name__ == "__main__":
    main()
