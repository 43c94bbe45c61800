"""Bytes -> text, whatever header and page say of them."""

from __future__ import annotations

import pytest

from index.text.charset import decode

TEXTS = {
    "ar": (
        "معارك طاحنة تشهدها أطراف المدينة منذ ساعات الصباح الأولى على خلفية هجوم هو الأعنف، بحسب المصدر. " * 3,
        "cp1256",
    ),
    "ru": (
        "Правительство утвердило новый порядок выплат, сообщила пресс-служба кабинета министров в среду. " * 3,
        "cp1251",
    ),
    "zh": ("中国外交部发言人星期三在例行记者会上表示，双方将继续就有关问题保持沟通。" * 5, "gb18030"),
    "ja": ("気象庁は十三日夜、高知県と宮崎県に津波注意報を発表した。けが人は確認されていない。" * 5, "cp932"),
    "fr": (
        "L’été dernier, le gouvernement avait déjà annoncé une réforme très attendue par les élus de la région. " * 3,
        "cp1252",
    ),
    "fa": ("وزير امور خارجه ايران در نشست خبري روز چهارشنبه گفت كه مذاكرات ادامه خواهد يافت. " * 3, "cp1256"),
    "he": ("ראש הממשלה הודיע היום על תוכנית חדשה לסיוע לעסקים קטנים ברחבי הארץ. " * 3, "cp1255"),
    "tr": ("Başbakan çarşamba günü düzenlediği basın toplantısında yeni ekonomik önlemleri açıkladı. " * 3, "cp1254"),
    "pl": (
        "Rząd zapowiedział w środę nowe przepisy dotyczące płac, które wejdą w życie w przyszłym roku. " * 3,
        "cp1250",
    ),
    "ko": ("정부는 수요일 정례 브리핑에서 새로운 경제 대책을 발표했다고 밝혔다. " * 4, "cp949"),
    "el": ("Η κυβέρνηση ανακοίνωσε σήμερα νέα μέτρα για την οικονομία, όπως δήλωσε ο εκπρόσωπος. " * 3, "cp1253"),
}


def page(text: str, meta: str = "") -> str:
    charset = f'<meta charset="{meta}">' if meta else ""
    return f"<html><head>{charset}<title>t</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", "right", ""])
@pytest.mark.parametrize("language", TEXTS)
def test_old_encodings_under_each_label(language: str, label: str) -> None:
    text, encoding = TEXTS[language]
    header = {"content-type": f"text/html; charset={encoding if label == 'right' else label}"} if label else {}
    decoded = decode(page(text).encode(encoding), header, (language,))
    assert "\ufffd" not in decoded.text
    assert text in decoded.text


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("ar", "iso-8859-6"), ("ru", "koi8-r"), ("ru", "iso-8859-5"), ("ja", "euc-jp"), ("ja", "iso-2022-jp"),
        ("el", "iso-8859-7"), ("he", "iso-8859-8"), ("tr", "iso-8859-9"), ("pl", "iso-8859-2"), ("ko", "euc-kr"),
    ],
)  # fmt: skip
def test_rarer_encodings_that_are_named(language: str, encoding: str) -> None:
    text = TEXTS[language][0]
    assert text in decode(page(text, encoding).encode(encoding), {}, ("en",)).text


def test_koi8_without_a_label_on_a_russian_site() -> None:
    text = TEXTS["ru"][0]
    assert text in decode(page(text).encode("koi8-r"), {}, ("ru",)).text


@pytest.mark.parametrize("label", ["windows-1256", "iso-8859-1", "gbk", ""])
@pytest.mark.parametrize("language", TEXTS)
def test_utf8_under_each_label(language: str, label: str) -> None:
    text = TEXTS[language][0]
    decoded = decode(page(text, label).encode(), {"content-type": f"text/html; charset={label}"})
    assert text in decoded.text
    assert (decoded.encoding, decoded.origin) == ("utf-8", "utf-8")


def test_the_page_is_believed_where_the_header_is_wrong() -> None:
    text = TEXTS["ar"][0]
    decoded = decode(page(text, "windows-1256").encode("cp1256"), {"content-type": "text/html; charset=iso-8859-1"})
    assert text in decoded.text
    assert decoded.origin == "meta"


