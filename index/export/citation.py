"""Citations of an article as BibTeX, RIS and CSL-JSON, for reference managers. The sentence for people to copy is in
the catalogues (`index/locale`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from urllib.parse import quote, urlencode

from index.model.article import Article, Version

Form = Literal["bib", "ris", "json"]
FORMS: tuple[Form, ...] = get_args(Form)
MEDIA: Mapping[Form, str] = {
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "json": "application/vnd.citationstyles.csl+json",
}
_SPECIAL = re.compile(r"[\\{}$&#%_~^]")  # characters with a special meaning in LaTeX
# Not \{ and \}: BibTeX counts braces before LaTeX sees them, and takes no backslash for an escape
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Citation:
    """The cited version of an article, from the outlet of this name. `retrieved` is when we read it (UTC)."""

    id: str
    title: str
    authors: tuple[str, ...]
    outlet: str
    published: datetime | None
    retrieved: datetime
    url: str
    language: str | None
    content_hash: str
    version: int = 1
    reading: int = 1

    @property
    def note(self) -> str:
        """The content hash, which identifies the cited text, after the reading, if it is not the first."""
        which = f"Reading {self.reading} of version {self.version}. " if self.reading > 1 else ""
        return f"{which}Content hash {self.content_hash}"


def citation(version: Version, outlet: str) -> Citation:
    """The citation of this version."""
    article = version.article
    return Citation(
        id=f"{article.id}-{version.number}",
        title=_line(article.headline or article.url),
        authors=tuple(map(_line, article.authors)),
        outlet=_line(outlet),
        published=article.published,
        retrieved=version.seen,
        url=_line(article.url),
        language=article.language,
        content_hash=article.content_hash,
        version=version.number,
        reading=version.reading,
    )


def written(cited: Citation, form: Form) -> str:
    """The citation as the text of a file in this form."""
    return _FORMS[form](cited)


def context_object(article: Article, outlet: str) -> str:
    """What a page says of an article for reference managers such as Zotero: the title of an element of class Z3988
    (COinS, https://en.wikipedia.org/wiki/COinS), a context object of OpenURL (ANSI/NISO Z39.88) in Dublin Core. The
    type is Zotero's."""
    said = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", "newspaperArticle"),
        ("rft.title", _line(article.headline or article.url)),
        ("rft.source", _line(outlet)),
        *(("rft.au", _line(author)) for author in article.authors),
        ("rft.date", f"{article.published:%Y-%m-%d}" if article.published else ""),
        ("rft.identifier", _line(article.url)),
        ("rft.language", article.language or ""),
    ]
    return urlencode([(name, value) for name, value in said if value], quote_via=quote, errors="replace")


def _line(text: str) -> str:
    return " ".join(text.split())


def _bibtex(cited: Citation) -> str:
    fields = {
        "author": " and ".join(f"{{{_latex(author)}}}" for author in cited.authors),
        "title": f"{{{_latex(cited.title)}}}",
        "journal": _latex(cited.outlet),
        "date": f"{cited.published:%Y-%m-%d}" if cited.published else "",
        "year": f"{cited.published:%Y}" if cited.published else "",  # for styles older than biblatex's `date`
        "url": re.sub(r"[{}\\]", lambda m: f"%{ord(m[0]):02X}", cited.url),  # a URL is taken verbatim
        "urldate": f"{cited.retrieved:%Y-%m-%d}",
        "langid": _latex(cited.language or ""),
        "note": _latex(cited.note),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@article{{{re.sub(r'[^0-9A-Za-z-]', '', cited.id)},\n" + ",\n".join(lines) + "\n}\n"


def _latex(text: str) -> str:
    return _SPECIAL.sub(lambda match: _LATEX.get(match[0], "\\" + match[0]), text)


def _ris(cited: Citation) -> str:
    lines = [("TY", "NEWS"), ("TI", cited.title), *(("AU", author) for author in cited.authors), ("T2", cited.outlet)]
    lines += [("PY", f"{cited.published:%Y}"), ("DA", f"{cited.published:%Y/%m/%d}")] if cited.published else []
    lines += [
        ("UR", cited.url),
        ("Y2", f"{cited.retrieved:%Y/%m/%d}"),
        ("LA", cited.language or ""),
        ("N1", cited.note),
    ]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines if value) + "ER  - \r\n"


def _csl(cited: Citation) -> str:
    item: dict[str, Any] = {
        "id": cited.id,
        "type": "article-newspaper",
        "title": cited.title,
        "author": [{"literal": author} for author in cited.authors],
        "container-title": cited.outlet,
        "issued": _parts(cited.published) if cited.published else None,
        "accessed": _parts(cited.retrieved),
        "URL": cited.url,
        "language": cited.language,
        "note": cited.note,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=1) + "\n"


def _parts(moment: datetime) -> dict[str, list[list[int]]]:
    return {"date-parts": [[moment.year, moment.month, moment.day]]}


_FORMS: Mapping[Form, Callable[[Citation], str]] = {"bib": _bibtex, "ris": _ris, "json": _csl}
