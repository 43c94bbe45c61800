"""Dates as pages say them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from crawler import data_files, stages
from crawler.extract import dates
from crawler.extract.dates import labels, month_names
from crawler.extract.dates.calendars import from_hijri, from_jalali
from crawler.extract.dates.page_timezone import day_of, local
from crawler.extract.dates.relative import relative
from index.model.article import LAST_CHANGE
from tests.support.samples import a_page, a_site

DAMASCUS = ZoneInfo("Asia/Damascus")
FETCHED = datetime(2026, 3, 1, tzinfo=UTC)


def place(language: str = "ar", country: str = "SY", zone: ZoneInfo = DAMASCUS) -> dates.Place:
    return dates.Place((language,), country, zone, FETCHED)


@pytest.mark.parametrize(
    ("said", "expected", "added"),
    [
        ("2024-01-15T22:30:00+03:00", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15T22:30:00.123+0300", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15T22:30:00Z", "2024-01-15T22:30:00+00:00", ""),
        ("2024-01-15 22:30", "2024-01-15T22:30:00+03:00", "zone of the site"),
        ("2024-01-15 10:30 PM", "2024-01-15T22:30:00+03:00", "zone of the site"),
        ("2024-01-15", "2024-01-15T00:00:00+03:00", "day only"),
        ("20240115", "2024-01-15T00:00:00+03:00", "day only"),
        ("20240115T223000Z", "2024-01-15T22:30:00+00:00", ""),
        ("1705347000", "2024-01-15T19:30:00+00:00", ""),
        ("1705347000000", "2024-01-15T19:30:00+00:00", ""),
        ("Mon, 15 Jan 2024 22:30:00 +0300", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15T22:30:00GMT+0300", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15T22:30:00+3:00", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15 22:30 +3", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15 22:30 EET", "2024-01-15T22:30:00+02:00", ""),
        ("2024-01-15T24:00:00Z", "2024-01-16T00:00:00+00:00", ""),
        ("Mon, 15 Jan 2024 22:30:00 EET", "2024-01-15T22:30:00+02:00", ""),
        ("Mon Jan 15 2024 22:30:00 GMT+0300 (Arabian Standard Time)", "2024-01-15T22:30:00+03:00", ""),
        ("٢٠٢٤-٠١-١٥T٢٢:٣٠", "2024-01-15T22:30:00+03:00", "zone of the site"),
        ("2024-01-15 22:30:00 GMT+0100", "2024-01-15T22:30:00+01:00", ""),
        ("2024-01-15T22:30:00+1:00", "2024-01-15T22:30:00+01:00", ""),
        ("Mon Jan 15 2024 22:30:00 GMT+0100 (CET)", "2024-01-15T22:30:00+01:00", ""),
        ("15.01.2024 22:30", "2024-01-15T22:30:00+03:00", "zone of the site"),
        ("15 ك2 2024 10:30 م", "2024-01-15T22:30:00+03:00", "zone of the site"),
    ],
)
def test_dates_for_machines(said: str, expected: str, added: str) -> None:
    found = dates.machine(said, place())
    assert found is not None
    assert (found.at, found.added) == (datetime.fromisoformat(expected), added)
    assert found.at.utcoffset() == datetime.fromisoformat(expected).utcoffset()


@pytest.mark.parametrize(
    "said",
    ["", "soon", "2024", "2024-13-01", "0000-00-00T00:00:00", "1970-01-01T00:00:00Z", "9999-12-31", "2026-03-05"],
)
def test_no_date_is_made_of_what_is_none(said: str) -> None:
    assert dates.machine(said, place()) is None


REGIONS = {  # the fifteenth of each month of 2024
    "levant": "كانون الثاني; شباط; آذار; نيسان; أيار; حزيران; تموز; آب; أيلول; تشرين الأول; تشرين الثاني; كانون الأول",
    "egypt": "يناير; فبراير; مارس; أبريل; مايو; يونيو; يوليو; أغسطس; سبتمبر; أكتوبر; نوفمبر; ديسمبر",
    "without hamza": "يناير; فبراير; مارس; ابريل; مايو; يونيه; يوليه; اغسطس; سبتمبر; اكتوبر; نوفمبر; ديسمبر",
    "algeria": "جانفي; فيفري; مارس; أفريل; ماي; جوان; جويلية; أوت; سبتمبر; أكتوبر; نوفمبر; ديسمبر",
    "morocco": "يناير; فبراير; مارس; أبريل; ماي; يونيو; يوليوز; غشت; شتنبر; أكتوبر; نونبر; دجنبر",
    "mauritania": "يناير; فبراير; مارس; إبريل; مايو; يونيو; يوليو; أغشت; شتمبر; أكتوبر; نوفمبر; دجمبر",
    "persian": "ژانویه; فوریه; مارس; آوریل; مه; ژوئن; ژوئیه; اوت; سپتامبر; اکتبر; نوامبر; دسامبر",
    "urdu": "جنوری; فروری; مارچ; اپریل; مئی; جون; جولائی; اگست; ستمبر; اکتوبر; نومبر; دسمبر",
    "sorani": (
        "کانوونی دووەم; شوبات; ئازار; نیسان; ئایار; حوزەیران; تەممووز; ئاب; ئەیلوول; تشرینی یەکەم; تشرینی دووەم;"
        " کانوونی یەکەم"
    ),
}
TWELVE = [(region, name, n) for region, names in REGIONS.items() for n, name in enumerate(names.split("; "), 1)]


@pytest.mark.parametrize(("region", "name", "month"), TWELVE)
def test_every_month_of_every_region(region: str, name: str, month: int) -> None:
    for said in (f"15 {name} 2024", f"السبت ١٥ {name}، ٢٠٢٤", f"{name} 15, 2024"):
        found = dates.visible(said, place("ar"))
        assert found is not None, (region, said)
        assert found.at.date().isoformat() == f"2024-{month:02}-15", (region, said)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("15 كانون الثاني 2024", "2024-01-15"),
        ("15 كانون الثاني/يناير 2024", "2024-01-15"),
        ("15 يناير/كانون الثاني 2024", "2024-01-15"),
        ("15 كانون الثاني (يناير) 2024", "2024-01-15"),
        ("الجمعة، 24 نيسان / أبريل 2020", "2020-04-24"),
        ("تم نشره الجمعة 24 نيسان 2020", "2020-04-24"),
        ("٣ تشرين الأول ٢٠٢٥", "2025-10-03"),
        ("3 تـشرين الأوّل 2025", "2025-10-03"),
        ("8 يونيو، 2018", "2018-06-08"),
        ("12 من شهر يناير عام 2024", "2024-01-12"),
        ("22/03/2024", "2024-03-22"),
        ("نشر في ٢٠٢٤/٠٣/٢٢", "2024-03-22"),
        ("الثلاثاء 12 رمضان 1445هـ الموافق 22 مارس 2024م", "2024-03-22"),
        ("22/03/2024 م - 12/09/1445 هـ", "2024-03-22"),
    ],
)
def test_month_names_of_every_arab_region(said: str, day: str) -> None:
    found = dates.visible(said, place())
    assert found is not None
    assert (found.at.date().isoformat(), found.added, found.at.tzinfo) == (day, "day only", DAMASCUS)


@pytest.mark.parametrize(
    ("said", "language", "country", "expected"),
    [
        ("Published: 5 January 2024, 10:30", "en", "GB", "2024-01-05T10:30:00+00:00"),
        ("April 5, 2024 at 3:05 pm", "en", "US", "2024-04-05T15:05:00+00:00"),
        ("3/4/2024", "en", "US", "2024-03-04T00:00:00+00:00"),
        ("3/4/2024", "en", "GB", "2024-04-03T00:00:00+00:00"),
        ("3/4/2024", "en-GB", "US", "2024-04-03T00:00:00+00:00"),
        ("3/4/2024", "en-US", "NZ", "2024-04-03T00:00:00+00:00"),  # the language that systems say by default
        ("3/4/2024", "en", "UN", "2024-03-04T00:00:00+00:00"),
        ("3-4-2024 15:30", "en", "SA", "2024-04-03T15:30:00+00:00"),
        ("3/4/2024", "en", "CA", None),  # where both are written
        ("4/4/2024", "en", "CA", "2024-04-04T00:00:00+00:00"),
        ("2024-12-10 阅读10544次", "zh", "CN", "2024-12-10T00:00:00+00:00"),
        ("2024.12.10 09:51 조회 1054", "ko", "KR", "2024-12-10T09:51:00+00:00"),
        ("2024-12-10 2024-12-11 (3)", "en", "GB", None),
        ("A top 10 of ministers in court, of whom there are 20 already", "en", "GB", None),
        ("05.04.2025, 14:02 Uhr", "de", "DE", "2025-04-05T14:02:00+00:00"),
        ("Отдел науки | 21.04.2026 15:10 | Наука", "en", "GB", None),
        ("Отдел науки | 21.04.2025 15:10 | Наука", "en", "GB", "2025-04-21T15:10:00+00:00"),
        ("25.04.24 | 17:35 Uhr", "en", "UN", "2024-04-25T17:35:00+00:00"),
        ("2024年4月21日 10:30", "en", "UN", "2024-04-21T10:30:00+00:00"),
        ("2024년 4월 21일", "en", "UN", "2024-04-21T00:00:00+00:00"),
        ("05.04.2024 3:05 pm", "de", "DE", "2024-04-05T15:05:00+00:00"),
        ("Written: 2024-04-05 15:03", "ko", "KR", "2024-04-05T15:03:00+00:00"),
        ("5 января 2024", "ru", "RU", "2024-01-05T00:00:00+00:00"),
        ("Publié le 25 décembre 2024 à 10:30", "fr", "FR", "2024-12-25T10:30:00+00:00"),
        ("二〇二四年四月二十一日", "zh", "CN", "2024-04-21T00:00:00+00:00"),
        ("Vol. 4 - 23 November 2024", "en", "GB", "2024-11-23T00:00:00+00:00"),
        ("10:30-23 November 2024", "en", "GB", "2024-11-23T00:00:00+00:00"),
        ("23–25 November 2024", "en", "GB", None),
        ("23rd-25th of November 2024", "en", "GB", None),
        ("November 23 - 25, 2024", "en", "US", None),
        ("3-5 de mayo de 2024", "es", "ES", None),
        ("Nov 23, 2024 – Dec 2, 2024", "en", "US", None),
        ("23/11/2024 - 24/11/2024", "fr", "FR", None),
        ("from 3 to 5 May 2024", "en", "GB", None),
        ("3 - 5 พฤษภาคม 2567", "th", "TH", None),
        ("vom 3. bis 5. Mai 2024", "de", "DE", None),
        ("10./11.05.2024", "de", "DE", None),
        ("3./4. Mai 2024", "de", "DE", None),
        ("Saturday 4 and Sunday 5 May 2024", "en", "GB", None),
        ("10.05. - 12.05.2024", "de", "DE", None),
        ("3 e 5 de maio de 2024", "pt", "BR", None),
        ("من 3 إلى 5 مايو 2024", "ar", "EG", None),
        ("من 3 أبريل إلى 5 مايو 2024", "ar", "EG", None),
        ("3 May – 5 June 2024", "en", "GB", None),
        ("May 3 to June 5, 2024", "en", "US", None),
        ("2024年5月3日至5日", "zh", "CN", None),
        ("3 shares - 5 May 2024", "en", "GB", "2024-05-05T00:00:00+00:00"),
        ("12,015 May 2024", "en", "GB", None),  # views in a month
        ("Top 10 in May 2024", "en", "US", None),
        ("10 ans, mai 2024", "fr", "FR", None),
        ("입력 24.04.13 11:20", "ko", "KR", None),  # whose year is first
        ("3/4/2024", "fr", "BI", "2024-04-03T00:00:00+00:00"),
        ("3/4/2024", "es", "US", None),
        ("3/4/2024 3:20:00 PM", "fr", "FR", None),  # as a server writes it that nobody told where it is
        ("3/4/2024 3:20 pm", "en", "AU", "2024-04-03T15:20:00+00:00"),
    ],
)
def test_dates_for_readers(said: str, language: str, country: str, expected: str | None) -> None:
    found = dates.visible(said, place(language, country, ZoneInfo("UTC")))
    assert (found and found.at) == (expected and datetime.fromisoformat(expected))


@pytest.mark.parametrize("said", ["1405042012", "کد خبر: 1405042012", "شناسه خبر : ۱۴۰۵۰۴۲۰۱۲", "Ref: 1405042012"])
def test_a_code_of_news_is_no_unix_time(said: str) -> None:
    assert dates.visible(said, place("fa")) is None
    assert dates.machine(said, place("fa")) is None


@pytest.mark.parametrize(
    ("said", "expected", "added"),
    [
        ("8 يونيو 2018 10:30 مساءً", "2018-06-08T22:30:00+03:00", "zone of the site"),
        ("8 يونيو 2018 12:05 ص", "2018-06-08T00:05:00+03:00", "zone of the site"),
        ("الجمعة 3 تشرين الأول/أكتوبر 2025 - 10:05", "2025-10-03T10:05:00+03:00", "zone of the site"),
        ("10:05 - 3 تشرين الأول 2025", "2025-10-03T10:05:00+03:00", "zone of the site"),
        ("3 تشرين الأول 2025 الساعة 10 م", "2025-10-03T22:00:00+03:00", "zone of the site"),
        ("8 يونيو 2018 09:14 بتوقيت غرينتش", "2018-06-08T09:14:00+00:00", ""),
        ("8 يونيو 2018 09:14 GMT+3", "2018-06-08T09:14:00+03:00", ""),
        ("8 يونيو 2018 29:14", "2018-06-08T00:00:00+03:00", "day only"),
        ("الجمعة 12 رمضان 1445", "2024-03-22T00:00:00+03:00", "day only, from the Hijri calendar"),
    ],
)
def test_clocks_and_calendars_in_arabic(said: str, expected: str, added: str) -> None:
    found = dates.visible(said, place())
    assert found is not None
    assert (found.at.isoformat(), found.added) == (expected, added)


@pytest.mark.parametrize(
    ("said", "language", "day"),
    [
        ("۲ تیر ۱۳۹۹", "fa", "2020-06-22"),
        ("2 تير 1399 - 12:09:08 ب.ظ", "fa", "2020-06-22"),
        ("۱۴۰۳/۰۱/۰۱", "fa", "2024-03-20"),
        ("یکم", "fa", None),
        ("۳۰ اسفند ۱۴۰۳", "fa", "2025-03-20"),
        ("۱۵ اسد ۱۴۰۲", "fa", "2023-08-06"),
        ("1445/09/12", "ar", None),
        ("12 رمضان 1445", "ar", None),
        ("15 كانون الثاني", "ar", None),
        ("31 شباط 2024", "ar", None),
        ("15 اسد", "ar", None),
    ],
)
def test_other_calendars_are_converted_only_where_that_is_safe(said: str, language: str, day: str | None) -> None:
    found = dates.visible(said, place(language))
    assert (found and found.at.date().isoformat()) == day


def test_the_calendars_themselves() -> None:
    new_years = {1395: "2016-03-20", 1399: "2020-03-20", 1400: "2021-03-21", 1403: "2024-03-20", 1404: "2025-03-21"}
    assert {year: from_jalali(year, 1, 1).isoformat() for year in new_years} == new_years
    assert from_hijri(1445, 1, 1).isoformat() == "2023-07-19"
    for wrong in ((1403, 13, 1), (1403, 7, 31), (1403, 1, 0)):
        with pytest.raises(ValueError, match="no such day"):
            from_jalali(*wrong)
    with pytest.raises(ValueError, match="no such day"):
        from_hijri(1445, 1, 31)


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ("منذ ساعتين", "ar", "2026-03-01T01:00:00+03:00"),
        ("قبل 3 ساعات", "ar", "2026-03-01T00:00:00+03:00"),
        ("قبل ٤٠ دقيقة", "ar", "2026-03-01T02:20:00+03:00"),
        ("٤٠ دقيقة مضت", "en", "2026-03-01T02:20:00+03:00"),
        ("منذ يومين", "ar", "2026-02-27T00:00:00+03:00"),
        ("أمس 22:10", "ar", "2026-02-28T22:10:00+03:00"),
        ("۳ ساعت پیش", "fa", "2026-03-01T00:00:00+03:00"),
        ("2 گھنٹے پہلے", "ur", "2026-03-01T01:00:00+03:00"),
        ("לפני שעתיים", "he", "2026-03-01T01:00:00+03:00"),
        ("2 hours ago", "en", "2026-03-01T01:00:00+03:00"),
        ("Posted 5 mins ago", "fr", "2026-03-01T02:55:00+03:00"),
        ("vor 3 Stunden", "de", "2026-03-01T00:00:00+03:00"),
        ("il y a 2 jours", "fr", "2026-02-27T00:00:00+03:00"),
        ("hace 2 horas", "es", "2026-03-01T01:00:00+03:00"),
        ("há 2 horas", "pt", "2026-03-01T01:00:00+03:00"),
        ("2 ore fa", "it", "2026-03-01T01:00:00+03:00"),
        ("2 saat önce", "tr", "2026-03-01T01:00:00+03:00"),
        ("2 часа назад", "ru", "2026-03-01T01:00:00+03:00"),
        ("2 години тому", "uk", "2026-03-01T01:00:00+03:00"),
        ("2 godziny temu", "pl", "2026-03-01T01:00:00+03:00"),
        ("πριν από 2 ώρες", "el", "2026-03-01T01:00:00+03:00"),
        ("2 uur geleden", "nl", "2026-03-01T01:00:00+03:00"),
        ("for 2 timer siden", "no", "2026-03-01T01:00:00+03:00"),
        ("2小时前", "zh", "2026-03-01T01:00:00+03:00"),
        ("2時間前", "ja", "2026-03-01T01:00:00+03:00"),
        ("2시간 전", "ko", "2026-03-01T01:00:00+03:00"),
        ("2 jam lalu", "id", "2026-03-01T01:00:00+03:00"),
        ("před 2 hodinami", "cs", "2026-03-01T01:00:00+03:00"),
        ("pred 2 hodinami", "sk", "2026-03-01T01:00:00+03:00"),
        ("pred 2 urama", "sl", "2026-03-01T01:00:00+03:00"),
        ("prije 2 sata", "hr", "2026-03-01T01:00:00+03:00"),
        ("пре 2 сата", "sr", "2026-03-01T01:00:00+03:00"),
        ("преди 2 часа", "bg", "2026-03-01T01:00:00+03:00"),
        ("пред 2 часа", "mk", "2026-03-01T01:00:00+03:00"),
        ("acum 2 ore", "ro", "2026-03-01T01:00:00+03:00"),
        ("2 órával ezelőtt", "hu", "2026-03-01T01:00:00+03:00"),
        ("2 orë më parë", "sq", "2026-03-01T01:00:00+03:00"),
        ("fa 2 hores", "ca", "2026-03-01T01:00:00+03:00"),
        ("hai 2 horas", "gl", "2026-03-01T01:00:00+03:00"),
        ("duela 2 ordu", "eu", "2026-03-01T01:00:00+03:00"),
        ("prieš 2 val.", "lt", "2026-03-01T01:00:00+03:00"),
        ("pirms 2 stundām", "lv", "2026-03-01T01:00:00+03:00"),
        ("2 tundi tagasi", "et", "2026-03-01T01:00:00+03:00"),
        ("2 tuntia sitten", "fi", "2026-03-01T01:00:00+03:00"),
        ("fyrir 2 klukkustundum", "is", "2026-03-01T01:00:00+03:00"),
        ("2 гадзіны таму", "be", "2026-03-01T01:00:00+03:00"),
        ("2 saat əvvəl", "az", "2026-03-01T01:00:00+03:00"),
        ("2 сағат бұрын", "kk", "2026-03-01T01:00:00+03:00"),
        ("2 саат мурун", "ky", "2026-03-01T01:00:00+03:00"),
        ("2 soat oldin", "uz", "2026-03-01T01:00:00+03:00"),
        ("2 საათის წინ", "ka", "2026-03-01T01:00:00+03:00"),
        ("2 ժամ առաջ", "hy", "2026-03-01T01:00:00+03:00"),
        ("2 цагийн өмнө", "mn", "2026-03-01T01:00:00+03:00"),
        ("2 jam lalu", "ms", "2026-03-01T01:00:00+03:00"),
        ("2 uur gelede", "af", "2026-03-01T01:00:00+03:00"),
        ("2 घंटे पहले", "hi", "2026-03-01T01:00:00+03:00"),
        ("2 घण्टा अघि", "ne", "2026-03-01T01:00:00+03:00"),
        ("2 ঘণ্টা আগে", "bn", "2026-03-01T01:00:00+03:00"),
        ("2 કલાક પહેલાં", "gu", "2026-03-01T01:00:00+03:00"),
        ("2 ਘੰਟੇ ਪਹਿਲਾਂ", "pa", "2026-03-01T01:00:00+03:00"),
        ("acum 20 de minute", "ro", "2026-03-01T02:40:00+03:00"),
        ("Jučer 22:10", "hr", "2026-02-28T22:10:00+03:00"),
        ("გუშინ, 22:10", "ka", "2026-02-28T22:10:00+03:00"),
        ("gestern, 22:10 Uhr", "de", "2026-02-28T22:10:00+03:00"),
        ("منذ 3 أشهر", "ar", None),
        ("2 weeks ago", "en", None),
        ("40 days ago", "en", None),
        ("3 min read", "en", None),
        ("today 23:59", "en", None),
        ("He left 2 hours ago, his wife said, and nobody has seen him since then", "en", None),
    ],
)
def test_times_told_by_how_long_ago_they_were(said: str, language: str, expected: str | None) -> None:
    found = relative(said, place(language))
    assert (found and found.at.isoformat()) == expected
    assert found is None or "relative" in found.added


@pytest.mark.parametrize(
    ("url", "line", "expected"),
    [
        ("/a", "17 Feb 2020 at 9:25 p.m.", ("2020-02-17T21:25:11-05:00", "zone of the page")),
        ("/a", "February 18, 2020 | 02:25", None),  # it is UTC
        ("/a", "18.02.2020, 03:25 Uhr", ("2020-02-18T03:25:11+01:00", "zone of the page")),
        ("/a", "18 فبراير 2020 05:55", ("2020-02-18T05:55:11+03:30", "zone of the page")),
        ("/a", "Updated 18.02.2020 10:07", None),
        ("/a", "18.02.2020 02:55", None),  # no zone is half an hour ahead
        ("/a", "18.02.2020 05:25 | 02:25 GMT", None),
        ("/2020/02/17/a", "", ("2020-02-17T23:25:11-03:00", "day of the page")),
        ("/2020/02/17/a", "03:25", ("2020-02-17T23:25:11-03:00", "day of the page")),
        ("/2020/02/18/a", "", None),
        ("/2020/02/15/a", "", None),
    ],
)
def test_the_pages_own_zone(url: str, line: str, expected: tuple[str, str] | None) -> None:
    day = day_of(f"https://news.example{url}")
    found = local(datetime(2020, 2, 18, 2, 25, 11, tzinfo=UTC), day, [line])
    assert (found and (found[0].isoformat(), found[1])) == expected


@pytest.mark.parametrize("said", ["منذ ساعتين", "كانون الثاني 2024", "2024", "3 min read", "42", "x" * 500 + " 5 2024"])
def test_a_part_of_a_date_is_no_date(said: str) -> None:
    assert dates.visible(said, place()) is None


def test_a_day_is_midnight_where_the_site_is() -> None:
    found = dates.machine("2024-01-15", place(zone=ZoneInfo("America/New_York")))
    assert found is not None
    assert found.at.astimezone(UTC) == datetime(2024, 1, 15, 5, tzinfo=UTC)
    assert found.origin("json-ld") == "json-ld, day only"


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://a.example/2020/11/08/x", date(2020, 11, 8)),
        ("https://a.example/2020/1/8/x", date(2020, 1, 8)),
        ("https://a.example/20201108-x", date(2020, 11, 8)),
        ("https://a.example/2020/nov/08/x", date(2020, 11, 8)),
        ("https://a.example/2020-November-8/x", date(2020, 11, 8)),
        ("https://a.example/2020/new/08/x", None),
        ("https://a.example/2020/11/x", None),
        ("https://a.example/2020/132377/x", None),
        ("https://a.example/2020/11/08/2019-01-02", None),
    ],
)
def test_the_day_in_an_address(url: str, day: date | None) -> None:
    assert day_of(url) == day


def test_an_unknown_zone_is_utc() -> None:
    assert dates.zone_of("Mars/Olympus") is UTC


@pytest.mark.parametrize("said", ["کد خبر: 1402090612345", "1402090612345", "رقم الخبر: 1705347000", "ID 20240115"])
def test_the_number_of_a_report_is_no_date(said: str) -> None:
    assert dates.visible(said, place("fa", "IR")) is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("15 كانون 2 2022", "2022-01-15"),
        ("15 ك2 2022", "2022-01-15"),
        ("15 كانون ثاني 2022", "2022-01-15"),
        ("3 تشرين 1 2021", "2021-10-03"),
        ("٣ ت٢ ٢٠٢١", "2021-11-03"),
        ("8 ك 1 2021", "2021-12-08"),
    ],
)
def test_months_of_two_with_a_number(said: str, day: str) -> None:
    found = dates.visible(said, place())
    assert found is not None
    assert found.at.date().isoformat() == day


def test_a_word_that_ends_in_t_is_no_zone() -> None:
    found = dates.visible("First published 20.01.2026, 08:30", place("en"))
    assert found is not None
    assert found.at.isoformat() == "2026-01-20T08:30:00+03:00"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("الأحد 3 أيار 2020 العصر 3:30", "15:30"),
        ("3 مايو 2020، الساعة 5:10 فجراً", "05:10"),
        ("مساء 9:15 2020/05/03", "21:15"),
        ("03/05/2020 بعد الظهر 2:20", "14:20"),
        ("3 مايو 2020 - 1:05 مساءا", "13:05"),
        ("3 مايو 2020م 3:30", "03:30"),  # the letter is of the year
        ("الفجر 4:05 - 3 مايو 2020", "04:05"),
        ("3 مايو 2020 | 11:20 الليل", "23:20"),
    ],
)
def test_a_part_of_the_day_stands_before_or_behind_its_hour(said: str, expected: str) -> None:
    dated = dates.visible(said, place("ar", "SY"))
    assert dated is not None
    assert dated.at.strftime("%d %H:%M") == f"03 {expected}"


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ("令和2年3月4日 14時20分", "ja", "2020-03-04T14:20"),
        ("令和元年5月1日", "ja", "2019-05-01T00:00"),
        ("平成30年12月24日", "ja", "2018-12-24T00:00"),
        ("中華民國109年3月4日", "zh", "2020-03-04T00:00"),
    ],
    ids=["reiwa", "first year", "heisei", "republic"],
)
def test_years_of_eras(said: str, language: str, expected: str) -> None:
    found = dates.visible(said, place(language, "", ZoneInfo("UTC")))
    assert found is not None
    assert found.at.isoformat()[:16] == expected


def test_the_pages_own_language_alone_decides_on_the_order_of_numbers() -> None:
    spoken = dates.Place(("pt", "en"), "UN", UTC, datetime(2020, 6, 1, tzinfo=UTC))
    for said in ("02/03/2020 14h20", "02/03/2020 às 14h20"):
        found = dates.visible(said, spoken)
        assert found is not None, said
        assert found.at == datetime(2020, 3, 2, 14, 20, tzinfo=UTC)


UPDATES = {
    "es": "Actualizado a 5 de mayo de 2018 09:00 | Publicado el 4 de mayo de 2018 14:20",
    "pt": "04/05/2018 14h20 Atualizado em 05/05/2018 09h00",
    "it": "4 maggio 2018, 14:20 - Ultimo aggiornamento: 5 maggio 2018, 09:00",
    "ja": "2018/5/4 14:20（更新 2018/5/5 9:00）",
    "ko": "입력 2018.05.04. 오후 2:20 수정 2018.05.05. 오전 9:00",
    "uk": "Опубліковано 4 травня 2018, 14:20, оновлено 5 травня 2018, 09:00",
    "sq": "Publikuar: 04.05.2018 14:20 Përditësuar: 05.05.2018 09:00",
    "ca": "Publicat el 4 de maig de 2018 14:20 | Actualitzat el 5 de maig de 2018 09:00",
    "eu": "Argitaratua: 2018-05-04 14:20 Eguneratua: 2018-05-05 09:00",
    "ms": "Diterbitkan 4 Mei 2018 14:20 Dikemas kini 5 Mei 2018 09:00",
    "be": "Апублікавана 04.05.2018 14:20, абноўлена 05.05.2018 09:00",
    "te": "04.05.2018 14:20 అప్‌డేట్: 05.05.2018 09:00",
    "kn": "ಪ್ರಕಟಣೆ: 04.05.2018 14:20 ನವೀಕರಿಸಿದ್ದು: 05.05.2018 09:00",
    "si": "04.05.2018 14:20 යාවත්කාලීන: 05.05.2018 09:00",
    "he": "פורסם: 04.05.2018, 14:20 עודכן: 05.05.2018, 09:00",
}


@pytest.mark.parametrize("language", UPDATES)
def test_a_line_of_two_dates_is_parted_at_the_word_for_an_update(language: str) -> None:
    text = "".join(f"<p>{word} {'ab cd ' * 30}.</p>" for word in ("One", "Two", "Three"))
    html = f"<html lang={language}><h1>A headline of some words</h1><div>{UPDATES[language]}</div>{text}"
    found = stages.article(a_page(html), a_site(languages=[language], time_zone="UTC")).article
    assert found.published is not None
    assert found.published.date() == date(2018, 5, 4)
    assert found.modified is not None
    assert found.modified.date() == date(2018, 5, 5)


@pytest.mark.parametrize("language", sorted(data_files.load("crawler.extract.dates", "cldr_months.yaml")))
def test_no_month_is_taken_for_the_word_for_an_update(language: str) -> None:
    months = data_files.load("crawler.extract.dates", "cldr_months.yaml")[language]
    said = [name for names in months.split(month_names.BETWEEN_MONTHS) for name in names.split("/")]
    days = [day for name in said for day in (f"23 {name} 2018", f"23. {name} 2018", f"{name} 2018")]
    assert [day for day in days if labels.CHANGED.search(day) or labels.FIRST.search(day)] == []


def test_a_page_that_only_tells_its_last_change_is_of_that_day_at_the_latest() -> None:
    text = "".join(f"<p>{word} {'ab cd ' * 30}.</p>" for word in ("One", "Two", "Three"))
    html = f"<html lang=hi><h1>A headline of some words</h1><div>Updated on: 4 मई 2018, 09:30 AM IST</div>{text}"
    page = a_page(html, "https://news.example.com/story")
    found = stages.article(page, a_site(languages=["hi"], time_zone="Asia/Kolkata")).article
    assert found.published == found.modified == datetime(2018, 5, 4, 4, 0, tzinfo=UTC)
    assert LAST_CHANGE in found.origins["published"]


@pytest.mark.parametrize(
    ("lang", "above", "below", "day"),
    [
        # a line that states something of another day stands nearer to the headline than that of the date
        (
            "en",
            "<p>The strike of dockers at the port began on 3 May 2018 and has not ended.</p><div>7 May 2018</div>",
            "",
            7,
        ),
        # the label of a date, wherever it stands
        ("bn", "<div>০৭/০৫/২০১৮</div>", "", 7),
        ("th", "<div>07/05/2561 14:20 น.</div>", "", 7),
        ("en", "", "<p>This entry was posted on Monday, May 7th, 2018 at 14:20 and is filed under Ports</p>", 7),
        ("zh", "", "<p>【 港口 发表时间 2018/05/07 22:11:42 by 小林 】</p>", 7),
        ("sr", "", "<div>Објављено: 7. мај 2018.</div>", 7),
        # an element that is called a date, wherever it stands, unless it is today's
        ("ja", "", "<p class=posted>By KJ : 2018年05月07日 09:00</p>", 7),
        ("en", "", "<div class=td-time>Saturday, June 9, 2018</div>", None),
    ],
)
def test_where_a_page_tells_its_day(lang: str, above: str, below: str, day: int | None) -> None:
    text = "".join(f"<p>{n} {'ab cd ' * 30}.</p>" for n in range(20))  # more lines than are near the headline
    html = f"<html lang={lang}><h1>A headline of some words</h1>{above}<div>{text}</div>{below}"
    found = stages.article(
        a_page(html, "https://news.example.com/story"), a_site(languages=[lang], time_zone="UTC")
    ).article
    assert (found.published and found.published.date()) == (day and date(2018, 5, day))


@pytest.mark.parametrize(
    "dateline",
    ["Karlsruhe, (7.5.2018). ", "BERLIN, 7 May 2018 – ", "دمشق – 7 أيار 2018 – ", "MOSCOW (AP), May 7, 2018: "],
)
def test_the_day_of_a_dateline(dateline: str) -> None:
    text = "".join(f"<p>{word} {'ab cd ' * 30}.</p>" for word in (dateline + "One", "Two", "Three"))
    found = stages.article(
        a_page(f"<h1>A headline of some words</h1>{text}", "https://a.example/b"), a_site(time_zone="UTC")
    ).article
    assert (found.published and found.published.date()) == date(2018, 5, 7)
