"""Authors: names alone, of this article, and persons before the outlet."""

from __future__ import annotations

import pytest

from crawler.extract.author_names import is_byline, is_person, names
from tests.support.patience import cpu_within
from tests.unit.crawler.extract.test_extractor import TEXT, article, html, ld


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("By Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("ANN LEE and BOB RAY - AP Technology Writers", ("ANN LEE", "BOB RAY")),
        ("Ann Lee, Associated Press Writer", ("Ann Lee",)),
        ("Ann Lee Staff Writer", ("Ann Lee",)),
        ("كتب - سامر حداد:", ("سامر حداد",)),
        ("كتبت- سمر حداد", ("سمر حداد",)),
        ("تم النشر بواسطة: سمر حداد", ("سمر حداد",)),
        ("رام الله / سمر حداد", ("سمر حداد",)),
        ("Ann Lee / Berlin", ("Ann Lee",)),
        ("Ann Lee / Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Veröffentlicht von Anna Berg", ("Anna Berg",)),
        ("Ann Lee; View More Articles", ("Ann Lee",)),
        ("Ann Lee The Associated Press", ("Ann Lee",)),
        ("ANNE LI, LAURE BERT Envoyés spéciaux à Toulouse", ("ANNE LI", "LAURE BERT")),
        ("سمر حداد مراسلة الشؤون الاقتصادية", ("سمر حداد",)),
        ("Petra Berg and Sana Lee", ("Petra Berg", "Sana Lee")),  # which are agencies as well
        ("Mary Ann Dean", ("Mary Ann Dean",)),
        ("Our Rome correspondent", ("Our Rome correspondent",)),
        ("Anne Li (avec Laure Bert et Tom Roy)", ("Anne Li", "Laure Bert", "Tom Roy")),
        ("Ann Lee (with Reuters)", ("Ann Lee",)),
        ("Ann B. Lee (https://lee.example/ann/)", ("Ann B. Lee",)),
        ("Grant Lee, PhD", ("Grant Lee",)),
        ("Posted by Ann Lee on March 9, 2026 at 6:40 pm", ("Ann Lee",)),
        ("Par Ann Lee le 9 mars 2026", ("Ann Lee",)),
        ("By Ann Lee Follow @annlee", ("Ann Lee",)),
        ("Ann Lee Suivre", ("Ann Lee",)),
        ("Rebecca Lake, CEPF®; Ann Lee, M.D.", ("Rebecca Lake", "Ann Lee")),
        ("View all posts by Daniel Lee", ("Daniel Lee",)),
        ("신현주 기자", ("신현주",)),
        ("بقلم: سمر حداد", ("سمر حداد",)),
        ("إعداد: سمر حداد وليلى مراد", ("سمر حداد", "ليلى مراد")),
        ("سمر حداد، ليلى مراد", ("سمر حداد", "ليلى مراد")),
        ("By Ann Lee in Berlin, Bob Ray and dpa", ("Ann Lee", "Bob Ray")),
        ("Ann Lee, Bob Ray, and Cy Poe", ("Ann Lee", "Bob Ray", "Cy Poe")),
        ("Ann Lee, Professor of History, Northern University", ("Ann Lee",)),
        ("Von Anna Berg, Redakteurin", ("Anna Berg",)),
        ("Анна Берг, корреспондент", ("Анна Берг",)),
        ("سمر حداد، مراسلة الجريدة", ("سمر حداد",)),
        ("سمر حداد - دمشق", ("سمر حداد",)),
        ("سمر حداد من بيروت", ("سمر حداد",)),
        ("Ann Lee, Berlin", ("Ann Lee",)),
        ("MARIA LOPEZ, MADRID", ("MARIA LOPEZ",)),
        ("Ann Lee and Madonna", ("Ann Lee", "Madonna")),
        ("Lee Young-jae and Kim", ("Lee Young-jae", "Kim")),
        ("Ann Lee, Dean Baker and Bob Ray", ("Ann Lee", "Dean Baker", "Bob Ray")),
        ("Ann Lee, Dean of Law", ("Ann Lee",)),
        ("Ann Lee, Head Researcher", ("Ann Lee",)),
        ("Ann Lee, Head Coach", ("Ann Lee",)),
        ("Ann Lee, Dean Emerita", ("Ann Lee",)),
        ("山田太郎、佐藤花子", ("山田太郎", "佐藤花子")),
        ("山田太郎／佐藤花子", ("山田太郎", "佐藤花子")),
        ("文／王小明", ("王小明",)),
        ("山田太郎（記者）", ("山田太郎",)),
        ("Penulis: Budi Santoso", ("Budi Santoso",)),
        ("Reporter: Budi Santoso | Editor: Siti Rahma", ("Budi Santoso",)),
        ("Teksti: Matti Virtanen Kuvat: Liisa Korhonen", ("Matti Virtanen",)),
        ("Shkruan: Arben Hoxha", ("Arben Hoxha",)),
        ("Parengė: Jonas Petraitis", ("Jonas Petraitis",)),
        ("Mwandishi: Asha Juma", ("Asha Juma",)),
        ("Зохиогч: Болд Дорж", ("Болд Дорж",)),
        ("Szerző: Kovács János", ("Kovács János",)),
        ("Tác giả: Nguyễn Văn An", ("Nguyễn Văn An",)),
        ("Door onze redacteur Jan de Vries", ("Jan de Vries",)),
        ("ann.lee@news.example (Ann Lee)", ("Ann Lee",)),
        ("Di Anna Berg", ("Anna Berg",)),
        ("Byrne Hobb", ("Byrne Hobb",)),
        ("ByAnn Lee", ("Ann Lee",)),
        ("Posted Mar 1, 2018 by Ann Lee", ("Ann Lee",)),
        ("Ann Lee; edited by Bob Ray", ("Ann Lee",)),
        ("Medically reviewed by Bob Ray, MD", ()),
        ("مراجعة: ليلى مراد", ()),
        ("Berg, Anna", ("Berg, Anna",)),
        ("Martin Lee, Jr., and Ann Ray", ("Martin Lee, Jr.", "Ann Ray")),
        ("Reuters", ("Reuters",)),
        ("By Ann Lee (@annlee)", ("Ann Lee",)),
        ("By Ann Lee with Bob Ray", ("Ann Lee", "Bob Ray")),
        ("As told to Ann Lee", ("Ann Lee",)),
        ("Submitted by Ann Lee on Tue, 05/12/2026 - 09:30", ("Ann Lee",)),
        ("Gespeichert von Anna Berg am 12.05.2026", ("Anna Berg",)),
        ("Ann Lee Environment correspondent", ("Ann Lee",)),
        ("Posted by Ann Lee on Tuesday morning", ("Ann Lee",)),
        ("Հեղինակ՝ Աննա Պետրոսյան", ("Աննա Պետրոսյան",)),
        ("By Ann Lee Last updated: 9 March 2026", ("Ann Lee",)),
        ("Autor: Anna Nowak Opublikowano 9 marca 2026", ("Anna Nowak",)),
        ("{{ author.name }}", ()),
        ("No Author", ()),
        ("admin", ()),
        ("https://news.example/authors/1", ()),
    ],
)
def test_names_alone(said: str, wanted: tuple[str, ...]) -> None:
    assert names([said]) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("King, Jr.", ("King, Jr.",)),
        ("Márquez, Gabriel", ("Márquez, Gabriel",)),
        ("Smith & Sons", ("Smith & Sons",)),
        ("Anna {Ann} Berg", ("Anna {Ann} Berg",)),
        ("Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee, Professor of History", ("Ann Lee",)),
    ],
)
def test_one_person_of_the_metadata_is_one_name(said: str, wanted: tuple[str, ...]) -> None:
    assert names([said], split=False) == wanted
    assert article(html(head=ld(author={"@type": "Person", "name": said}))).authors == wanted


