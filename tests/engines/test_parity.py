"""Elasticsearch's analyzers and `index.analysis` make the same tokens."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import pytest
from elasticsearch import Elasticsearch

from index.analysis import SAME_CHAIN, light10, stems, words
from index.engines.elastic import ElasticEngine, analysis_settings
from tests.engines.corpus import CORPUS

pytestmark = pytest.mark.elasticsearch
INDEX = "arshif-parity"


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


def test_light10_is_lucenes(client: Elasticsearch) -> None:
    """On every word of the Arabic corpus, and on each with every prefix and suffix that the stemmer knows."""
    plain = {w for d in CORPUS if d.article.language in ("ar", "fa") for w in words(d.article.body)}
    formed = {
        f"{prefix}{word}{suffix}"
        for word in plain
        for prefix in ("", "ال", "وال", "بال", "كال", "فال", "لل", "و")
        for suffix in ("", "ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
    }
    assert len(formed) > 10_000
    asked = sorted(formed)
    for some in pieces(asked):
        assert analyze(client, "lucene_arabic", " ".join(some)) == [light10(w) for w in some]


@pytest.mark.parametrize("language", ["ar", "en", "fr", "ru", "tr", "el"])
def test_stems_arrive_as_they_were_made(client: Elasticsearch, language: str) -> None:
    texts = [d.article.body for d in CORPUS if SAME_CHAIN.get(d.article.language or "") is None]
    made = [stem for text in texts for stem in stems(text, language)]
    assert len(made) > 300
    assert analyze(client, "arshif_stem", " ".join(made)) == made


def test_the_mapping_takes_no_field_that_it_does_not_know(client: Elasticsearch, elasticsearch_url: str) -> None:
    from index.engines.base import MAPPING_VERSION, new_target

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
