"""Messages and the catalogues: how values are written, that each language says everything, that nothing is said outside
of them, and that a further language is one more file."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.pofile import read_po

from index import locale
from index.errors import ArshifError, QueryError
from index.locale import catalogues, messages, translate
from index.model.message import Message
from tests.support import spoken

FORMS = ("zero", "one", "two", "few", "many", "other")  # in the order in which gettext counts them


class Code(StrEnum):
    STATUS = "fetch.http_status"


# --- messages --------------------------------------------------------------------------------------------------------

REASON = Message("health.pages", {"n": 3, "of": 12, "why": Message(Code.STATUS, {"status": 404})})


def test_a_message_is_kept_as_json_and_crosses_processes() -> None:
    text = REASON.to_json()
    assert text == (
        '{"code":"health.pages","params":{"n":3,"of":12,"why":{"code":"fetch.http_status","params":{"status":404}}}}'
    )
    assert Message.from_json(text) == REASON == pickle.loads(pickle.dumps(REASON))
    assert len({REASON, Message.from_json(text)}) == 1
    assert type(Message(Code.STATUS).code) is str
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert Message("x", {"at": at, "all": ("a", at)}).params == {
        "at": "2026-01-02T03:04:00+00:00",
        "all": ["a", "2026-01-02T03:04:00+00:00"],
    }
    with pytest.raises(ValueError, match="no time zone"):
        Message("x", {"at": at.replace(tzinfo=None)})


@pytest.mark.parametrize(
    "stored",
    [
        *("due", "404", "{}", "null", '["a"]', '{"code":1,"params":{}}', '{"code":"a"}', "", "[" * 100_000),
        *('{"code":"a","params":{"b":{}}}', '{"code":"a","params":{},"more":1}', '{"a":' * 100_000),
    ],
    ids=lambda text: text[:40],
)
def test_any_other_text_is_a_sentence_of_an_older_release(stored: str) -> None:
    assert Message.from_json(stored) == Message("legacy", {"text": stored})
    assert translate(Message.from_json(stored), "en") == stored


def test_a_reason_stands_within_a_reason() -> None:
    assert translate(REASON, "en") == "3 of its last 12 pages: HTTP 404"
    assert translate(REASON, "ar") == "3 من آخر 12 من صفحاته: ردّ الخادم بالرمز HTTP 404"


def test_parameters_are_shown_by_their_type_and_by_what_the_catalogue_asks_for() -> None:
    field = {"field": Message("field.images"), "n": 0, "of": 20, "usual": 0.984}
    assert (
        translate("health.field_missing", "en", **field) == "images: found on 0 of its last 20 articles, on 98% before"
    )
    quiet = {"n": 1_234, "since": "2026-11-20T10:00:00+02:00"}
    told = "no article since 20 November 2026, \u206610:00 UTC+2\u2069; about 1,234 were expected"
    assert translate("health.quiet", "en", **quiet) == told
    assert messages.format_value("en", ["a", 1_000, Message("field.section")]) == "a, 1,000 and section"
    assert messages.format_value("en", None) == ""
    assert translate("fetch.http_status", "en", status=1_404) == "HTTP 1404"
    assert translate("article.country", "en", country=messages.format_value("en", "SY", "country")) == "Country: Syria"
    assert messages.format_value("en", "2026-05-31", "day") == "31 May 2026"
    assert messages.format_value("en", "ckb", "language") == "Central Kurdish"
    with pytest.raises(KeyError, match="status"):
        translate("fetch.http_status", "en")


def test_what_runs_the_other_way_is_isolated_in_arabic() -> None:
    failed = {"url": "https://step.example/rss", "why": Message(Code.STATUS, {"status": 500})}
    assert (
        translate("source.of_url", "ar", **failed) == "\u2068https://step.example/rss\u2069: ردّ الخادم بالرمز HTTP 500"
    )
    assert translate("query.lang", "ar", given="2024-05-01T10:00Z").startswith("\u20682024-05-01T10:00Z\u2069")
    assert "\u2068" not in translate("source.of_url", "en", **failed)


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (1, "1 second", "ثانية"),
        (90, "90 seconds", "90 ثانية"),
        (120, "2 minutes", "دقيقتين"),
        (1_800, "30 minutes", "30 دقيقة"),
        (3_600, "1 hour", "ساعة"),
        (7_199.99, "2 hours", "ساعتين"),
        (9_000, "2.5 hours", "2.5 ساعة"),
        (259_200, "3 days", "3 أيام"),
    ],
)
def test_durations(seconds: float, english: str, arabic: str) -> None:
    assert locale.duration("en", seconds) == english
    assert locale.duration("ar", seconds) == arabic


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "لا نتائج"),
        (1, "نتيجة واحدة"),
        (2, "نتيجتان"),
        (3, "3 نتائج"),
        (10, "10 نتائج"),
        (11, "11 نتيجة"),
        (99, "99 نتيجة"),
        (100, "100 نتيجة"),
        (103, "103 نتائج"),
        (1_234_511, "1,234,511 نتيجة"),
    ],
)
def test_arabic_counts(n: int, said: str) -> None:
    assert translate("count.results", "ar", n=n) == said


def test_a_moment_says_its_zone() -> None:
    assert locale.clock("en", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "2 January 2026, \u206603:04 UTC\u2069"
    west = datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-4, minutes=-30)))
    assert locale.clock("ar", west) == "2 يناير 2026، \u206603:04 UTC−4:30\u2069"


@pytest.mark.parametrize(
    ("first", "last", "english", "arabic"),
    [
        ("2018-06-08", "2018-06-08", "8 June 2018", "8 يونيو 2018"),
        ("2018-06-08", "2018-06-14", "8–14 Jun 2018", "8–14 يونيو 2018"),
        ("2018-06-01", "2018-06-30", "June 2018", "يونيو 2018"),
        ("2018-06-28", "2018-07-04", "28 Jun\u2009–\u20094 Jul 2018", "28 يونيو – 4 يوليو 2018"),
    ],
)
def test_times_of_whole_days(first: str, last: str, english: str, arabic: str) -> None:
    span = date.fromisoformat(first), date.fromisoformat(last)
    assert locale.days("en", *span) == english
    assert locale.days("ar", *span) == arabic


@pytest.mark.parametrize(
    ("language", "way"),
    [
        *(
            (code, "rtl")
            for code in [
                "ar",
                "ar-EG",
                "he",
                "iw",
                "ckb",
                "azb",
                "dv",
                "fa",
                "ps",
                "sd",
                "ug",
                "ur",
                "yi",
                "syr",
                "nqo",
                "ku-Arab",
                "pa-Arab-PK",
            ]
        ),
        *((code, "ltr") for code in ["ku", "az-Latn", "ar-Latn", "zh-Hant", "fr", "xx"]),
        ("", "auto"),
        (None, "auto"),
    ],
)
def test_the_way_a_language_runs(language: str | None, way: str) -> None:
    assert locale.direction(language) == way


def test_names_of_countries_and_languages() -> None:
    assert (locale.country("ar", "SY"), locale.country("en", "sy"), locale.country("en", "??")) == (
        "سوريا",
        "Syria",
        "??",
    )
    assert (locale.language_name("ar", "fr"), locale.language_name("en", "zz")) == ("الفرنسية", "zz")
    assert [locale.own_name(language) for language in ("en", "ar")] == ["English", "العربية"]


def test_an_error_says_its_code_in_any_language() -> None:
    error = QueryError(Message("error.limit", {"given": 0, "most": 100}), 0)
    assert str(error) == "limit is 0: give a number from 1 to 100."
    assert "من 1 إلى 100" in translate(error.message, "ar")
    assert ArshifError("only a sentence").message == Message("legacy", {"text": "only a sentence"})


# --- the catalogues --------------------------------------------------------------------------------------------------


def entries(language: str) -> dict[str, tuple[str, ...]]:
    """The forms of each key of a catalogue, as its file has them."""
    with (catalogues.folder / f"{language}.po").open("rb") as file:
        read = read_po(file, abort_invalid=True)
    return {
        key: tuple(entry.string) if isinstance(entry.string, list | tuple) else (entry.string,)
        for entry in read
        if (key := entry.id if isinstance(entry.id, str) else entry.id[0])
    }


def placeholders(form: str) -> set[str]:
    return {f"{name}:{spec}" for _, name, spec in catalogues.parts(form) if name is not None}


def test_the_catalogues_are_the_files_that_are_there() -> None:
    assert locale.languages() == ("en", "ar")


@pytest.mark.parametrize("language", locale.languages())
def test_a_language_says_everything(language: str) -> None:
    english, own = entries("en"), entries(language)
    assert own.keys() == english.keys()
    plural = {key for key, forms in own.items() if len(forms) > 1}
    assert plural == {key for key, forms in english.items() if len(forms) > 1}
    for key, forms in own.items():
        assert all(map(str.strip, forms)), key
        named = set().union(*map(placeholders, forms))
        assert named == placeholders(forms[-1]) == set().union(*map(placeholders, english[key])), key
        assert {name.partition(":")[2] for name in named} <= {"", *messages.FORMATS}, key
        assert (key in plural) <= ("n:" in named), key


@pytest.mark.parametrize("language", locale.languages())
def test_plural_forms_are_those_of_cldr(language: str) -> None:
    with (catalogues.folder / f"{language}.po").open("rb") as file:
        read = read_po(file)
    rule = Locale.parse(language).plural_form
    forms = [form for form in FORMS if form in {*rule.tags, "other"}]
    assert read.num_plurals == len(forms)
    texts = locale.catalogue(language).texts
    raw = entries(language)["count.results"]
    assert {n: texts.ngettext("count.results", "count.results", n) for n in range(300)} == {
        n: raw[forms.index(rule(n))] for n in range(300)
    }


def test_a_missing_key_is_english_then_an_error_here_and_the_key_in_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spoken.folder(tmp_path, monkeypatch, without="ui.home"):
        assert translate("ui.home", "ar") == "Home"
        with pytest.raises(KeyError, match=r"ui\.nowhere"):
            translate("ui.nowhere", "ar")
        monkeypatch.setattr(catalogues, "strict", False)
        assert translate("ui.nowhere", "ar") == "ui.nowhere"


# --- the source ------------------------------------------------------------------------------------------------------


def test_every_key_that_the_source_names_has_an_entry_and_every_entry_is_named() -> None:
    keys = entries("en").keys()
    named, families = spoken.keys_of_source()
    assert len(named) > 150
    assert named - keys == set()
    unnamed = {key for key in keys - spoken.constants() if not key.startswith(tuple(families))}
    assert unnamed == set()


def test_nothing_is_said_outside_of_the_catalogues() -> None:
    assert list(spoken.sentences_of_source()) == []


@pytest.mark.parametrize(
    "source",
    ['<p>No articles yet</p>{{ t("a.b") }}', '<a title="Read more">x</a>', "{{ 'two words' }}", "<b>Fine</b>"],
)
def test_a_sentence_in_a_template_is_found(source: str) -> None:
    assert list(spoken.sentences_of_template(source)) != []


@pytest.mark.parametrize("source", ['raise Refused("no such thing")', "x = f'{n} more words'", "a = 'It is: gone'"])
def test_a_sentence_in_the_code_is_found(source: str) -> None:
    assert list(spoken.sentences_of_python(source)) != []


# --- a further language ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[spoken.Pages]:
    """Every page, over an archive of which nothing is in Latin letters."""
    shown = spoken.Pages(tmp_path_factory.mktemp("pages"))
    yield shown
    shown.close()


def test_a_third_language_is_one_file_and_shows_every_page_without_an_english_word(
    pages: spoken.Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(spoken.latin(html) for html in pages.shown("en").values())  # so the search for it finds what there is
    with spoken.folder(tmp_path, monkeypatch, more="el"):
        assert locale.languages() == ("en", "ar", "el")
        shown = pages.shown("el")
        assert len(shown) > 20
        assert {name: words for name, html in shown.items() if (words := spoken.latin(html))} == {}
        assert '<html lang="el" dir="ltr">' in shown["home"]
        assert "Ελληνικά" in pages.shown("en")["home"]
    assert locale.languages() == ("en", "ar")