def test_a_person_without_a_name_has_a_given_and_a_family_name() -> None:
    head = ld(author=[{"@type": "Person", "givenName": "Ann", "familyName": "Lee"}])
    assert article(html(head=head)).authors == ("Ann Lee",)


def test_a_byline_is_told_by_its_first_word() -> None:
    assert is_byline("بقلم: سمر حداد")
    assert is_byline("By Ann Lee")
    assert not is_byline("Byzantine art")
    assert not is_byline("سمر حداد")


FILLER = "".join(f"<p>{p}</p>" for p in TEXT * 3)


@pytest.mark.parametrize(
    "byline",
    [
        "<div class='k1'>بقلم: سمر حداد</div>",
        "<p class='post-author'>سمر حداد</p>",
        "<span><a href='/author/42'>سمر حداد</a></span>",
        "<div itemprop='author'><span itemprop='name'>سمر حداد</span></div>",
        "<div property='schema:author' typeof='schema:Person'><span property='schema:name'>سمر حداد</span></div>",
    ],
)
def test_bylines_of_many_shapes(byline: str) -> None:
    assert article(html(byline + FILLER)).authors == ("سمر حداد",)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("<span>מאת דנה כהן</span> <span>פורסם: 09.05.2018, 14:20</span>", "דנה כהן"),
        ("نویسنده: سارا احمدی تاریخ انتشار: ۱۹ اردیبهشت ۱۳۹۷", "سارا احمدی"),
        ("9 мая 2018, 14:20 &nbsp; Автор: Анна Берг", "Анна Берг"),
        ("09.05.2018 14:20 Uhr Von Anna Berg", "Anna Berg"),
        ("<b>김하나 기자</b> hana@news.example", "김하나"),
        ("ავტორი: ანა ბერიძე გამოქვეყნდა: 9 მაისი 2018", "ანა ბერიძე"),
        ("โดย อันนา ใจดี", "อันนา ใจดี"),
    ],
)
def test_a_byline_stands_beside_a_date_without_a_mark_between(line: str, name: str) -> None:
    assert article(html(f"<div>{line}</div>{FILLER}")).authors == (name,)


