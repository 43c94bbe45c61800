"""The meaning of parts of URLs, as data: tracking parameters, file extensions, path segments in many languages.

Words are decoded and in lower case. A word belongs here only if a URL below it never belongs to an article."""

from __future__ import annotations

from crawler.urls.reasons import UrlReason


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Parameters that only tell where a visitor came from. Sources: the vendors' documentation, checked against AdGuard's
# tracking filter (general rules) and miniflux. Ambiguous ones (ref, source, from, id, cid) are not removed.
TRACKING = _words("""
    gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid _ga _gl
    fbclid fb_action_ids fb_action_types fb_source fb_ref fb_comment_id igshid igsh
    msclkid yclid ysclid ymclid _openstat twclid ref_src ref_url __twitter_impression ttclid li_fat_id
    mc_cid mc_eid mc_tc ml_subscriber ml_subscriber_hash ck_subscriber_id mkt_tok _bhlid wickedid rb_clickid sc_cid
    epik dm_i tt_medium tt_content irclickid irgwc cmpid nx_source cx_click cx_recsorder cx_recswidget _clde _cldee
    _hsenc _hsmi __hssc __hstc __hsfp hsctatracking vero_id vero_conv oly_anon_id oly_enc_id _kx _branch_referrer
    xtor usqp __readwiselocation ns_campaign ns_mchannel ns_source ns_linkname ns_fee s_kwcid _branch_match_id
    pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid piwik_campaign piwik_kwd
    guccounter guce_referrer guce_referrer_sig
    traffic_source maca ocid ito smid
    phpsessid jsessionid cfid cftoken
""")  # the last two lines: feeds of Al Jazeera, DW, BBC and MSN, Daily Mail, New York Times; sessions
TRACKING_PREFIXES = (
    "utm_",  # Google Analytics
    "mtm_",  # Matomo
    "hsa_",  # HubSpot's advertisements
    "at_",  # AT Internet (Piano): the BBC's feeds
    "wt_mc",  # Webtrekk (Mapp)
    "wt_zmc",
    "gaa_",  # Google's subscriptions
    "itm_",  # Parse.ly
    "cm_mmc",  # Coremetrics
    "bsft_",  # Blueshift
    "dpg_",  # DPG Media
    "__cf_chl_",  # Cloudflare's challenges
    "aspsessionid",  # Microsoft's ASP
)

# File extensions that never belong to a page.
FILES = _words("""
    pdf doc docx xls xlsx ppt pptx odt ods csv txt rtf epub zip rar 7z gz tar
    jpg jpeg jfif png gif webp avif svg ico bmp tif tiff heic
    mp3 m4a aac ogg oga opus wav wma mp4 m4v webm avi mov mkv flv wmv 3gp m3u8 ts
    apk exe dmg iso css js mjs json xml rss atom rdf ics vcf woff woff2 ttf swf
""")

# Social networks and shops that news pages link to, with all their subdomains.
ELSEWHERE = tuple(
    _words("""
    facebook.com fb.com fb.me twitter.com x.com t.co instagram.com threads.net youtube.com youtu.be tiktok.com
    t.me telegram.me telegram.org whatsapp.com wa.me viber.com linkedin.com pinterest.com reddit.com tumblr.com vk.com
    ok.ru snapchat.com bsky.app soundcloud.com spotify.com addtoany.com addthis.com sharethis.com getpocket.com nabd.com
    play.google.com apps.apple.com itunes.apple.com plus.google.com gravatar.com wordpress.org
""")
)

# A URL below such a segment is a listing of that kind, unless the rest looks like an article.
LISTS = dict.fromkeys(
    _words("""
        tag tags topic topics label labels keyword keywords hashtag hashtags
        وسم وسوم الوسوم كلمات-دلالية برچسب ٹیگ टैग
        etiqueta etiquetas etichetta mot-cle mots-cles schlagwort schlagworte thema themen etiket etiketler
        тег теги tegi
    """),
    UrlReason.TAG,
)
LISTS |= dict.fromkeys(
    _words("""
        author authors writer writers byline profile profiles user users
        كاتب الكاتب كتاب الكتاب مؤلف نویسنده مصنف
        auteur auteurs autor autores autoren autore autori yazar yazarlar автор авторы
    """),
    UrlReason.AUTHOR,
)
LISTS |= dict.fromkeys(
    _words("""
        category categories cat archive archives
        تصنيف تصنيفات قسم أقسام الأقسام ارشيف أرشيف دسته دسته-بندی
        categoria categorias categorie kategorie kategorien kategori rubrique rubrik rubrika категория рубрика
    """),
    UrlReason.CATEGORY,
)

