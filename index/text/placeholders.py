"""What a template leaves where nobody filled it in: `{{title}}`, `undefined`, `%s`."""

from __future__ import annotations

import re

# The marks of Mustache, Jinja and Vue, of JavaScript, Ruby and ERB, and a name alone in braces
_MARKED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|[$#]\{.*?\}|<%.*?%>|%%\w+%%|\{[a-z]\w*\}", re.IGNORECASE)
_BEGINNINGS = ("{", "${", "#{", "<%", "%%")  # asked of every line of a page, it must cost nothing
# What is printed for a value that is none, by JavaScript, Python, Go and C
_NOTHING = frozenset(("undefined", "null", "(null)", "nan", "<nil>", "%s", "%d", "%1$s"))
_NOTHING_OF_TWO = frozenset(("[object object]", "<no value>"))
_MAX_CHARS = 300  # a longer text is somebody's


def is_unfilled(text: str) -> bool:
    """Whether a text is no more than marks of a template, such as `{{ title }}`."""
    if not text.startswith(_BEGINNINGS) or len(text) > _MAX_CHARS:
        return False
    beside = _MARKED.sub("", text)
    return beside != text and not any(map(str.isalnum, beside))


def is_placeholder(text: str) -> bool:
    """Whether a text says nothing but what a template leaves where it was not filled in, or was filled with nothing;
    False for an empty one."""
    text = text.strip()
    if not text or len(text) > _MAX_CHARS:
        return False
    said = text.lower()
    return said in _NOTHING_OF_TWO or _NOTHING.issuperset(said.split()) or is_unfilled(text)