def test_one_broken_byte_does_not_change_the_encoding() -> None:
    decoded = decode(page(TEXTS["ar"][0]).encode()[:-30] + b"\xd8", {}, ("ar",))
    assert decoded.encoding == "utf-8"
    assert "معارك طاحنة" in decoded.text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    decoded = decode(page("عاجل").encode(encoding), {"content-type": "text/html; charset=iso-8859-1"})
    assert decoded.text.startswith("<html>")
    assert decoded.origin == "bom"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", bytes(range(256)), b"\x00" * 50])
def test_any_bytes_have_a_text(body: bytes) -> None:
    assert isinstance(decode(body, {"content-type": "text/html; charset=nonsense"}).text, str)


WRITTEN = {
    "en": "“We won’t go,” the school’s headmistress says — and the ferry’s crew agrees.",
    "ru": "Мост открыли вчера, сообщила пресс-служба мэрии.",
    "uk": "Новий міст відкрили вчора — «так» сказав мер.",
    "hi": "पुल कल खोला गया, मेयर ने कहा “हाँ”।",
    "ar": "افتُتح الجسر أمس، وقال رئيس البلدية نعم.",
    "zh": "大桥昨天开通，市长说。",
}


@pytest.mark.parametrize("copies", [1, 40])
@pytest.mark.parametrize("stray", [b"\xe9", b"\x92", b"\xa0", b"\xff", b"\xd0", b"\xe2\x80"])
@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("label", ["utf-8", ""])
def test_a_stray_byte_costs_one_character(language: str, stray: bytes, copies: int, label: str) -> None:
    text = WRITTEN[language] * copies
    body = page(text, label).encode().replace(b"</p>", b" caf" + stray + b" </p>")
    for site in ("ar", "ru", "en", "zh"):
        decoded = decode(body, {}, (site,))
        assert text in decoded.text
        assert decoded.text.count("\ufffd") == 1


def test_the_byte_0x80_of_a_chinese_page_is_the_euro_sign() -> None:
    text = "旧粮仓将于明年夏天前拆除，价格为一百。" * 20
    body = b"<meta charset=gb2312>" + text.encode("gbk") + b"\x80" + "镕基".encode("gbk") + b"\xff"
    found = decode(body, {}, ("zh",))
    assert found.encoding == "gb18030"
    assert found.text.endswith("€镕基\ufffd")


@pytest.mark.parametrize(
    ("language", "codec", "text"),
    [
        ("tr", "cp1254", "Eski köprü yarın yeniden açılıyor, dedi belediye başkanı."),
        ("pl", "cp1250", "Most znów otwarty, powiedział burmistrz, ścieżka też."),
        ("uk", "koi8-u", "Міст знову відкрито, повідомила мерія міста, її слухали всі."),
        ("zh-TW", "big5", "大橋昨天重新開通，市長在典禮上說，居民都很高興。"),
    ],
    ids=["tr", "pl", "uk", "zh-TW"],
)
def test_a_page_whose_label_lies_is_read_by_its_own_language(language: str, codec: str, text: str) -> None:
    body = f'<html lang="{language}"><p>{text}</p></html>'.encode(codec)
    for site in ("en", "ar"):
        assert text in decode(body, {"content-type": "text/html; charset=iso-8859-1"}, (site,)).text


@pytest.mark.parametrize(
    ("codec", "header"),
    [("utf-8", "utf-16"), ("utf-8", ""), ("utf-16-le", ""), ("utf-16-be", "utf-8"), ("utf-16-le", "utf-16")],
)
def test_utf_16_is_what_has_its_bytes_and_not_what_says_so(codec: str, header: str) -> None:
    body = "<html><meta charset=utf-16><p>افتُتح الجسر أمس.</p></html>".encode(codec)
    assert "<p>افتُتح الجسر أمس.</p>" in decode(body, {"content-type": f"text/html; charset={header}"}).text


@pytest.mark.parametrize("label", ["", "iso-2022-jp", "utf-8"])
@pytest.mark.parametrize(("language", "codec"), [("ja", "iso2022_jp"), ("ko", "iso2022_kr")])
def test_text_of_seven_bits_is_known_by_its_escapes(language: str, codec: str, label: str) -> None:
    text = page(TEXTS[language][0], label)
    headers = {"content-type": f"text/html; charset={label}"} if label else {}
    assert decode(text.encode(codec), headers).text == text


def test_an_escape_in_a_text_of_eight_bits_is_damage() -> None:
    assert decode("<p>سلام \x1b$B</p>".encode(), {}).encoding == "utf-8"
