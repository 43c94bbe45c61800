"""JSON as templates write it is mended where little is wrong, and in one pass whatever it is."""

from __future__ import annotations

import json

import pytest

from crawler.extract.broken_json import mended
from tests.support.patience import cpu_within


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('{"a": 1, "b": ["x"]}', {"a": 1, "b": ["x"]}),
        ('/* by a plugin */ {"a": 1, // first\n"b": 2}', {"a": 1, "b": 2}),
        ('{"a": "https://x/y" /* here */, "b": "1 // 2"}', {"a": "https://x/y", "b": "1 // 2"}),
        ('{"a": "The "old" boat", "b": "sails"}', {"a": 'The "old" boat', "b": "sails"}),
        ('{"a": "they said: "no", and left", "b": 1}', {"a": 'they said: "no", and left', "b": 1}),
        ('{"a": "say "yes""}', {"a": 'say "yes"'}),
        (r'{"a": "it\'s \x41 \u0041 \\ \/ \d"}', {"a": "it's A A \\ / d"}),
        ('{"a": "x" "b": "y"\n"c": 1}', {"a": "x", "b": "y", "c": 1}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": 1}}]', {"a": 1}),
        ('{"a": {"b": ["x", "cut o', {"a": {"b": ["x", "cut o"]}}),
        ('{"a": 1, ', {"a": 1}),
        ('{"a": "", "b": ""}', {"a": "", "b": ""}),
    ],
)
def test_what_is_nearly_json_is_read(written: str, value: object) -> None:
    assert json.loads(mended(written)) == value


@pytest.mark.parametrize(
    "unit", ['"', '" ', "/*", "//", "\\", '"\\', "{", '{"a', '","', '"a" ,', " ", '{"a":"b"'], ids=repr
)
def test_nothing_takes_long(unit: str) -> None:
    with cpu_within(5):
        mended(unit * (1_000_000 // len(unit)))
