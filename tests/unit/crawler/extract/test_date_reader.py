"""The one reader of written dates: what can mean one moment only is read, in every language; the rest is None."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from crawler.extract.dates import calendars, reader

DAY = "2021-04-21T00:00:00"
TIME = "2021-04-21T15:26:00"


def at(text: str, *languages: str, zone: str = "UTC") -> str | None:
    found = reader.read(text, languages, ZoneInfo(zone))
    return found and found.at.isoformat()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021/4/21", DAY),
        ("2021/04/21 15:26:00", TIME),
        ("2021.04.21. 15:26", TIME),
        ("2021 4 21", DAY),
        ("2021_04_21", DAY),
        ("2021年4月21日 15:26", TIME),
        ("2021년 4월 21일", DAY),
        ("٢٠٢١/٠٤/٢١ ١٥:٢٦", TIME),
        ("２０２１/０４/２１", DAY),
        ("2021-04-21T15:26", TIME),
        ("2021-04-21t15:26:00.000", TIME),
        ("20210421", DAY),
        ("202104211526", TIME),
        ("20210421152600", TIME),
        ("20210421T1526", TIME),
        ("20210421T152600Z", TIME + "+00:00"),
        ("20210421T152600+0300", TIME + "+03:00"),
    ],
)
def test_year_first(text: str, expected: str) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21.04.2021", DAY),
        ("3.4.2021", "2021-04-03T00:00:00"),
        ("Mi, 21.04.2021 - 15:26", TIME),
        ("21. 4. 2021, 15.26 Uhr", TIME),
        ("21.04.21 15:26", TIME),
        ("04.21.2021", DAY),
        ("21/04/2021", DAY),
        ("04/21/2021, 3:26:00 PM", TIME),
        ("21-04-2021 15h26", TIME),
        ("4/4/2021", "2021-04-04T00:00:00"),
    ],
)
def test_year_last_in_the_only_order_that_there_is(text: str, expected: str) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "3/4/2021",
        "04-05-2021 10:00",
        "21/04/21",
        "31/02/2021",
        "30.02.2021",
        "2021-13-01",
        "2021/02/30 10:00",
        "0000-00-00 00:00:00",
        "32 April 2021",
        "21 April 2021 25:10",
        "21 April 2021 12:60",
        "2021-04-21T24:00:01",
        "21 April 2021 12:00 +19:00",
        "21.4.2021 25.26",
        "2021年4月21日 25時",
        "21 April 2021 - 22 April 2021",
        "21.04.2021 / 22.04.2021",
        "April 2021",
        "21 April",
        "2021",
        "2021-04",
        "42 of 2021",
        "1618932360",
        "soon",
        "",
        "x" * 200 + "21.04.2021",
    ],
)
def test_two_meanings_or_none_are_no_date(text: str) -> None:
    assert at(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wed Apr 21 2021 15:26:00 GMT+0200 (Central European Summer Time)", TIME + "+02:00"),
        ("Wed Apr 21 2021 15:26:00 GMT+0300 (توقيت شرق أوروبا الصيفي)", TIME + "+03:00"),
        ("Wed, 21 Apr 2021 15:26:00 GMT", TIME + "+00:00"),
        ("Wed Apr 21 15:26:00 2021", TIME),
        ("Wed Apr 21 15:26:00 CEST 2021", TIME + "+02:00"),
        ("Sun Apr  4 15:26:00 2021", "2021-04-04T15:26:00"),
        ("Wednesday, April 21, 2021 3:26 PM", TIME),
        ("April 21st, 2021 at 3:26 p.m.", TIME),
        ("21-Apr-21 15:26", TIME),
        ("Wed, 21 Apr 99 15:26:00 EST", "1999-04-21T15:26:00-05:00"),
        ("2021-04-21T24:00:00Z", "2021-04-22T00:00:00+00:00"),
        ("31 December 2021 24:00", "2022-01-01T00:00:00"),
        ("2021-12-31 24:00:00", "2022-01-01T00:00:00"),
        ("21 April 2021 12:05 am", "2021-04-21T00:05:00"),
        ("21 April 2021 12 p.m.", "2021-04-21T12:00:00"),
        ("21.4.2021 15.26", TIME),
        ("21. apr. 2021 kl. 15.26", TIME),
        ("2021-04-21 15.26", TIME),
        ("21 เมษายน 2564 เวลา 15.26 น.", TIME),
        ("15:26 21/04/2021 (GMT+7)", TIME + "+07:00"),
        ("Rabu, 21 Apr 2021 15:26 WITA", TIME + "+08:00"),
        ("21 ኤፕሪል 2021", DAY),
        ("2021:04:21 15:26:00", TIME),  # Exif
        ("2021年4月21日下午3:26", TIME),
        ("2021年4月21日 15時26分", TIME),
        ("2021년 4월 21일 오후 3:26", TIME),
        ("2021年4月21日上午12:05", "2021-04-21T00:05:00"),
        ("21 Απριλίου 2021, 3:26 μ.μ.", TIME),
        ("۲۱ آوریل ۲۰۲۱ ساعت ۳:۲۶ بعدازظهر", TIME),
        ("2021-04-21 15:26:00.123456789 +0300 EEST", TIME + "+03:00"),  # Go
        ("Wed Apr 21 15:26:00 +0300 2021", TIME + "+03:00"),
    ],
)
def test_what_programs_write(text: str, expected: str) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Mittwoch, 21. April 2021 um 15:26 Uhr",
        "mercredi 21 avril 2021 à 15h26",
        "miércoles, 21 de abril de 2021, 15:26",
        "quarta-feira, 21 de abril de 2021 às 15h26",
        "mercoledì 21 aprile 2021, 15:26",
        "21 апреля 2021 г., 15:26",
        "Ср, 21 апр 2021 15:26",
        "21 квітня 2021, 15:26",
        "21 kwietnia 2021 15:26",
        "21. dubna 2021 15:26",
        "21 Nisan 2021 Çarşamba 15:26",
        "21 NİSAN 2021 15:26",
        "21 Απριλίου 2021, 15:26",
        "2021. április 21., szerda 15:26",
        "21. huhtikuuta 2021 15:26",
        "21 tháng 4, 2021 15:26",
        "21 באפריל 2021, 15:26",
        "२१ अप्रैल २०२१, १५:२६",
        "২১ এপ্রিল, ২০২১ ১৫:২৬",
        "21 เมษายน 2564 15:26",
        "21 aprilie 2021, 15:26",
        "Rabu, 21 April 2021 15:26",
        "الأربعاء، 21 نيسان 2021 15:26",
        "٢١ أبريل ٢٠٢١ - ٣:٢٦ مساءً",
        "21 أفريل 2021 15:26",
        "أبريل 21, 2021 15:26",
        "چهارشنبه ۲۱ آوریل ۲۰۲۱ ۱۵:۲۶",
        "21 اپریل 2021 15:26",
    ],
)
def test_a_month_s_name_in_any_language(text: str) -> None:
    assert at(text) == TIME


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 كانون 2 2022", "2022-01-15"),
        ("١٥ كانون ٢ ٢٠٢٢", "2022-01-15"),
        ("15 ك2 2022", "2022-01-15"),
        ("15 كانون ثاني 2022", "2022-01-15"),
        ("3 تشرين 1 2021", "2021-10-03"),
        ("3 تشرين1 2021", "2021-10-03"),
        ("3 ت1 2021", "2021-10-03"),
        ("3 ت2، 2021", "2021-11-03"),
        ("2 كانون 1 2021", "2021-12-02"),
        ("تشرين 2 12, 2021", "2021-11-12"),
        ("كانون 2 2022", None),  # no day
        ("3 تشرين 2021", None),  # the first or the second
    ],
)
def test_months_that_the_levant_numbers(text: str, expected: str | None) -> None:
    found = at(text)
    assert (found and found[:10]) == expected


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("5 listopada 2021", ("pl",), "2021-11-05T00:00:00"),
        ("5 listopada 2021", ("hr",), "2021-10-05T00:00:00"),
        ("5 listopada 2021", (), None),
        ("mar, 20 abr 2021", ("es",), "2021-04-20T00:00:00"),  # martes, not marzo
        ("25.04.24", ("de",), "2024-04-25T00:00:00"),
        ("25.04.24", ("ko",), None),
        ("1403/02/01 10:20", ("fa",), "2024-04-20T10:20:00"),
        ("۱ اردیبهشت ۱۴۰۳", ("fa",), "2024-04-20T00:00:00"),
        ("1403/02/01", ("ar",), None),
        ("الجمعة 12 رمضان 1445", ("ar",), "2024-03-22T00:00:00"),
        ("12 رمضان 1445هـ الموافق 22 مارس 2024م", ("ar",), "2024-03-22T00:00:00"),
    ],
)
def test_what_the_language_decides(text: str, languages: tuple[str, ...], expected: str | None) -> None:
    assert at(text, *languages) == expected


@pytest.mark.parametrize(
    ("text", "zone", "offset"),
    [
        ("2021-04-21T15:26:00+3:00", "UTC", "+03:00"),
        ("2021-04-21 15:26:00 GMT+0300", "UTC", "+03:00"),
        ("2021-04-21 15:26 UTC+3", "UTC", "+03:00"),
        ("21 Apr 2021 15:26 +03", "UTC", "+03:00"),
        ("21 Apr 2021 15:26 \u221205:00", "UTC", "-05:00"),
        ("Wed, 21 Apr 2021 15:26:00 EET", "UTC", "+02:00"),
        ("21.04.2021 15:26 MESZ", "UTC", "+02:00"),
        ("21 апреля 2021 15:26 МСК", "UTC", "+03:00"),
        ("21 April 2021 15:26 ET", "UTC", "-04:00"),
        ("2021-04-21 15:26 Europe/Kyiv", "UTC", "+03:00"),
        ("2021-04-21T15:26:00+03:00[Asia/Damascus]", "UTC", "+03:00"),
        ("21 نيسان 2021 15:26 بتوقيت غرينتش", "Asia/Damascus", "+00:00"),
        ("21 نيسان 2021 15:26 بتوقيت مكة المكرمة", "UTC", "+03:00"),
        ("21 April 2021 15:26 IST", "Asia/Kolkata", "+05:30"),
        ("21 April 2021 15:26 BST", "Europe/London", "+01:00"),
    ],
)
def test_a_zone_that_is_given_is_obeyed(text: str, zone: str, offset: str) -> None:
    assert at(text, zone=zone) == TIME + offset


@pytest.mark.parametrize("text", ["21 April 2021 15:26 IST", "21 April 2021 15:26 AST", "21 April 2021 15:26 XYZT"])
def test_a_zone_that_nobody_can_know_leaves_the_day(text: str) -> None:
    found = reader.read(text, (), ZoneInfo("Europe/Berlin"))
    assert found is not None
    assert (found.at.isoformat(), found.timed) == (DAY, False)


@pytest.mark.parametrize(
    ("text", "language", "offset"),
    [
        ("21 अप्रैल 2021 15:26 IST", "hi", "+05:30"),
        ("21 באפריל 2021 15:26 IST", "he", "+03:00"),
        ("২১ এপ্রিল ২০২১ 15:26 BST", "bn", "+06:00"),
        ("2021年4月21日 15:26 CST", "zh-TW", "+08:00"),
        ("21 أبريل 2021 15:26 GST", "ar", "+04:00"),
        ("21 April 2021 15:26 CST", "en", "-06:00"),
    ],
)
def test_a_name_of_several_zones_is_that_of_the_language(text: str, language: str, offset: str) -> None:
    assert at(text, language) == TIME + offset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-W16-3", DAY),
        ("2021W163", DAY),
        ("2021-W16-3T15:26Z", TIME + "+00:00"),
        ("2021-111T15:26:00", TIME),
        ("2021-W16", None),
        ("2021-W54-1", None),
        ("2021-366T10:00", None),
    ],
)
def test_days_by_week_and_year(text: str, expected: str | None) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("2021eko apirilaren 21a", "eu"),
        ("2021(e)ko apirilaren 21ean", "eu"),
        ("2021eko apirilak 21", "eu"),
        ("2021 оны 4 дүгээр сарын 21", "mn"),
        ("2021 оны 4-р сарын 21-ний өдөр", "mn"),
        ("2021 оны дөрөвдүгээр сарын 21", "mn"),
        ("2021-жылдын 21-апрели", "ky"),
        ("21 Апрели 2021", "tg"),
        ("2021-يىلى 21-ئاپرېل", "ug"),
        ("21. априла 2021.", "sr"),
        ("21. aprila 2021.", "bs"),
        ("21 Abriil 2021", "so"),
        ("Abril 21, 2021", "fil"),
        ("२१ एप्रिल २०२१", "mr"),
        ("२१ अप्रिल २०२१", "ne"),
        ("၂၀၂၁ ဧပြီ ၂၁", "my"),
        ("២១ មេសា ២០២១", "km"),
        ("21 เม.ย. 64", "th"),
        ("二〇二一年四月二十一日", "zh"),
        ("ሚያዝያ 13 ቀን 2013 ዓ.ም", "am"),
        ("21.IV.2021", "pl"),
        ("21 IV 2021 r.", "pl"),
    ],
)
def test_days_as_further_languages_write_them(text: str, language: str) -> None:
    assert at(text, language) == DAY


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("2021 оны 4-р сарын 21", "mn"),
        ("4 сарын 21, 2021", "mn"),
        ("4-р сарын 21-ны 2021", "mn"),
        ("4月21日, 2021", "ja"),
        ("110/4/21", "zh-TW"),
        ("2021. gada 21. aprīlī", "lv"),
        ("2021 жылғы 21 сәуірде", "kk"),
        ("21 აპრილს 2021", "ka"),
        ("2021 елның 21 апреле", "tt"),
        ("2021-nji ýylyň 21-nji apreli", "tk"),
        ("kolmapäev, 21. aprill 2021 kell 0.00", "et"),
        ("21 ਅਪ੍ਰੈਲ 2021", "pa"),
        ("21 એપ્રિલ 2021", "gu"),
        ("2021 ഏപ്രിൽ 21", "ml"),
        ("2021 අප්‍රේල් 21", "si"),
        ("၂၀၂၁ ခုနှစ် ဧပြီလ ၂၁ ရက်", "my"),
        ("21 Afirilu, 2021", "ha"),
        ("२०७८ वैशाख ८ गते बुधबार", "ne"),
        ("बुधबार, ०८ बैशाख २०७८", "ne-NP"),
        ("वैशाख ८, २०७८", "ne"),
        ("2078-01-08", "ne"),
    ],
)
def test_the_order_and_the_endings_of_further_languages(text: str, language: str) -> None:
    assert at(text, language) == DAY


def test_the_days_of_nepal_are_those_that_its_committee_announced() -> None:
    new_years = {2047: "1990-04-14", 2060: "2003-04-14", 2073: "2016-04-13", 2080: "2023-04-14", 2083: "2026-04-14"}
    assert {year: calendars.from_bikram(year, 1, 1).isoformat() for year in new_years} == new_years
    for wrong in ((2084, 1, 1), (2083, 13, 1), (2083, 8, 30), (2083, 1, 0)):
        with pytest.raises(ValueError, match="no such day"):
            calendars.from_bikram(*wrong)


def test_years_of_a_country_s_own_are_no_other_s() -> None:
    assert (at("110/4/21", "ja"), at("2078-01-08", "ja")) == (None, "2078-01-08T00:00:00")


def test_months_of_further_calendars() -> None:
    assert at("ኅዳር 14 ቀን 2019", "am") == "2026-11-23T00:00:00"
    assert at("ጳጉሜ 6 ቀን 2015", "am") == "2023-09-11T00:00:00"
    assert at("ጳጉሜ 6 ቀን 2016", "am") is None
    assert at("۲ لیندۍ ۱۴۰۵", "ps") == "2026-11-23T00:00:00"
    assert at("२३ नवम्बर २०२६", "hi") == at("२३ नवंबर २०२६", "hi") == "2026-11-23T00:00:00"


@pytest.mark.parametrize("text", ["2021-04-21+03:00", "21 April 2021 UTC", "21.04.2021"])
def test_a_day_has_no_time(text: str) -> None:
    found = reader.read(text)
    assert found is not None
    assert not found.timed


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("1619018760", (), "2021-04-21T15:26:00+00:00"),
        ("1619018760000", ("fa",), "2021-04-21T15:26:00+00:00"),
        ("1619018760.25", (), "2021-04-21T15:26:00+00:00"),
        ("/Date(1619018760000+0300)/", (), "2021-04-21T15:26:00+00:00"),
        ("1405042012", ("en",), "2014-07-11T01:26:52+00:00"),
        ("1405042012", ("fa",), None),  # the twelfth item of 20 Tir 1405
        ("1404011503", ("en", "fa"), None),
        ("2021042115", (), None),
        ("3000000000", (), None),
        ("161901876", (), None),
        ("0619018760", (), None),
    ],
)
def test_unix_time_where_that_is_plausible(text: str, languages: tuple[str, ...], expected: str | None) -> None:
    found = reader.epoch(text, languages)
    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("21 April 2021 6.30pm", "18:30"),
        ("21 April 2021 11.05 p.m.", "23:05"),
        ("Wed, 21 Apr 2021 6.30pm", "18:30"),
        ("6.30pm, 21 April 2021", "18:30"),
        ("21 April 2021 6.30", "06:30"),
        ("21 أبريل 2021 11:45 ظهرا", "11:45"),
        ("21 أبريل 2021 1:15 ظهرا", "13:15"),
        ("21 أبريل 2021 1:30 ليلا", "01:30"),
        ("21 أبريل 2021 12:30 ليلا", "00:30"),
        ("21 أبريل 2021 9:30 ليلا", "21:30"),
        ("21 أبريل 2021 03:30 عصرا", "15:30"),
        ("2021年4月21日 中午1:30", "13:30"),
        ("2021年4月21日 中午11:30", "11:30"),
        ("2021年4月21日傍晚6:30", "18:30"),
        ("2021년 4월 21일 저녁 6:30", "18:30"),
        ("21 Απριλίου 2021 6:30 μμ", "18:30"),
        ("21 Απριλίου 2021 12:30 πμ", "00:30"),
        ("21 اپریل 2021 شام 6:30", "18:30"),
    ],
)
def test_the_part_of_the_day_tells_which_hour_of_twelve_is_meant(text: str, clock: str) -> None:
    assert at(text) == f"2021-04-21T{clock}:00"


@pytest.mark.parametrize(
    ("text", "zone", "offset"),
    [
        ("21 Apr 2021 10:00 CST", "Asia/Shanghai", "+08:00"),
        ("21 Apr 2021 10:00 PST", "Asia/Manila", "+08:00"),
        ("21 Apr 2021 10:00 PST", "America/Los_Angeles", "-08:00"),  # that day it is PDT there
        ("21 Apr 2021 10:00 CST", "Asia/Riyadh", "-06:00"),
    ],
)
def test_a_zone_that_the_site_s_own_is_called_is_the_site_s(text: str, zone: str, offset: str) -> None:
    assert at(text, zone=zone) == f"2021-04-21T10:00:00{offset}"


@pytest.mark.parametrize(
    ("text", "language"),
    [("21ی نیسانی 2021", "ckb"), ("٢١ی نیسان ٢٠٢١", "ckb"), ("21ê Nîsanê 2021", "ku"), ("21 Nisan 2021", "ku")],
)
def test_kurdish_months_with_what_joins_them(text: str, language: str) -> None:
    assert at(text, language) == DAY
