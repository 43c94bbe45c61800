"""A key of a site's file is changed, and nothing else in it."""

from __future__ import annotations

import pytest
import yaml

from crawler.onboarding.site_file import with_key

FILE = """\
# of the desk in Homs
name: أخبار القرية   # as on its masthead
enabled: false  # until it answers again
schedule:
  every: 60  # minutes

# where it lists them
sources:
  - kind: feed
    url: https://village.example/feed
"""


@pytest.mark.parametrize(
    ("key", "value", "before", "after"),
    [
        ("enabled", True, "enabled: false  #", "enabled: true  #"),
        ("schedule", {"cron": "0 6 * * *"}, "  every: 60  # minutes\n", "  cron: 0 6 * * *\n"),
        ("schedule", None, "schedule:\n  every: 60  # minutes\n", ""),
        ("schedule", {}, "schedule:\n  every: 60  # minutes\n", "schedule: {}\n"),
        ("delay", 5, "village.example/feed\n", "village.example/feed\ndelay: 5\n"),
        ("delay", None, "", ""),
    ],
    ids=["word", "block", "removed", "emptied", "new", "not there"],
)
def test_one_key_changes(key: str, value: object, before: str, after: str) -> None:
    changed = with_key(FILE, key, value)
    assert changed == FILE.replace(before, after)
    held = yaml.safe_load(changed)
    assert held.get(key) == value
    assert {name: held[name] for name in ("name", "sources")} == {
        n: yaml.safe_load(FILE)[n] for n in ("name", "sources")
    }


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", "enabled: true\n"),
        ("# nothing yet\n", "# nothing yet\nenabled: true\n"),
        ("name: a", "name: a\nenabled: true\n"),
        ("enabled: false", "enabled: true"),
        ("enabled:\nname: a\n", "enabled: true\nname: a\n"),
        ("schedule: {every: 5}\nenabled: no # !\n", "schedule: {every: 5}\nenabled: true # !\n"),
        ("enabled: >\n  false\n# c\n", "enabled: true\n# c\n"),
    ],
    ids=["empty", "comment", "no end of line", "last", "no value", "flow", "folded"],
)
def test_in_whatever_way_it_is_written(text: str, after: str) -> None:
    assert with_key(text, "enabled", True) == after


def test_a_file_in_braces_is_left_to_a_person() -> None:
    with pytest.raises(ValueError, match="flow"):
        with_key("{enabled: false}\n", "enabled", True)


def test_a_comment_within_what_is_removed_does_not_become_text_of_what_stands_before() -> None:
    text = "note: |\n  one\nschedule:\n  every: 60\n  # inner\n# outer\nname: a\n"
    changed = with_key(text, "schedule", None)
    assert changed == "note: |\n  one\n# outer\nname: a\n"
    assert yaml.safe_load(changed) == {"note": "one\n", "name": "a"}
