"""Pictures as readers see them: which one leads, under which address, with what caption and whose credit."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler import stages
from crawler.extract.draft import Draft
from crawler.extract.html_document import parse
from crawler.extract.images import add
from crawler.extract.images.captions import caption
from crawler.extract.images.dom_images import address_of, article_images, background, key, same
from index.model.article import Image
from tests.support.patience import cpu_within
from tests.support.samples import a_page, a_site

HEADLINE = "بدء موسم حصاد القمح في الريف الشرقي"
LONG = "<p>" + "أعلنت مديرية الزراعة في المحافظة بدء موسم الحصاد هذا العام وسط توقعات بإنتاج أفضل. " * 2 + "</p>"
CAPTION = "مزارعون يحصدون القمح في ريف الحسكة"


@pytest.mark.parametrize(
    ("text", "wanted", "credit"),
    [
        ("A field in spring. Photo: A. Smith/AP", "A field in spring.", "A. Smith/AP"),
        ("A field in spring (Picture: Getty)", "A field in spring", "Getty"),
        ("A field in spring. (AP)", "A field in spring.", "AP"),
        ("A field in spring. (Courtesy of Ann Lee)", "A field in spring.", "Ann Lee"),
        ("A field in spring. Photo by Ann Lee", "A field in spring.", "Ann Lee"),
        ("A field, said Mr. P. Albert", "A field, said Mr. P. Albert", None),
        ("NASA Image: the moon rises over the sea", "NASA Image: the moon rises over the sea", None),
        ("Members of the party (CDU) and Ann Lee (SPD)", "Members of the party (CDU) and Ann Lee (SPD)", None),
        ("Un câmp în mai. Sursa foto: Agerpres", "Un câmp în mai.", "Agerpres"),
        ("Laukas gegužę. Nuotr.: ELTA", "Laukas gegužę.", "ELTA"),
        ("მინდორი მაისში. ფოტო: ინტერპრესნიუსი", "მინდორი მაისში.", "ინტერპრესნიუსი"),
        ("Դաշտը մայիսին։ Լուսանկարը: Արմենպրես", "Դաշտը մայիսին։", "Արմենպրես"),
        ("Ein Feld im Mai. Foto: dpa", "Ein Feld im Mai.", "dpa"),
        ("Ein Feld im Mai (Symbolfoto: picture alliance/dpa | A. Muster)", "Ein Feld im Mai", None),
        ("Ein Feld im Mai. © Montage", "Ein Feld im Mai.", "Montage"),
        ("Un campo. EFE/ J.J. Guillén", "Un campo.", "EFE/ J.J. Guillén"),
        ("Un campo / Ana Gil", "Un campo", "Ana Gil"),
        ("Поле весной. Фото: ТАСС", "Поле весной.", "ТАСС"),
        ("حقل قمح في الريف - تصوير: سمر حداد", "حقل قمح في الريف", "سمر حداد"),
        ("حقل قمح في الريف (رويترز)", "حقل قمح في الريف", "رويترز"),
        ("حقل قمح في الريف. الصورة: سانا", "حقل قمح في الريف.", "سانا"),
        ("حقل قمح في الريف بعدسة: سمر حداد", "حقل قمح في الريف", "سمر حداد"),
        ("مزرعه گندم. عکس: ایسنا", "مزرعه گندم.", "ایسنا"),
        ("שדה חיטה. צילום: רויטרס", "שדה חיטה.", "רויטרס"),
        ("春の畑（Ｃ）共同通信社", "春の畑", "共同通信社"),
        ("春の畑＝ＡＰ", "春の畑", "ＡＰ"),
        ("봄의 밭. 연합뉴스", "봄의 밭.", "연합뉴스"),
        ("봄의 밭. [사진 출처 = 농장]", "봄의 밭.", "농장"),
        ("Cánh đồng. Ảnh: Bệnh viện", "Cánh đồng.", "Bệnh viện"),
        ("Foto: Reuters", None, "Reuters"),
        ("", None, None),
        ("x" * 700, None, None),
    ],
)
def test_captions_are_parted_from_credits(text: str, wanted: str | None, credit: str | None) -> None:
    found = caption(text)
    assert found.text == wanted
    assert credit is None or found.credit == credit


def test_a_credit_in_an_element_of_its_own_is_taken_out_with_its_label() -> None:
    assert caption("حقل قمح تصوير: سمر حداد", "سمر حداد") == ("حقل قمح", "سمر حداد")
    assert caption("A field. Photo by Ann Lee /Postmedia", "Photo by Ann Lee") == ("A field.", "Ann Lee")


def images(body: str, declared: tuple[str, ...] = (), top: str = "") -> tuple[Image, ...]:
    draft = Draft(headline=HEADLINE)
    draft.fill("images", tuple(map(Image, declared)), "og")
    page = f"<body>{top}<article><h1>{HEADLINE}</h1>{body}</article></body>"
    add(draft, parse(page, "https://news.example/a/1"))
    return draft.images


def figure(name: str, text: str = CAPTION, inner: str = "") -> str:
    return f"<figure><img src='/{name}' {inner}><figcaption>{text}</figcaption></figure>"


def test_the_picture_that_opens_the_article_leads_before_one_that_only_networks_get() -> None:
    found = images(figure("opening.jpg") + LONG * 3, declared=("https://news.example/card-for-networks.jpg",))
    assert [i.url.rsplit("/", 1)[1] for i in found] == ["opening.jpg", "card-for-networks.jpg"]
    assert found[0].caption == CAPTION


def test_a_picture_far_down_in_the_text_does_not() -> None:
    found = images(LONG * 9 + figure("below.jpg"), declared=("https://news.example/declared-one.jpg",))
    assert [i.url.rsplit("/", 1)[1] for i in found] == ["declared-one.jpg", "below.jpg"]


def test_of_one_picture_in_two_cuts_the_shown_one_is_kept_with_its_caption() -> None:
    cut, declared = "3f2a77c1-opening-1200x675.jpg", "https://news.example/3f2a77c1-opening_w800_r1.78.jpg"
    assert images(LONG * 9 + figure(cut), (declared,)) == (Image(f"https://news.example/{cut}", CAPTION),)


def test_the_whole_file_is_kept_where_wordpress_shows_a_smaller_one() -> None:
    found = images(figure("wheat-780x470.jpg"), ("https://news.example/wheat.jpg",))
    assert found == (Image("https://news.example/wheat.jpg", CAPTION),)


@pytest.mark.parametrize(
    "box",
    [
        f"<aside>{figure('x.jpg')}</aside>",
        f"<div class='related-posts'>{figure('x.jpg')}</div>",
        f"<a href='/other'>{figure('x.jpg')}<h3>عنوان خبر آخر</h3></a>",
        "<div class='author-box'><img src='/x.jpg'></div>",
        "<img src='/x.jpg' width='60' height='60'>",
        "<img src='/placeholder.png'>",
        "<img src='data:image/gif;base64,AA'>",
    ],
)
def test_pictures_of_boxes_authors_and_placeholders_are_none_of_the_article(box: str) -> None:
    assert images(LONG * 3 + box) == ()


def test_pictures_of_the_sites_own_header_are_none_of_the_article() -> None:
    assert images(LONG, top="<header><figure><img src='/banner.jpg'></figure></header>") == ()


@pytest.mark.parametrize(
    "body",
    [
        f"<div class='photo'><img src='/a.jpg'><p>{CAPTION}</p></div>",
        f"<div><img src='/a.jpg'></div><div class='image-caption'>{CAPTION}</div>",
        f"<div><div class='x'><img src='/a.jpg'></div><div class='y'><p>{CAPTION}</p></div></div>",
        f"<p class='caption'><img src='/a.jpg'><span>{CAPTION}</span></p>",
        f"<div class='k'><figure><img src='/a.jpg'></figure><figcaption>{CAPTION}</figcaption></div>",
    ],
)
def test_captions_are_found_where_no_figure_holds_them(body: str) -> None:
    assert images(body + LONG * 3) == (Image("https://news.example/a.jpg", CAPTION),)


def test_a_preview_beside_the_sources_of_a_picture_is_not_its_size() -> None:
    sources = "<source srcset='/wide.jpg 1600w, /a.jpg 800w'>"
    assert addresses(f"<picture>{sources}<img src='/a-small.jpg' width=100></picture>{{text}}") == ["wide.jpg"]


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ("src='/a.jpg'", "/a.jpg"),
        ("src='data:image/gif;base64,AA' data-src='/a.jpg'", "/a.jpg"),
        ("src='/s.jpg' srcset='/a,b=1.jpg 300w, /a,b=2.jpg 900w,/huge.jpg 4000w'", "/a,b=2.jpg"),
        ("srcset='/one.jpg, /two.jpg 2x, /three.jpg 3x'", "/two.jpg"),
        ("data-srcset='/w.jpg 700w' src='/blank.gif'", "/w.jpg"),
        ("srcset=',, /one.jpg 100w,/two.jpg 1x'", "/one.jpg"),
        ("srcset='/one.jpg 50h 700w, /two.jpg 600w 40h'", "/one.jpg"),
        ("src='javascript:alert(1)'", ""),
        ("src='http://[broken'", ""),
    ],
)
def test_addresses(attributes: str, wanted: str) -> None:
    node = parse(f"<img {attributes}>", "https://n.example/").first("img")
    assert address_of(node, "https://n.example/").removeprefix("https://n.example") == wanted


@pytest.mark.parametrize(
    "srcset", ["2" * 7_990 + " x y", ", " * 4_000, "/a.jpg " + "9" * 7_990 + "w"], ids=["digits", "commas", "width"]
)
def test_no_set_of_sizes_takes_long(srcset: str) -> None:
    node = parse(f"<img srcset='{srcset}'>", "https://n.example/").first("img")
    with cpu_within(0.1):
        address_of(node, "https://n.example/")


def test_cuts_of_one_picture_share_a_key_and_numbered_pictures_do_not() -> None:
    assert key("https://a.example/x/photo-780x470.jpg?w=3") == key("https://a.example/y/photo.webp") == "photo"
    assert same("https://a.example/384x216_cms_5cf0-9603.jpg", "https://a.example/1200x675_cms_5cf0-9603.jpg")
    assert not same("https://a.example/DSC_123401.jpg", "https://a.example/DSC_123402.jpg")


def test_a_page_of_pictures_is_read_in_order_and_no_further_than_sixty() -> None:
    page = f"<article><h1>{HEADLINE}</h1>{''.join(figure(f'n{n}.jpg', f'{CAPTION} {n}') for n in range(90))}</article>"
    found = article_images(parse(page, "https://n.example/"), HEADLINE)
    assert [p.image.url for p in found] == [f"https://n.example/n{n}.jpg" for n in range(60)]


def declared(name: str) -> str:
    return f'<meta property="og:image" content="https://step.example/{name}">'


def addresses(inner: str, head: str = "") -> list[str]:
    said = "the bridge across the river was opened on Monday, and the town came to see it."
    text = "".join(f"<p>{n}: {said}</p>" for n in "abc")
    page = f"<html lang=en><title>The bridge</title>{head}<body><article><h1>The bridge is open</h1>%s</article></body>"
    images = stages.article(a_page(page % inner.format(text=text)), a_site(languages=["en"])).article.images
    return [image.url.rsplit("/", 1)[-1] for image in images]


@pytest.mark.parametrize(
    "cover",
    [
        "assets/default-share.png",
        "logo.png",
        "og-image.jpg",
        "img/fallback.jpg",
        "static/social-card.v2.png",
        "no_image.jpg",
        "images/publication-cover.jpg",
        "content/images/example-facebook-default.jpg",  # with the site's own name
        "uploads/2021/06/facebook-image.jpg",
    ],
)
def test_the_site_s_own_picture_is_none_of_the_article(cover: str) -> None:
    assert addresses("<p><img src=/img/bridge-7.jpg></p>{text}", declared(cover)) == ["bridge-7.jpg"]
    assert addresses("{text}", declared(cover)) == []


@pytest.mark.parametrize(
    "beside",
    [
        "<noscript><div><img src='https://counter.example/watch/960630' style='position:absolute; left:-9999px'></div>"
        "</noscript>",
        "<noscript><img src='https://ads.example/ad/town.news;pos=1;ord=7'></noscript>",
        "<p><img src='https://counter.example/p?c1=2&amp;c2=7'></p>",
        "<p><img src='/icons/twitter_16.jpg'></p>",
        "<a rel=license href='https://licence.example/by/4.0/'><img src='https://licence.example/l/by/88x31.png'></a>",
    ],
)
def test_beacons_buttons_and_badges_are_no_pictures(beside: str) -> None:
    late = "<noscript><img src='/photos/bridge-7'></noscript>"
    assert addresses(f"{{text}}{beside}") == []
    assert addresses(f"{{text}}{beside}{late}") == ["bridge-7"]


@pytest.mark.parametrize("home", ["/", "https://news.example.com", "/#top"])
def test_what_the_page_shows_as_its_logo_is_no_picture_of_the_article(home: str) -> None:
    logo = f"<header><a href='{home}'><img src='/theme/harbour-post.svg'></a></header>"
    said = "<meta property='og:image' content='https://news.example.com/theme/harbour-post.svg'>"
    shown = "<figure><img src='/uploads/wheat.jpg' width=800 height=450></figure>"
    page = f"{said}{logo}<h1>{HEADLINE}</h1>%s{LONG * 4}"
    assert [one.url for one in stages.article(a_page(page % ""), a_site()).article.images] == []
    found = stages.article(a_page(page % shown), a_site()).article.images
    assert [one.url for one in found] == ["https://news.example.com/uploads/wheat.jpg"]


def test_a_declared_picture_that_leads_to_an_article_is_none_of_the_sites() -> None:
    teaser = "<nav><a href='/2024/harvest'><img src='/uploads/wheat.jpg'></a></nav>"
    said = "<meta property='og:image' content='https://news.example.com/uploads/wheat.jpg'>"
    images = stages.article(a_page(f"{said}{teaser}<h1>{HEADLINE}</h1>{LONG * 4}"), a_site()).article.images
    assert [one.url for one in images] == ["https://news.example.com/uploads/wheat.jpg"]


@pytest.mark.parametrize(
    "cover", ["img/bridge-logo-debate.jpg", "img/defaulters.jpg", "img/4711.jpg", "img/twitter.jpg", "img/example.jpg"]
)
def test_a_picture_that_is_only_named_alike_stays_first(cover: str) -> None:
    assert addresses("{text}<p><img src=/img/bridge-7.jpg></p>", declared(cover))[0] == cover.rsplit("/", 1)[-1]


def test_two_scales_of_a_picture_that_its_folder_names_are_one() -> None:
    one, two = (f"@@images/image-{width}-{digit * 32}.png" for width, digit in ((1200, "a"), (800, "b")))
    shown = "".join(f"<p><img src='/news/{name}/{two}' alt='' width=800></p>" for name in ("bridge", "ferry"))
    found = addresses(
        f"{shown}{{text}}", f"<meta property='og:image' content='https://step.example/news/bridge/{one}'>"
    )
    assert found == [two.rpartition("/")[2]]


@pytest.mark.parametrize("name", ["gallery", "wp-block-gallery", "photo-slideshow", "galerie"])
def test_all_images_of_a_gallery_are_kept(name: str) -> None:
    inner = "".join(f"<div><img src=/img/view-{n}a.jpg></div>" for n in range(3))
    found = addresses(f"{{text}}<div class='{name}'>{inner}</div>", declared("img/4711.jpg"))
    assert found == ["4711.jpg", "view-0a.jpg", "view-1a.jpg", "view-2a.jpg"]


@pytest.mark.parametrize(
    "src",
    [
        "https://cdn.example/a/../b.jpg",
        "https://CDN.example/b.jpg?w=1;h=2&x=[1]",
        "http://cdn.example/b.jpg?",
        "https://cdn.example/b.jpg#top",
        "https://cdn.example:8080/صورة.jpg",
        "HTTPS://cdn.example/b.jpg",
        "//cdn.example/b.jpg",
        "/b.jpg;v=1?x#y",
    ],
)
def test_an_address_is_what_a_browser_makes_of_it(src: str) -> None:
    node = LexborHTMLParser(f"<img src='{src}'>").css_first("img")
    base = "https://news.example/2024/05/story"
    assert address_of(node, base) == urljoin(base, src)


def test_pictures_are_resolved_as_browsers_do_by_the_pages_base() -> None:
    html = f"<base href='/files/'><h1>{HEADLINE}</h1><figure><img src='wheat.jpg' width=800></figure>{LONG * 4}"
    images = stages.article(a_page(html), a_site()).article.images
    assert [image.url.partition("//")[2].partition("/")[2] for image in images] == ["files/wheat.jpg"]


@pytest.mark.parametrize(
    ("declared", "is_the_sites"),
    [
        ("https://news.example/assets/cover.jpg", True),
        ("https://news.example/wp-content/themes/x/img/header.png", True),
        ("https://news.example/og-default.png", True),
        ("https://news.example/2018/06/cover.jpg", False),
        ("https://news.example/posts/harvest/cover.jpg", False),
        ("https://news.example/static/harvest.jpg", False),
    ],
)
def test_a_general_picture_in_a_shared_folder_is_the_sites(declared: str, is_the_sites: bool) -> None:
    shown = "<div class='thumb'><img src='/uploads/wheat.jpg' width=800 height=450></div>"
    html = f"<meta property='og:image' content='{declared}'><h1>{HEADLINE}</h1>{shown}{LONG * 4}"
    found = stages.article(a_page(html), a_site()).article.images[0].url
    assert found == ("https://news.example.com/uploads/wheat.jpg" if is_the_sites else declared)


def test_the_picture_before_a_video_is_that_of_the_article() -> None:
    video = "<figure><video poster='/wheat.jpg' src='/v.mp4'></video><figcaption>Wheat in June.</figcaption></figure>"
    [one] = article_images(parse(f"<h1>Grain is in</h1>{video}", "https://news.example/1"), "Grain is in")
    assert (one.image.url, one.image.caption) == ("https://news.example/wheat.jpg", "Wheat in June.")


def test_a_background_that_a_script_sets_is_one_as_well() -> None:
    page = parse("<h1>Grain is in</h1><div class='img' data-bg='/wheat.jpg'></div>", "https://news.example/1")
    assert background(page) == "https://news.example/wheat.jpg"


def test_a_background_beside_the_headline_is_the_picture_of_a_page_without_another() -> None:
    hero = "<div class='hero-image' style=\"background-image: url('/uploads/wheat.jpg')\"></div>"
    html = f"<title>{HEADLINE}</title>{{}}<article><h1>{HEADLINE}</h1>{hero}{LONG * 4}</article>"
    assert stages.article(a_page(html.format("")), a_site()).article.images[0].url.endswith("/uploads/wheat.jpg")
    other = "<meta property='og:image' content='https://news.example.com/own.jpg'>"
    assert [i.url for i in stages.article(a_page(html.format(other)), a_site()).article.images] == [
        "https://news.example.com/own.jpg"
    ]
    beside = html.replace("hero-image", "related-cover").format("")
    assert stages.article(a_page(beside), a_site()).article.images == ()


@pytest.mark.parametrize(
    "head",
    [
        "<meta property='og:image:secure_url' content='https://cdn.example/field.jpg'>",
        "<link rel=image_src href='https://cdn.example/field.jpg'>",
        '<script type="application/ld+json">{"@type": "NewsArticle", "thumbnailUrl": "https://cdn.example/field.jpg"}</script>',
    ],
    ids=["secure_url", "image_src", "thumbnailUrl"],
)
def test_further_places_where_a_picture_is_declared(head: str) -> None:
    page = a_page(f"<title>{HEADLINE}</title>{head}<article><h1>{HEADLINE}</h1>{LONG * 3}</article>")
    assert [image.url for image in stages.article(page, a_site()).article.images] == ["https://cdn.example/field.jpg"]
