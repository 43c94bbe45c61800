"""Elasticsearch's analyzers and `index.text.analysis` make the same tokens."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from elasticsearch import Elasticsearch

from index.engines.base import MAPPING_VERSION, new_target
from index.engines.elastic import ElasticEngine, analysis_settings
from index.text import arabic
from index.text.analysis import CHAINS, fold, language_of, lower, stems, tokens, words
from index.text.stopwords import STOP_WORDS
from tests.engines.corpus import CORPUS
from tests.unit.index.text.test_analysis import STEMS

pytestmark = pytest.mark.elasticsearch
INDEX = "arshif-parity"
PAGES = Path(__file__).parents[3] / "shared" / "pages" / "open"  # other people's pages, beside this repository
DATA = Path(__file__).parents[1] / "support" / "news_sites" / "data"
NEWSROOM = {
    "stock.ar.txt": "ar",
    "jannah.txt": "ar",
    "stock.en.txt": "en",
    "english.txt": "en",
    "fr.txt": "fr",
    "fa.txt": "fa",
    "ru.txt": "ru",
    "zh.txt": "zh",
}
WORDS = 2_000
FEWER = {
    "id": 1_900,
    "zh": 1_200,
}  # where the saved pages are not there: CLDR has no more words of Indonesian, nor signs
LUCENE = {  # the same algorithm by Lucene's name; its Greek, Dutch, Czech, Hindi and Indonesian are others
    **{"ar": "", "ca": "Catalan", "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish"},
    **{"fr": "French", "hu": "Hungarian", "hy": "Armenian", "it": "Italian", "no": "Norwegian", "pt": "Portuguese"},
    **{"ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish"},
}
PARITY = 0.995
CHANGED = {"de": 0.98, "fr": 0.99, "sv": 0.98, "ar": 0.975}  # Snowball 3.0 takes off -et, -aise and more; ours pronouns
# Lucene's Dutch is Porter's, and Snowball's Kraaij and Pohlmann's; of Ntais's Greek each has its own reading
OTHERS: dict[str, list[Any]] = {
    "nl": [{"type": "snowball", "language": "Dutch"}],
    "el": [{"type": "lowercase", "language": "greek"}, {"type": "stemmer", "language": "greek"}],
}
MOST_OTHERS = {"nl": 0.2, "el": 0.08}  # 19.3 and 7.8 % of the words were seen to differ
NEWER = {
    **{"de": r".*(et|ete|eten|etes|eter|eln|ern|in|innen)", "fr": r".*ais(e|es)?", "sv": r".*et"},
    "ar": r".*(ا|تها|ته|هما|كما|هم|هن|كم|كن|نا)|[وف]([بك]ال|لل).*",  # our own additions to light10
}


@pytest.fixture(scope="module")
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url) as client:
        client.indices.delete(index=INDEX, ignore_unavailable=True)
        analysis = analysis_settings()
        analysis["analyzer"]["lucene_arabic"] = {
            "type": "custom",
            "char_filter": ["arshif_fold"],
            "tokenizer": "arshif_words",
            "filter": ["arabic_stem"],
        }
        client.indices.create(index=INDEX, settings={"analysis": analysis, "index.analyze.max_token_count": 200_000})
        yield client
        client.indices.delete(index=INDEX)


def analyze(client: Elasticsearch, analyzer: str, text: str) -> list[str]:
    return [t["token"] for t in client.indices.analyze(index=INDEX, analyzer=analyzer, text=text)["tokens"]]


def pieces(chars: Sequence[str], size: int = 4_000) -> Iterator[Sequence[str]]:
    for start in range(0, len(chars), size):
        yield chars[start : start + size]


def test_every_character_alone_and_within_a_word(client: Elasticsearch) -> None:
    """Unicode of the server may be newer than Python's: characters that Python does not know are left out."""
    known = [
        chr(p) for p in range(0x10000) if not 0xD800 <= p < 0xE000 and unicodedata.category(chr(p)) not in ("Cn", "Co")
    ]
    differing: list[str] = []
    for some in pieces(known):
        text = "\n".join(f"{char} a{char}b ق{char}" for char in some)
        if analyze(client, "arshif_exact", text) != words(text):
            differing += [
                f"U+{ord(c):04X}" for c in some if analyze(client, "arshif_exact", f"a{c}b") != words(f"a{c}b")
            ]
    assert differing == []


def test_other_planes_and_long_words(client: Elasticsearch) -> None:
    text = f"𠀀𠀁 a𠀀b 😀x😀 𐤀𐤁 𝒜b {'ب' * 300} {'x' * 129} 🇸🇾 e\u0301 \U0001f9d1\u200d\U0001f33e"
    assert analyze(client, "arshif_exact", text) == words(text)
    assert [len(w) for w in words("x" * 300)] == [128, 128, 44]


def test_the_texts_of_the_corpus(client: Elasticsearch) -> None:
    text = "\n\n".join(f"{d.article.headline}\n{d.article.body}" for d in CORPUS)
    assert len(words(text)) > 450
    assert analyze(client, "arshif_exact", text) == words(text)