@pytest.mark.parametrize(
    ("language", "line", "name"),
    [
        ("en", "<span>By Anna Berg</span> <span>May 9, 2018</span>", "Anna Berg"),
        ("en", "By Anna Berg Wednesday, May 9, 2018", "Anna Berg"),
        ("en", "By Anna Berg Wed May 9, 2018", "Anna Berg"),
        ("en", "By Theresa May 9 June 2018", "Theresa May"),
        ("de", "Von Anna Berg Mittwoch, 9. Mai 2018, 14:20 Uhr", "Anna Berg"),
        ("pt", "Por Anna Berg quarta-feira, 9 de maio de 2018", "Anna Berg"),
        ("tr", "Yazan: Ayşe Kaya Çarşamba, 9 Mayıs 2018", "Ayşe Kaya"),
    ],
)
def test_no_month_and_no_weekday_of_a_date_is_taken_for_a_name(language: str, line: str, name: str) -> None:
    page = html(f"<div>{line}</div>{FILLER}").replace("<html", f"<html lang={language}", 1)
    assert article(page).authors == (name,)


@pytest.mark.parametrize(
    ("language", "line", "names"),
    [
        ("ro", "<div>De Ana Popescu miercuri, 9 mai 2018</div>", ("Ana Popescu",)),
        ("ro", "<p class=author>De Ana Popescu</p>", ("Ana Popescu",)),
        ("sw", "<div>Na Juma Mwangi</div>", ("Juma Mwangi",)),
        ("cy", "<div>Gan Siân Rees</div>", ("Siân Rees",)),
        ("nl", "<div>De Groene Amsterdammer</div>", ()),
        ("ro", "<div>De citit mai departe</div>", ()),
    ],
)
def test_a_word_before_names_counts_in_its_language(language: str, line: str, names: tuple[str, ...]) -> None:
    assert article(html(f"{line}{FILLER}").replace("<html", f"<html lang={language}", 1)).authors == names


@pytest.mark.parametrize(
    ("last", "names"),
    [
        ("<strong>Minh Anh</strong> (Theo <em>AFP</em>)", ("Minh Anh",)),
        ("Anna Berg", ("Anna Berg",)),
        ("Anna Berg, Riverton", ()),
        ("The harbour stays open.", ()),
    ],
)
def test_a_name_alone_below_the_text_is_its_author(last: str, names: tuple[str, ...]) -> None:
    assert article(html(f"{FILLER}<p>{last}</p>")).authors == names


@pytest.mark.parametrize(
    ("end", "names"),
    [
        ("港の組合は再開を歓迎すると話した。（山田太郎、佐藤花子）</p>", ("山田太郎", "佐藤花子")),
        ("港の組合は再開を歓迎すると話した。</p><p>【佐々木一郎】</p>", ("佐々木一郎",)),
        ("港の組合は再開を歓迎すると話した。（敬称略）</p>", ()),
        ("港の組合は再開を歓迎すると話した。（政治部・山田太郎）</p>", ()),
        ("漁港は月曜に再開した（写真左）</p>", ()),
    ],
)
def test_names_in_brackets_at_the_end_of_a_japanese_text_are_its_authors(end: str, names: tuple[str, ...]) -> None:
    said = "漁港は月曜の朝、二年ぶりに漁船の出入りを再開し、多くの市民が岸壁に集まった。"
    assert article(html(f"<p>{said * 3}</p><p>{said * 2}{end}")).authors == names


def test_a_name_with_an_address_below_the_text_is_its_author() -> None:
    found = article(html(f"{FILLER}<p>김하나 기자 hana@news.example</p><p>ⓒ 해안일보, 무단 전재 및 재배포 금지</p>"))
    assert found.authors == ("김하나",)
    assert "hana@" not in found.body


def test_reporters_in_brackets_at_the_end_are_the_authors() -> None:
    assert article(
        html(f"{FILLER}<p>渔民工会负责人表示，我们等这一天等得太久了。（本报记者 王小明 李华）</p>")
    ).authors == ("王小明", "李华")