# A site's pages about itself; they count only near the root, since a headline can be one of these words.
SERVICE = _words("""
    login log-in signin sign-in signup sign-up register registration logout account my-account profile cart checkout
    subscribe subscription subscriptions subscriber newsletter newsletters about about-us aboutus
    contact contact-us contactus contacts privacy privacy-policy terms terms-of-use terms-of-service
    terms-and-conditions cookies cookie-policy advertise advertise-with-us advertising careers jobs faq help support
    sitemap site-map team
    our-team donate apps mobile-apps rss-feeds copyright disclaimer
    imprint impressum kontakt datenschutz agb mentions-legales contactez-nous qui-sommes-nous quienes-somos contacto
    aviso-legal politica-de-privacidad chi-siamo contatti hakkimizda iletisim kunye gizlilik-politikasi
    о-нас контакты o-nas kontakty
    من-نحن من-نحن؟ عن-الموقع اتصل-بنا إتصل-بنا تواصل-معنا سياسة-الخصوصية شروط-الاستخدام الشروط-والأحكام
    أعلن-معنا اعلن-معنا وظائف تسجيل-الدخول هيئة-التحرير درباره-ما تماس-با-ما ہمارے-بارے-میں
""")

# Segments of URLs that only programs request.
MACHINES = _words("""
    wp-json wp-admin wp-login.php wp-content wp-includes wp-cron.php xmlrpc.php cdn-cgi graphql oembed _next .well-known
    cgi-bin
""")
SEARCHES = _words("""
    search find suche recherche buscar busqueda cerca arama поиск poisk بحث البحث نتائج-البحث جستجو
""")
FEEDS = _words("feed feeds rss rss2 atom rdf")
# What a URL has below an article's own, or before its number, that shows it for a printer, sends it or lists remarks
PRINTS = _words(
    "print printable printer print-version printer-friendly printarticle drucken druckversion imprimer imprimir طباعة"
)
BESIDE = _words("email e-mail mail send share comments comment kommentare commentaires comentarios تعليقات")
PAGES = _words("page seite pagina página sayfa страница صفحة صفحه p")
# More words that stand beside a page's number, in the path or as a parameter: they say so only with one.
PAGE_WORDS = PAGES | _words(
    "pag pg side sida strona strana stranica oldal sivu сторінка halaman trang ページ 页 페이지"
)
HOMES = _words("index home homepage default main الرئيسية")
# In addition to codes such as ar and en-us.
LANGUAGES = _words("arabic english french turkish persian kurdish russian spanish عربي")

# Parameters that identify one item: ?p=123, news.php?id=123.
ID_PARAMETERS = _words("""
    p id aid nid sid pid cid newsid news_id articleid article_id article storyid story_id story postid post_id contentid
    content_id itemid item_id uid nnid page_id no idxno art_id idn idnews id_article
""")

# Directories that contain articles; they also contain listings, so they only add to a score.
ARTICLE_WORDS = _words("""
    article articles story stories news-story content post posts press-release
    خبر أخبار اخبار الأخبار مقال مقالات تقرير 新闻
    artikel artikkel artikkeli articolo articulo noticia noticias notizie actualite nachricht nachrichten haber haberler
    novosti новости новость
""")

# Parameters that tell the purpose of a URL: on any path, and on the home page only.
QUERIES = {
    "attachment_id": UrlReason.FILE,
    "feed": UrlReason.FEED,
    "rest_route": UrlReason.MACHINE,
    "replytocom": UrlReason.SHARE,
    "share": UrlReason.SHARE,
    "like_comment": UrlReason.SHARE,
    "add-to-cart": UrlReason.SERVICE,
    "print": UrlReason.PRINT,
    "printable": UrlReason.PRINT,
    "print-posts": UrlReason.PRINT,
}
FORMS = _words("view format output outputtype mode layout tmpl action do task")  # parameters that tell a page's form
ROOT_QUERIES: dict[str, UrlReason] = (
    dict.fromkeys(_words("s q query search keyword"), UrlReason.SEARCH)
    | dict.fromkeys(_words("cat tag author author_name category section"), UrlReason.CATEGORY)
    | dict.fromkeys(_words("m year date day"), UrlReason.CALENDAR)
)
PAGE_PARAMETERS = _words("page paged pg pageno pagenumber")
HOME_PARAMETERS = _words("lang language locale hl ref source")
