"""Dates as the sites write them: months and days by country, and the forms of feeds and headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime


def _words(text: str) -> list[str]:
    return text.split()


_LEVANT = "كانون الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين الأول تشرين الثاني كانون الأول"
_LATIN = _words("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر")
_TWO_WORDS = ("كانون", "تشرين")


def _levant() -> list[str]:
    months: list[str] = []
    for word in _words(_LEVANT):
        if months and months[-1] in _TWO_WORDS:
            months[-1] += f" {word}"
        else:
            months.append(word)
    return months


MONTHS = {
    "levant": [f"{old}/{new}" for old, new in zip(_levant(), _LATIN, strict=True)],
    "egypt": _LATIN,
    "ar": _LATIN,
    "en": _words("January February March April May June July August September October November December"),
    "fr": _words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    "ru": _words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
    "fa": _words("ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر"),
}
_WEEKDAYS = _words("الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد")
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def day(when: datetime, style: str) -> str:
    """The day as a page shows it: `levant` 15 كانون الثاني/يناير 2026, `ar` 15 يناير، 2026, `egypt` with the weekday,
    and the plain ways of `en`, `fr`, `ru`, `fa` and `zh`."""
    if style == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    month = MONTHS[style][when.month - 1]
    if style == "ar":
        return f"{when.day} {month}، {when.year}"
    if style == "egypt":
        return f"{_WEEKDAYS[when.weekday()]} {when.day} {month} {when.year}"
    text = f"{when.day} {month} {when.year}"
    return text.translate(_PERSIAN_DIGITS) if style == "fa" else text


def iso(when: datetime) -> str:
    """ISO 8601 with the zone: 2018-06-08T18:00:00+03:00."""
    return when.isoformat(timespec="seconds")


def rfc822(when: datetime) -> str:
    """The form of RSS (RFC 5322), with the site's zone: Fri, 08 Jun 2018 18:00:00 +0300."""
    return format_datetime(when)


def http(when: datetime) -> str:
    """The form of HTTP's headers (RFC 9110 5.6.7), to the second."""
    return format_datetime(when.astimezone(UTC).replace(microsecond=0), usegmt=True)