def test_authors_of_other_articles_are_not_this_ones() -> None:
    below = "".join(
        f"<section><div><div><span itemprop='author'>{name}</span></div></div></section>" for name in ("ليلى", "مراد")
    )
    found = article(html(f"<header><p itemprop='author'>سمر حداد</p></header>{FILLER}{below}"))
    assert found.authors == ("سمر حداد",)


def test_a_person_in_the_byline_goes_before_the_outlet_and_its_agencies() -> None:
    head = ld(author={"@type": "Organization", "name": "Step Agency"}, publisher={"name": "Step Agency"})
    assert article(html("<p class='byline'>سمر حداد</p>" + FILLER, head)).authors == ("سمر حداد",)
    assert article(html("<p class='byline'>Step Agency with agencies</p>" + FILLER, head)).authors == ("Step Agency",)


def test_bylines_of_a_list_above_the_article_are_not_this_ones() -> None:
    newest = "".join(
        f"<li><a href=/{n}>News {n}</a> <span class='byline'>an hour ago <a rel='author'>{name}</a></span></li>"
        for n, name in enumerate(("Ann Ray", "Bob Poe", "Cy Fox"))
    )
    page = f"<ul>{newest}</ul>" + html("<div class='byline'>Posted by <a rel='author'>Dana Lee</a></div>" + FILLER)
    assert article(page).authors == ("Dana Lee",)


@pytest.mark.parametrize(
    "box",
    [
        "<div class='meta'>Edited by <a href='/author/2'>Bob Ray</a></div>",
        "<div class='reviewer'><a class='author-name'>Bob Ray</a></div>",
        "<p class='byline'>Fact checked by Bob Ray</p>",
        "<div>مراجعة: <a href='/author/2'>ليلى مراد</a></div>",
    ],
)
def test_editors_and_reviewers_are_no_authors(box: str) -> None:
    assert article(html(box + FILLER)).authors == ()
    assert article(html(f"{box}<div><a href='/author/1'>Ann Lee</a></div>" + FILLER)).authors == ("Ann Lee",)


