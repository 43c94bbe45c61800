"""How well Arabic words are found in whatever form: made-up articles in which nouns stand with particles, article and
pronouns as in the news, and names with particles, and queries whose answers follow from how the articles were made.

`python -m tests.quality.arabic_search [ELASTICSEARCH_URL]` prints nDCG@10, precision and recall of the embedded engine
beside PyStemmer's Arabic and, with a server, Elasticsearch's `arabic` analyzer, both ranked by BM25."""

from __future__ import annotations

import math
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import Stemmer

from index.engines import Engine, open_engine
from index.engines.base import new_target
from index.search.query_language import parse
from tests.engines.corpus import document
from tests.support.patience import PATIENCE

SEED = 16
MENTIONS = 9  # articles for each noun
FILLER = (
    "قال المتحدث إن الأمر ما زال قيد الدرس منذ الصباح ولم يصدر أي شيء عن الجهات المعنية حتى الآن رغم مرور أيام على"
    " الحادث الذي وقع قرب الساحة وأثار جدلا واسعا بين الأهالي ممن طالبوا بتوضيح ما جرى وسط ترقب شديد وانتظار طويل هناك"
)
SHAPES = {  # conjunction, preposition, article, pronoun, and how often such a form stands in a text
    "bare": 5, "al": 8, "wa+al": 3, "bi+al": 3, "li+al": 3, "ka+al": 1, "wa+bi+al": 2, "wa+li+al": 2, "fa+bi+al": 1,
    "bi": 2, "li": 2, "wa": 2, "wa+bi": 1, "fa+li": 1, "ha": 2, "hu": 2, "hum": 1, "na": 1, "bi+ha": 1, "wa+ha": 1,
}  # fmt: skip
_LETTERS = {"wa": "و", "fa": "ف", "bi": "ب", "li": "ل", "ka": "ك"}
_PRONOUNS = {"ha": "ها", "hu": "ه", "hum": "هم", "na": "نا"}
OF_NAMES = {shape: often for shape, often in SHAPES.items() if set(shape.split("+")) <= {"bare", *_LETTERS}}
ASKED = ("bare", "al", "li", "wa+bi")  # the forms in which a noun is asked for, and a name if it can have them


def formed(noun: str, shape: str) -> str:
    """A noun with particles, article or pronoun, as it is spelt: لل for ل and ال, ت for ة before a pronoun."""
    parts = shape.split("+")
    joint = "".join(_LETTERS[p] for p in parts if p in ("wa", "fa"))
    preposition = "".join(_LETTERS[p] for p in parts if p in ("bi", "li", "ka"))
    pronoun = "".join(_PRONOUNS.get(p, "") for p in parts)
    if "al" in parts and preposition == "ل":
        return f"{joint}ل{noun}" if noun.startswith("ل") else f"{joint}لل{noun}"
    if "al" in parts:
        return f"{joint}{preposition}ال{noun}"
    stem = f"{noun[:-1]}ت" if pronoun and noun.endswith("ة") else noun
    return f"{joint}{preposition}{stem}{pronoun}"


@dataclass(frozen=True)
class Judged:
    """Made-up articles by id, and by query the grade of each that answers it: 2 as it is asked, 1 otherwise."""

    texts: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]


def judged() -> Judged:
    """The set: some 1,600 articles and 600 queries, the same in every run."""
    chance, filler = random.Random(SEED), FILLER.split()
    texts: dict[str, str] = {}
    holds: dict[str, list[tuple[str, str]]] = defaultdict(list)  # noun -> articles with it, each with the form there
    nouns = [(line.split(), SHAPES) for line in _lines("arabic_nouns.txt")]
    nouns += [(line.split(), OF_NAMES) for line in _lines("arabic_names.txt")]
    for forms, shapes in nouns:
        for _ in range(MENTIONS):
            form = formed(chance.choice(forms), chance.choices([*shapes], [*shapes.values()])[0])
            words = chance.choices(filler, k=chance.randrange(12, 40))
            for _ in range(chance.choice((1, 1, 2))):
                words.insert(chance.randrange(len(words)), form)
            name = f"a{len(texts):04}"
            texts[name] = " ".join(words)
            holds[forms[0]].append((name, form))
    grades = {}
    for forms, shapes in nouns:
        for shape in (shape for shape in ASKED if shape in shapes):
            query = formed(forms[0], shape)
            grades[query] = {name: 2 if form == query else 1 for name, form in holds[forms[0]]}
    return Judged(texts, grades)