def test_a_stem_is_lucenes_but_for_what_it_adds(client: Elasticsearch) -> None:
    """On every word of the Arabic corpus, with every particle that Lucene's light10 knows."""
    plain = {w for d in CORPUS if d.article.language == "ar" for w in words(d.article.body)}
    formed = {f"{prefix}{word}" for word in plain for prefix in arabic.LIGHT10_PREFIXES}
    asked = sorted(w for w in formed if not (w[-1] in "اهمكن" or w.startswith(("وب", "وك", "ول", "فب", "فك", "فل"))))
    assert len(asked) > 500
    for some in pieces(asked):
        assert analyze(client, "lucene_arabic", " ".join(some)) == [arabic.stem(w) for w in some]


# --- words of real texts, where the saved pages are there, of the newsroom, and of CLDR, which Babel brings along ---


@cache
def saved() -> dict[str, list[str]]:
    """The texts of the saved pages by language."""
    found: dict[str, list[str]] = {}
    for file in sorted(PAGES.glob("*/*.json")):
        said = json.loads(file.read_text("utf-8"))
        body = said.get("body") or ""
        text = body if isinstance(body, str) else "\n".join(body)
        found.setdefault(language_of(said.get("lang")), []).extend([said.get("title") or "", text])
    return found


def names(data: object) -> Iterator[str]:
    """All texts of a language's part of CLDR: its names of countries, languages, towns, currencies, units and times."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from names(value)
    elif isinstance(data, tuple | list):
        for value in data:
            yield from names(value)


@cache
def most_frequent(language: str) -> list[str]:
    """WORDS words of a language as its stemmer gets them, the most frequent first, and names last."""
    texts = [text for one, text in STOP_WORDS.items() if language_of(one) == language]
    texts += [text for name, one in NEWSROOM.items() if one == language for text in [(DATA / name).read_text("utf-8")]]
    texts += saved().get(language, [])
    if language in STEMS:
        texts.append(STEMS[language][0])
    counted = Counter(_words(texts))
    # sorted, for a set's order is another one in every process, and that of Babel's data changes as it is read
    counted.update(sorted(set(_words(names(Locale.parse(language)._data))) - counted.keys()))
    return [word for word, _ in counted.most_common(WORDS)]


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in map(lower, texts):
        for token in tokens(text):
            yield text[token.start : token.end]


@pytest.mark.parametrize("language", [*CHAINS, "fa", "pl", "zh"])
def test_words_and_stems_are_the_same_on_both_sides(client: Elasticsearch, language: str) -> None:
    """All of them: exact words are cut and folded by Elasticsearch itself, stems arrive as they were made."""
    found = most_frequent(language)
    assert len(set(found)) >= (WORDS if PAGES.is_dir() else FEWER.get(language, WORDS))
    text = "، ".join(found)
    assert analyze(client, "arshif_exact", text) == words(text)
    made = stems(text, language)
    assert bool(made) == (language in CHAINS)
    assert analyze(client, "arshif_stem", " ".join(made)) == made


@pytest.mark.parametrize("language", LUCENE)
def test_stems_are_those_of_lucene(client: Elasticsearch, language: str) -> None:
    """At least PARITY of the words, but for Arabic, and for three languages whose Snowball has changed since."""
    found = [fold(word) if language == "ar" else word for word in most_frequent(language)]
    answer = client.indices.analyze(
        index=INDEX,
        tokenizer="whitespace",
        filter=["arabic_stem" if language == "ar" else {"type": "snowball", "language": LUCENE[language]}],
        text=" ".join(found),
    )
    theirs = [fold(token["token"]) for token in answer["tokens"]]
    ours = [stem.partition(":")[2] for word in found for stem in stems(word, language)]
    assert len(theirs) == len(ours) == len(found)
    differing = [of for of in zip(found, theirs, ours, strict=True) if of[1] != of[2]]
    print(f"{language}: {len(differing)} of {len(found)} differ: {differing}")
    assert len(differing) <= (1 - CHANGED.get(language, PARITY)) * len(found)
    if language in CHANGED:
        assert all(re.fullmatch(NEWER[language], word) for word, _, _ in differing), differing


@pytest.mark.parametrize(("language", "chain"), OTHERS.items())
def test_where_lucene_s_stemmer_is_another_one_it_is_known_how_much(
    client: Elasticsearch, language: str, chain: list[Any]
) -> None:
    """Both are good stemmers, and Elasticsearch is never asked for its own: stems arrive as they were made."""
    found = most_frequent(language)
    answer = client.indices.analyze(index=INDEX, tokenizer="whitespace", filter=chain, text=" ".join(found))
    theirs = [fold(token["token"]) for token in answer["tokens"]]
    ours = [stem.partition(":")[2] for word in found for stem in stems(word, language)]
    differing = [of for of in zip(found, theirs, ours, strict=True) if of[1] != of[2]]
    print(f"{language}: {len(differing)} of {len(found)} differ: {differing}")
    assert 0 < len(differing) <= MOST_OTHERS[language] * len(found)


def test_the_mapping_takes_no_field_that_it_does_not_know(client: Elasticsearch, elasticsearch_url: str) -> None:
    engine = ElasticEngine(elasticsearch_url, prefix="strict")
    target = new_target("strict")
    engine.create(target)
    try:
        answer = client.bulk(index=target, operations=[{"index": {"_id": "x"}}, {"surprise": 1}])
        assert answer["items"][0]["index"]["error"]["type"] == "strict_dynamic_mapping_exception"
    finally:
        client.indices.delete(index=target)
        client.indices.delete_index_template(name=f"strict-v{MAPPING_VERSION}")
        engine.close()
