"""Whose a URL is: the domain that one publisher has registered."""

from __future__ import annotations

import pytest

from crawler.urls.registered_domain import domain_of


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.example.co.uk/a", "example.co.uk"),
        ("http://www.step.example:8080/", "step.example"),
        ("https://USER:secret@Step.Example/", "step.example"),
        ("https://one.blogspot.com/2026/", "one.blogspot.com"),
        ("https://أخبار.example/", "أخبار.example"),
        ("http://127.0.0.1:8001/a", "127.0.0.1:8001"),
        ("http://[2001:db8::1]:8001/a", "[2001:db8::1]:8001"),
        ("http://localhost:9000/", "localhost:9000"),
        ("//step.example", "step.example"),
    ],
)
def test_a_domain_is_what_one_publisher_registers(url: str, domain: str) -> None:
    assert domain_of(url) == domain
