"""What a template leaves where nobody filled it in: `{{title}}`, `undefined`, `%s`."""

from __future__ import annotations

import re

# The marks of Mustache, Jinja and Vue, of JavaScript, Ruby and ERB, and a name alone in braces.
_MARKED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|[$#]\{.*?\}|<%.*?%>|%%\w+%%|\{[a-z]\w*\}", re.IGNORECASE)
# What is printed for a value that is none, by JavaScript, Python, Go and C
_NOTHING = frozenset(
    ("undefined", "null", "(null)", "nan", "[object object]", "<no value>", "<nil>", "%s", "%d", "%1$s")
)
_MAX_CHARS = 300  # a longer text is somebody's


def is_placeholder(text: str) -> bool:
    """Whether a text says nothing but what a template leaves where it was not filled in; not an empty one."""
    text = text.strip()
    if not text or len(text) > _MAX_CHARS:
        return False
    if text.lower() in _NOTHING:
        return True
    return ("{" in text or "%" in text) and not any(map(str.isalnum, _MARKED.sub("", text)))