@pytest.mark.parametrize("name", ["Di Maria Rossi", "Par Hansson", "Av Berg"])
def test_a_field_for_a_name_keeps_a_name_that_looks_like_by(name: str) -> None:
    assert names([name], split=False) == (name,)


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("سمر حداد، دمشق", ("سمر حداد",)),
        ("بقلم سمر حداد, عمّان", ("سمر حداد",)),
        ("רות לוי, חיפה", ("רות לוי",)),
        ("سمر، نادر", ("سمر", "نادر")),
        ("سمر حداد، نادر كرم", ("سمر حداد", "نادر كرم")),
        ("إعداد وتحرير: سمر حداد", ("سمر حداد",)),
        ("Text und Fotos: Anna Berg", ("Anna Berg",)),
    ],
)
def test_a_word_after_a_whole_name_is_the_place_in_any_script(byline: str, wanted: tuple[str, ...]) -> None:
    assert names([byline]) == wanted


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("دمشق - سمر حداد", ("سمر حداد",)),
        ("سمر حداد - دير الزور", ("سمر حداد",)),
        ("Anna Berg, Bad Urach", ("Anna Berg",)),
        ("Ann Lee, New York", ("Ann Lee",)),
        ("حمص - رويترز", ("رويترز",)),
        ("مراسلة الجريدة - سمر حداد", ("سمر حداد",)),
        ("Par Anne Lebrun (à Nantes)", ("Anne Lebrun",)),
    ],
    ids=["before", "two words", "Bad", "New", "agency", "role", "brackets"],
)
def test_a_place_or_a_role_beside_a_name_is_none(byline: str, wanted: tuple[str, ...]) -> None:
    assert names([byline]) == wanted


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("نادر كرم وليلى حسن", ("نادر كرم", "ليلى حسن")),
        ("محمد وليد حسن", ("محمد وليد حسن",)),
        ("عبد الله وليد حسن", ("عبد الله وليد حسن",)),
        ("نادر كرم ووكالات", ("نادر كرم",)),
        ("רות לוי ויעל כהן", ("רות לוי", "יעל כהן")),
        ("רות ורד לוי", ("רות ורד לוי",)),
        ("سمر حداد اور نادر کرم", ("سمر حداد", "نادر کرم")),
        ("सुमन नेगी और रवि जोशी", ("सुमन नेगी", "रवि जोशी")),
        ("Ayşe Demir ve Ali Koç", ("Ayşe Demir", "Ali Koç")),
        ("José Ortega y Gasset", ("José Ortega y Gasset",)),
        ("ANA GÓMEZ Y LUIS PÉREZ", ("ANA GÓMEZ", "LUIS PÉREZ")),
        ("John E Smith", ("John E Smith",)),
    ],
    ids=[
        "ar",
        "ar-name",
        "ar-name-of-two",
        "ar-agencies",
        "he",
        "he-name",
        "ur",
        "hi",
        "tr",
        "es-one",
        "capitals",
        "initial",
    ],
)
def test_and_joins_names_in_any_language(byline: str, wanted: tuple[str, ...]) -> None:
    assert names([byline]) == wanted


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("A comment by Ann Lee", ("Ann Lee",)),
        ("Guest post by Ann Lee", ("Ann Lee",)),
        ("Gastbeitrag von Anna Berg", ("Anna Berg",)),
        ("Interview: Anna Berg", ("Anna Berg",)),
        ("Propos recueillis par Anne Lebrun", ("Anne Lebrun",)),
        ("dal nostro inviato Ugo Neri", ("Ugo Neri",)),
        ("حوار: سمر حداد", ("سمر حداد",)),
        ("تحقيق وتصوير: سمر حداد", ("سمر حداد",)),
        ("گزارش از سمر حداد", ("سمر حداد",)),
        ("تحریر: سمر حداد", ("سمر حداد",)),
        ("מאת: רות לוי", ("רות לוי",)),
        ("लेखक: रवि जोशी", ("रवि जोशी",)),
        ("Haber: Ali Koç", ("Ali Koç",)),
        ("Авторка: Анна Берг", ("Анна Берг",)),
        ("Της Άννας Βέργη", ("Άννας Βέργη",)),
        ("本报记者 林晓岚 周平", ("林晓岚", "周平")),
        ("新华社记者林晓岚、周平", ("林晓岚", "周平")),
        ("記者林曉嵐／台北報導", ("林曉嵐",)),
        ("文｜林晓岚", ("林晓岚",)),
        ("来源：山城日报 作者：林晓岚 编辑：周平", ("林晓岚",)),
        ("文・写真 山田太郎", ("山田太郎",)),
        ("【山田太郎】", ("山田太郎",)),
        ("[서울=신현주 기자]", ("신현주",)),
        ("신현주 기자 sky@news.example", ("신현주",)),
        ("By Ann Lee (ann@news.example)", ("Ann Lee",)),
        ("By Ann Lee Published May 6, 2026", ("Ann Lee",)),
        ("By Ann Lee for The Paper", ("Ann Lee",)),
        ("Par Anne Lebrun avec AFP", ("Anne Lebrun",)),
        ("編集：山田太郎", ()),
        ("Aus Weimar berichtet Anna Berg", ("Anna Berg",)),
        ("Words: Ann Lee. Photos: Bob Ray", ("Ann Lee",)),
        ("Texto Ana Gil Fotografia Rui Seco", ("Ana Gil",)),
        ("Ann Lee, Special to The Paper", ("Ann Lee",)),
        ("Ann Lee, Department of History", ("Ann Lee",)),
        ("The Paper staff", ("The Paper staff",)),
        ("رصد وتحرير: سمر حداد", ("سمر حداد",)),
        ("سمر حداد ـ نادر كرم ـ ليلى حسن", ("سمر حداد", "نادر كرم", "ليلى حسن")),
        ("سرویس فرهنگ - سمر حداد", ("سمر حداد",)),
        ("（记者 林晓岚）", ("林晓岚",)),
        ("记者 林晓岚 通讯员 周平", ("林晓岚", "周平")),
        ("山城日报记者 林晓岚", ("林晓岚",)),
        ("編集委員 山田太郎", ("山田太郎",)),
        ("山城新聞 山田太郎", ("山田太郎",)),
        ("서울=신현주 기자", ("신현주",)),
        ("글 신현주 사진 이도윤", ("신현주",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_stands_beside_a_name_in_a_byline_goes(byline: str, wanted: tuple[str, ...]) -> None:
    assert names([byline]) == wanted


def test_a_role_in_an_element_of_its_own_is_no_author() -> None:
    box = "<p class='author-name'>By<span>Ann Lee</span><span>Senior Reporter</span></p>"
    assert article(html(box + FILLER)).authors == ("Ann Lee",)


def test_the_outlet_beside_a_person_is_no_author() -> None:
    head = ld(author=[{"@type": "Person", "name": "Ann Lee"}, {"name": "The Paper"}], publisher={"name": "The Paper"})
    assert article(html(FILLER, head)).authors == ("Ann Lee",)


def test_an_author_in_the_metadata_may_stand_in_a_role() -> None:
    head = ld(author={"@type": "Role", "roleName": "reporter", "author": {"@type": "Person", "name": "Ann Lee"}})
    assert article(html(head=head)).authors == ("Ann Lee",)


@pytest.mark.parametrize("mark", ["id='authors'", "data-testid='byline'", "data-component='BylineBlock'"])
def test_an_element_is_a_byline_by_any_of_its_names(mark: str) -> None:
    assert article(html(f"<div {mark}><span>Ann Lee</span></div>" + FILLER)).authors == ("Ann Lee",)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("김철수 기자 | 입력 2018.05.04 10:30", ("김철수",)),
        ("2018年5月4日 10時30分 <b>田中太郎</b>記者", ("田中太郎",)),
        ("נורה לוי, כתבת כלכלה", ("נורה לוי",)),
        ("Nora Haddad, senior correspondent", ("Nora Haddad",)),
        ("Текст: Анна Берг, фото: Пётр Рощин", ("Анна Берг",)),
        ("2018年5月4日 社会部記者", ()),
        ("취재 기자", ()),
        ("Water, correspondents and the long summer", ()),
    ],
)
def test_a_role_beside_a_name_tells_the_author(line: str, wanted: tuple[str, ...]) -> None:
    assert article(html(f"<div class=k1>{line}</div>{FILLER}")).authors == wanted


