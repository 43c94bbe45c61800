"""Hebrew words with the particles that are joined to them."""

from __future__ import annotations

import pytest

from index.text import hebrew


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ממשלה", "הממשלה בממשלה ולממשלה שהממשלה מהממשלה וכשבממשלה"),
        ("בממשלה", "ממשלה הממשלה לממשלה"),
        ("ירושלים", "בירושלים מירושלים"),
        ("ושבבחירות", "בחירות הבחירות"),
        ("שר", "השר ושר"),
    ],
)
def test_a_word_with_other_particles_and_without(asked: str, found: str) -> None:
    assert set(found.split()) <= set(hebrew.with_particles(asked))


@pytest.mark.parametrize(
    ("asked", "others"),
    [
        ("חירות", "בחירות ובחירות"),
        ("בחירות", "חירות לחירות"),
        ("כתב", "מכתב שמכתב"),
        ("משטרה", "שטרה"),
        ("שר", "בשר כשר"),
    ],
)
def test_the_first_letter_of_a_known_word_is_no_particle(asked: str, others: str) -> None:
    assert set(others.split()).isdisjoint(hebrew.with_particles(asked))


def test_other_scripts_have_none() -> None:
    assert hebrew.with_particles("hello") == hebrew.with_particles("") == hebrew.with_particles("سلام") == ()