def _lines(name: str) -> Iterator[str]:
    text = (Path(__file__).parent / name).read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@dataclass(frozen=True)
class Scores:
    """Means over all queries, from 0 to 1."""

    ndcg: float
    precision: float
    recall: float


def scores(found: Mapping[str, Sequence[str]], given: Judged) -> Scores:
    """The scores of ranked results, by query."""
    ndcg, precision, recall = [], [], []
    for query, grades in given.grades.items():
        ranked = found[query]
        right = [name for name in ranked if name in grades]
        ideal = _gain(sorted(grades.values(), reverse=True))
        ndcg.append(_gain([grades.get(name, 0) for name in ranked]) / ideal)
        precision.append(len(right) / len(ranked) if ranked else 0.0)
        recall.append(len(right) / len(grades))
    return Scores(mean(ndcg), mean(precision), mean(recall))


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:10]))


def by_embedded(given: Judged) -> dict[str, list[str]]:
    """What the embedded engine finds."""
    with tempfile.TemporaryDirectory() as directory:
        engine = open_engine("embedded", directory=Path(directory), prefix="judged")
        found = by_engine(given, engine)
        engine.close()
    return found


def by_engine(given: Judged, engine: Engine) -> dict[str, list[str]]:
    """What an engine finds, which is filled for it."""
    target = new_target(engine.prefix)
    engine.create(target)
    assert engine.bulk(target, [document(name, "خبر", text) for name, text in given.texts.items()], []) == {}
    engine.activate(target)
    return {query: [match.id for match in engine.search(parse(query, limit=100)).matches] for query in given.grades}


def by_stems(given: Judged, stems: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """What BM25 (k1 1.2, b 0.75, as in Lucene) finds with these stems."""
    terms = {name: Counter(stems(text)) for name, text in given.texts.items()}
    lengths = {name: sum(count.values()) for name, count in terms.items()}
    usual = mean(lengths.values())
    holding: dict[str, list[str]] = defaultdict(list)
    for name, count in terms.items():
        for term in count:
            holding[term].append(name)
    found = {}
    for query in given.grades:
        score: Counter[str] = Counter()
        for term in stems(query):
            there = holding.get(term, [])
            weight = math.log(1 + (len(terms) - len(there) + 0.5) / (len(there) + 0.5))
            for name in there:
                times = terms[name][term]
                score[name] += weight * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * lengths[name] / usual))  # type: ignore[assignment]
        found[query] = [name for name, _ in score.most_common()]
    return found


def by_pystemmer(given: Judged) -> dict[str, list[str]]:
    """What Snowball's Arabic stemmer finds."""
    stemmer = Stemmer.Stemmer("arabic")
    return by_stems(given, lambda text: stemmer.stemWords(text.split()))


def by_elasticsearch(given: Judged, url: str) -> dict[str, list[str]]:
    """What Elasticsearch finds with its `arabic` analyzer."""
    from elasticsearch import Elasticsearch

    with Elasticsearch(url, request_timeout=PATIENCE) as client:
        name = "judged-arabic"
        client.indices.delete(index=name, ignore_unavailable=True)
        client.indices.create(index=name, mappings={"properties": {"text": {"type": "text", "analyzer": "arabic"}}})
        rows = [row for id_, text in given.texts.items() for row in ({"index": {"_id": id_}}, {"text": text})]
        client.bulk(index=name, operations=rows, refresh=True)
        found = {}
        for query in given.grades:
            hits = client.search(index=name, query={"match": {"text": query}}, size=100)["hits"]["hits"]
            found[query] = [hit["_id"] for hit in hits]
        client.indices.delete(index=name)
    return found


def main() -> None:
    given = judged()
    rows = {"embedded": by_embedded(given), "PyStemmer": by_pystemmer(given)}
    if len(sys.argv) > 1:
        rows["Elasticsearch, arabic"] = by_elasticsearch(given, sys.argv[1])
    print(f"{len(given.texts)} articles, {len(given.grades)} queries")
    for name, found in rows.items():
        got = scores(found, given)
        print(f"{name:24} nDCG@10 {got.ndcg:.3f}  precision {got.precision:.3f}  recall {got.recall:.3f}")


if __name__ == "__main__":
    main()