def test_an_address_marked_as_the_authors_names_it() -> None:
    assert article(html(f"<address rel=author>Ann Lee in Cairo</address>{FILLER}")).authors == ("Ann Lee",)


def test_a_name_beside_the_date_is_the_author_and_a_section_is_none() -> None:
    line = "<div><span>6 May 2018</span> · <span>4 min read</span> · {}</div>"
    assert article(html(line.format("Ann Lee") + FILLER)).authors == ("Ann Lee",)
    assert article(html(line.format("Human Rights") + "<a href=/r>Human Rights</a>" + FILLER)).authors == ()


def test_an_agency_alone_in_the_byline_is_the_author() -> None:
    assert article(html("<div class='byline'>دمشق - سانا</div>" + FILLER)).authors == ("سانا",)


def test_an_author_in_the_footer_within_an_element_named_article_is_its_author() -> None:
    box = "<div class='article'><div class='footer'><span class='news-list-author'>Ann Lee</span></div></div>"
    assert article(html(box + FILLER)).authors == ("Ann Lee",)


def test_a_chinese_line_of_date_source_author_and_editor_has_one_author() -> None:
    line = "<div>2018-05-06 10:21　来源：山城日报　作者：林晓岚　责任编辑：周平</div>"
    assert article(html(line + FILLER)).authors == ("林晓岚",)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("<p class='info'><time>06.05.2018 10:00</time> von Anna Berg</p>", "Anna Berg"),
        ("<div>时间:2018-05-06 10:21 来源:山城日报 作者:林晓岚 点击:88次</div>", "林晓岚"),
        ("<em class='head_journalist_name'>신현주 기자</em>", "신현주"),
        ("<ul><li><span data-hook='user-name'>Ann Lee</span></li></ul>", "Ann Lee"),
    ],
    ids=["contao", "dedecms", "journalist", "wix"],
)
def test_bylines_as_publishing_systems_write_them(line: str, wanted: str) -> None:
    assert article(html(line + FILLER)).authors == (wanted,)


def test_what_follows_a_year_and_by_is_no_author_without_a_date() -> None:
    assert article(html("<p>In 2018 the prize was won by Ann Lee</p>" + FILLER)).authors == ()


@pytest.mark.parametrize(
    "first",
    ["غزة - قصف متواصل", "الطقس - غدا", "White House", "Key Takeaways", "Breaking News", "New York", "A day at sea"],
)
def test_a_first_paragraph_that_looks_like_a_name_is_of_the_text(first: str) -> None:
    found = article(html(f"<p>{first}</p>" + FILLER))
    assert found.authors == ()
    assert found.body.startswith(f"{first}\n")


def test_a_first_paragraph_that_is_the_name_in_the_byline_is_none_of_the_text() -> None:
    found = article(html("<div class='byline'>سمر حداد</div><p>سمر حداد</p>" + FILLER))
    assert (found.authors, found.body.startswith(TEXT[0])) == (("سمر حداد",), True)


def test_a_byline_of_dots_takes_no_time() -> None:
    with cpu_within(1):
        assert not is_person("a" + "..a" * 300 + " b1")


def test_authors_in_a_list_each_have_a_role_of_their_own() -> None:
    listed = "".join(
        f"<li><a class='author__name' href='/author/{n}'>{name}</a><span class='author__role'>{role}</span></li>"
        for n, (name, role) in enumerate((("Ann Lee", "Reporter at sea"), ("Bob Ray", "(text)")))
    )
    assert article(html(f"<ul>{listed}</ul>" + FILLER)).authors == ("Ann Lee", "Bob Ray")


