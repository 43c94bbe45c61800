"""The words before dates on pages: those of publication, those of a change, and those for a date as such."""

from __future__ import annotations

import re

CHANGED = re.compile(
    r"updat|modif|edit|changed|aktual|\bmaj\b(?<!\d maj)(?<!\d\. maj)(?!\.?\s(?:19|20)\d\d)"  # `mise à jour`, no May
    r"|mise? à jour|actuali[sz]|atualiz|aggiorna|gewijzigd|bijgewerkt|uppdater"
    r"|opdater|oppdater|päivitet|zaktualiz|frissít|ενημερώ|ενημέρωσ|تحديث|обновл|оновлен|به ?روز|بروز|ویرایش|اپ ڈیٹ"
    r"|güncel|yenilən|uuendatud|muudetud|atnaujin|atjaunin|papildin|ažurir|izmijenj|posodob|ажурир|измењ|актуализ|променен"
    r"|жаңар|шинэчил|yangilan|uppfær|cập nhật|diperbarui|diubah|imesasish|आखरी|עודכן|עדכון|अपडेट|अद्यावधिक|আপডেট|হালনাগাদ"
    r"|përditës|actualitz|eguneratu|dikemas ?kini|na-update|cusbooneys|opgedateer|абноўлен|навсозӣ"
    r"|నవీకరి|అప్\u200c?డేట్|ಅಪ್\u200c?ಡೇಟ್|ನವೀಕರಿ|അപ്\u200c?ഡേറ്റ്|અપડેટ|ਅੱਪਡੇਟ|ਅਪਡੇਟ|अद्ययावत|යාවත්කාලීන|تازه شو[یي]|ອັບເດດ"
    r"|புதுப்பி|განახლ|թարմաց|อัปเดต|อัพเดท|แก้ไข|更新|修改|수정",
    re.IGNORECASE,
)
FIRST = re.compile(
    r"publi[cshké]|pubblic|veröff|erstellt|gepostet|posted|created"
    r"|first (?:appeared|issued)|نشر|انتشار|شائع|опублик|опублік|yayın|giriş|geplaatst"
    r"|julkais|avaldatud|paskelb|objavlj|objavené|vydán|megjelent|közzét|udgivet|offentliggj|diterbit|tayang|đăng|dərc|nəşr"
    r"|imechapish|zverejn|uverejn|argitaratu|inilathala|la daabacay|e['‘’ʻ]lon qilin|апублік|објавен"
    r"|ప్రచురి|ಪ್ರಕಟ|പ്രസിദ്ധീകരി|પ્રકાશિત|ਪ੍ਰਕਾਸ਼ਿਤ|පළ කළ|خپور شو[یي]|ເຜີຍແຜ່"
    r"|објављ|публикув|жариялан|нийтэл|δημοσ|פורסם|प्रकाशित|প্রকাশ|வெளியிட|გამოქვეყნ|հրապարակ|เผยแพร่|发布|發布|发表|發表|公開|投稿"
    r"|입력|등록|게시",
    re.IGNORECASE,
)
_DATE = (  # words for a date, compared whole
    r"date|datum|dato|fecha|data|tarihi?|дата|تاریخ|تاريخ|بتاريخ|ημερομηνία|תאריך|दिनांक|तारीख|তারিখ|tanggal|ngày|วันที่"
    r"|päivämäärä|dátum|stand|stav"
)
_ANY = rf"(?<=\s)(?:(?:{_DATE})(?!\w)|\w{{0,3}}(?:{FIRST.pattern}|{CHANGED.pattern})|آخر|last|zuletzt|dernière"
BEFORE_DATE = re.compile(rf"{_ANY})\D{{0,30}}\d.*$", re.IGNORECASE)
_AT_END = re.compile(rf"{_ANY}|(?:on|am|le|el|il|op|em|den)(?!\w)).*", re.IGNORECASE)
_LONGEST = 40  # characters of a label, with a weekday behind it


def without(text: str) -> str:
    """What stands before a date, without the label of the date at its end: `By Ann Lee`, of `By Ann Lee Published on`;
    the text itself if it ends with none."""
    match = _AT_END.search(text)
    while match is not None and len(match[0]) > _LONGEST:
        match = _AT_END.search(text, match.start() + 1)
    return text[: match.start()] if match is not None else text