HEADLINES = {
    "ar, a report": "تقرير أممي يكشف حجم الدمار",
    "ar, a dialogue": "حوار وطني شامل",
    "ar, live": "متابعة مباشرة للأحداث",
    "ar, an inquiry": "تحقيق دولي مستقل",
    "ar, a liberation": "تحرير مدينة حلب",
    "ar, a report with a colon": "تقرير: الحرب تقترب من نهايتها",
    "ar, a question": "حوار: كيف نبني المدن",
    "ar, wrote": "كتب الوزير إلى البلديات",
    "fa": "گزارش از جنوب لبنان",
    "en, an interview": "Interview with Angela Merkel",
    "en, a report": "Report: North Korea Fires Missile",
    "en, a report in brief": "Report: North Korea",
    "fr, a review": "Critique de Dune Deuxième Partie",
    "de, a report": "Bericht: Nordkorea feuert Rakete",
    "de, a text": "Text Mining",
}


@pytest.mark.parametrize("line", HEADLINES.values(), ids=HEADLINES)
def test_a_line_that_begins_with_a_kind_of_text_is_no_byline(line: str) -> None:
    below = article(html(f"<div>{line}</div>" + FILLER))
    first = article(html(f"<p>{line}</p>" + FILLER))
    assert (below.authors, first.authors) == ((), ())
    assert first.body.startswith(f"{line}\n")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("تقرير: سمر حداد", ("سمر حداد",)),
        ("متابعة: سمر حداد وليلى مراد", ("سمر حداد", "ليلى مراد")),
        ("إعداد: سمر حداد", ("سمر حداد",)),
        ("Interview: Anna Berg", ("Anna Berg",)),
        ("A review by Ann Lee", ("Ann Lee",)),
        ("Texte de Anne Lebrun", ("Anne Lebrun",)),
    ],
)
def test_a_kind_of_text_before_a_name_is_a_byline(line: str, wanted: tuple[str, ...]) -> None:
    assert article(html(f"<div>{line}</div>" + FILLER)).authors == wanted


@pytest.mark.parametrize(
    "name",
    [
        "محمد الأمين ولد الشيخ",
        "سيدي محمد ولد الشيخ الغزواني",
        "محمد علي وناس حسن",
        "أحمد سالم وهدان علي",
        "عمر بن وزاني حسن",
        "سالم محمد ولد وتيد الأمين",
        "سالم محمد ود وتيد الأمين",
        "خالد سعيد أبو وردان علي",
    ],
)
def test_a_name_with_the_letter_for_and_within_is_one(name: str) -> None:
    assert names([name]) == names([name], split=False) == (name,)
    assert names(["نادر كرم وثابا حسن"], split=False) == ("نادر كرم وثابا حسن",)


@pytest.mark.parametrize(
    ("headline", "line"),
    [
        ("الاقتصاد السوري يواصل التراجع", "تقرير: اقتصاد منهك"),
        ("سمر حداد: المدينة تحتاج إلى مدارس", "حوار: سمر حداد"),
        ("Ann Lee on the future of the port", "Interview: Ann Lee"),
    ],
    ids=["a subject", "who is asked", "who is asked, en"],
)
def test_a_kind_of_text_before_words_of_the_headline_is_no_byline(headline: str, line: str) -> None:
    page = f"<html><body><article><h1>{headline}</h1><div>{{}}</div>{FILLER}</article></body></html>"
    assert article(page.format(line)).authors == ()
    assert article(page.format("تقرير: ليلى مراد")).authors == ("ليلى مراد",)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Posted by:", "Ann Lee"),
        ("Written by:", "Our Tollgate correspondent"),
        ("بقلم:", "سمر حداد"),
        ("الكاتب:", "ليلى مراد"),
        ("Écrit par :", "Claire Martin"),
        ("Escrito por:", "Ana Pérez"),
        ("Автор:", "Анна Берг"),
    ],
)
def test_a_label_in_an_element_of_its_own_names_the_author_in_the_next(label: str, name: str) -> None:
    found = article(html(f"<h3>{label}</h3><ul><li>{name}</li></ul>" + FILLER))
    assert found.authors == (name,)
    assert label not in found.body
    assert name not in found.body


@pytest.mark.parametrize("label", ["Tags:", "By the river:", "In brief:", "تقرير:"])
def test_what_follows_another_label_is_no_author(label: str) -> None:
    found = article(html(f"<h3>{label}</h3><ul><li>White House</li></ul>" + FILLER))
    assert found.authors == ()


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("By Ann Lee<br>Transport Correspondent", ("Ann Lee",)),
        ("By Ann Lee<br>New York", ("Ann Lee",)),
        ("<div>Ann Lee</div><div>Trending Editor</div>", ("Ann Lee",)),
        ("By Ann Lee<br>Bob Ray", ("Ann Lee", "Bob Ray")),
        ("By<br>Ann Lee", ("Ann Lee",)),
    ],
)
def test_each_line_of_a_byline_is_a_name_or_none(byline: str, wanted: tuple[str, ...]) -> None:
    text = "".join(f"<p>{p}</p>" for p in TEXT)
    assert article(html(f"<div class=byline>{byline}</div>{text}")).authors == wanted


@pytest.mark.parametrize("account", ["ann-lee", "ann_lee", "alee7"])
def test_a_name_goes_before_an_account(account: str) -> None:
    about = ld(author={"@type": "Person", "name": account})
    text = "".join(f"<p>{p}</p>" for p in TEXT)
    assert article(html(f"<div class=byline>By Ann Lee</div>{text}", about)).authors == ("Ann Lee",)
    assert article(html(text, about)).authors == (account,)


def test_a_word_in_the_metadata_is_the_name_of_a_system() -> None:
    text = "".join(f"<p>{p}</p>" for p in TEXT)
    said = "<meta name=author content=WordPress>"
    assert article(html(f"<div class=byline>By Ann Lee</div>{text}", said)).authors == ("Ann Lee",)
    assert article(html(text, said)).authors == ()
    assert article(html(text, "<meta name=author content=AFP>")).authors == ("AFP",)


def test_all_elements_of_a_kind_name_an_author_each_also_with_the_family_name_first() -> None:
    head = '<meta name="author" content="Ann Lee"><meta name="author" content="Bob Ray">'
    assert article(html(head=head)).authors == ("Ann Lee", "Bob Ray")
    head = '<meta name="DC.Creator" content="Ray, B."><meta name="DC.Creator" content="Berg, Anna von">'
    assert article(html(head=head)).authors == ("Ray, B.", "Berg, Anna von")


def test_a_property_may_have_several_names() -> None:
    assert article(html(head='<meta property="dc:creator twitter:data2" content="Ann Lee">')).authors == ("Ann Lee",)


def test_the_outlet_in_microdata_is_no_author_beside_a_person() -> None:
    said = '<span itemprop="author">Ann Lee, STEP DAILY</span>'
    assert article(html(said + FILLER, head='<meta property="og:site_name" content="Step Daily">')).authors == (
        "Ann Lee",
    )


@pytest.mark.parametrize(
    "around",
    [
        '<div class="entry-meta vcard">{}</div>',
        '<div class="p-author h-card">{}</div>',
    ],
)
def test_a_card_of_a_person_is_no_teaser_s(around: str) -> None:
    byline = around.format('<a rel="author" href="/ann">Ann Lee</a>')
    assert article(html(byline + FILLER)).authors == ("Ann Lee",)


def test_the_article_itself_may_lie_in_a_card() -> None:
    page = f'<div class="card"><h1>Bridge opens</h1><div class="byline">By Ann Lee</div>{FILLER}</div>'
    assert article(f"<html><body>{page}</body></html>".encode()).authors == ("Ann Lee",)


@pytest.mark.parametrize(
    "outside",
    [
        '<div class="author-note"><p>I never think about it. It is one by Ann, and yet <span>Facebook believes that'
        " they</span> <span>alongside ABC News</span></p></div>",
        '<form class="follow-author"><span>Follow Author</span> <span>Sign up</span></form>',
    ],
)
def test_what_is_called_an_author_s_and_is_prose_or_asks_for_something_names_nobody(outside: str) -> None:
    assert article(html(outside + FILLER)).authors == ()


def test_the_whole_page_and_a_link_to_the_comments_are_no_byline() -> None:
    byline = '<p class="author"><a href="/">Step Mail</a> <a href="#comments">Four Comments</a></p>'
    page = f'<html><body class="author-7"><h1>Bridge opens</h1>{byline}{FILLER}<span>Red Nose</span></body></html>'
    assert article(page.encode()).authors == ()


@pytest.mark.parametrize("byline", ["بقلم/ {}", "إعداد/ {}", "كتبت- {}", "بقلم | {}", "نشر بواسطة {}", "By {}"])
@pytest.mark.parametrize(
    "line", ["<p>{}</p>", "<div><span>{}</span> <time datetime='2018-05-12'>12 May 2018</time></div>"]
)
def test_a_byline_may_have_another_mark_than_a_colon_and_a_date_beside_it(byline: str, line: str) -> None:
    name = "Ann Lee" if byline.isascii() else "سمر حداد"
    assert article(html(line.format(byline.format(name)) + FILLER)).authors == (name,)
