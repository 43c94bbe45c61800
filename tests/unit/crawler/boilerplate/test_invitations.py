"""Lines by which an outlet invites its readers: known by what they say, in whatever words."""

from __future__ import annotations

import pytest

from crawler.boilerplate import invitations
from tests.unit.crawler.boilerplate.test_phrases import PROSE

LINES = {
    "en": "Join our WhatsApp channel to get the day's news first",
    "en, a condition": "If you value our reporting, please consider becoming a supporter.",
    "en, in capitals": "FOLLOW US ON FACEBOOK",
    "en, a question": "Do you know more? Email our newsdesk.",
    "ar": "تابعوا آخر أخبارنا عبر قناتنا على واتساب",
    "ar, what for": "للمزيد من الأخبار اضغط هنا واشترك في قناتنا على تلغرام",
    "fa": "برای خبرهای فوری در کانال ما عضو شوید.",
    "he": "רוצים עדכונים? הצטרפו לקבוצת הוואטסאפ שלנו",
    "he, what for": "לכל העדכונים הצטרפו לערוץ הטלגרם שלנו",
    "de, what for": "Für mehr aktuelle Nachrichten folgen Sie uns auf Facebook",
    "es, what for": "Para no perderte ninguna noticia, síguenos en Instagram",
    "ur": "تازہ خبروں کے لیے ہمارا واٹس ایپ چینل جوائن کریں",
    "hi": "हमारे व्हाट्सएप चैनल से जुड़ें",
    "tr": "Son haberler için Telegram kanalımıza katılın",
    "ru": "Больше новостей — в нашем канале в «Дзене»",
    "uk": "Приєднуйтесь до нашого каналу у Viber",
    "de": "Nichts verpassen: Jetzt unseren Newsletter abonnieren!",
    "fr": "Recevez chaque soir notre infolettre",
    "es": "Si te interesa, suscríbete a nuestro boletín",
    "pt": "Siga o nosso canal no WhatsApp",
    "it": "Se ti è piaciuto, iscriviti alla nostra newsletter",
    "el": "Εγγραφείτε στο κανάλι μας στο Viber",
    "zh": "扫描二维码关注我们",
    "ja": "公式Xをフォローする",
    "ko": "카카오톡 채널 추가하고 소식을 받아보세요",
    "hu": "Kövess minket a Facebookon is!",
    "hr": "Pratite nas na Facebooku i Instagramu",
    "sr": "Пратите нас на Фејсбуку и Вајберу",
    "sl": "Spremljajte nas na Facebooku",
    "lt": "Sekite mus „Facebook“",
    "lv": "Seko mums Facebook",
    "et": "Jälgi meid Facebookis",
    "sq": "Na ndiqni në Facebook",
    "sw": "Tufuate kwenye Facebook",
    "az": "Bizi Facebook'da izləyin",
    "ca": "Segueix-nos a Instagram",
    "sk": "Sledujte nás na Facebooku a Instagrame",
    "mk": "Следете нѐ на Фејсбук",
    "be": "Падпісвайцеся на наш канал у Telegram",
    "kk": "Біздің Telegram арнамызға жазылыңыз",
    "ky": "Биздин Telegram каналга жазылыңыз",
    "uz": "Bizni Telegram kanalimizda kuzatib boring",
    "ka": "გამოგვყევით ფეისბუქზე",
    "hy": "Բաժանորդագրվեք մեր Telegram ալիքին",
    "ms": "Ikuti kami di Facebook dan sertai saluran WhatsApp kami",
    "tl": "I-follow kami sa Facebook",
    "af": "Teken in op ons nuusbrief",
    "gl": "Subscríbete ao noso boletín",
    "eu": "Harpidetu gure buletinera",
    "ta": "எங்கள் வாட்ஸ்அப் சேனலில் இணையுங்கள்",
    "te": "మా వాట్సాప్ ఛానెల్‌లో జాయిన్ అవ్వండి",
    "ml": "ഞങ്ങളുടെ വാട്സാപ്പ് ചാനൽ ഫോളോ ചെയ്യൂ",
    "kn": "ನಮ್ಮ ವಾಟ್ಸಾಪ್ ಚಾನೆಲ್ ಫಾಲೋ ಮಾಡಿ",
    "mr": "ताज्या बातम्यांसाठी आमच्या टेलिग्राम चॅनेलला जॉइन करा",
    "gu": "અમારી વોટ્સએપ ચેનલ ફોલો કરો",
    "pa": "ਸਾਡੇ ਵਟਸਐਪ ਚੈਨਲ ਨਾਲ ਜੁੜੋ",
    "ne": "हाम्रो युट्युब च्यानल सब्स्क्राइब गर्नुहोस्",
    "si": "අපගේ යූටියුබ් නාලිකාව සමඟ එක්වන්න",
    "ps": "زموږ ټلګرام چینل وڅارئ",
    "en, a gift": "Independent reporting costs money. Support us with a donation of five euros.",
    "ar, a gift": "ادعم الصحافة المستقلة وتبرع لنا الآن",
    "de, a gift": "Unterstützen Sie uns mit einer Spende",
    "fr, a gift": "Soutenez notre journalisme : faites un don",
    "es, a gift": "Apóyanos con una donación",
    "it, a gift": "Sostieni il nostro giornalismo con una donazione",
    "ru, a gift": "Поддержите нашу редакцию донатом",
    "tr, a gift": "Gazeteciliğimize bağış ile bize destek olun",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_an_invitation_is_none_of_the_text(line: str) -> None:
    kept, removed = invitations.drop([*PROSE, line])
    assert kept == list(PROSE)
    assert [one.text for one in removed] == [line]
    assert invitations.drop([*PROSE, line], keep=[line])[0] == [*PROSE, line]


STAYS = {
    "ar": "تابع أولادنا القناة الثانية طوال الليل.",
    "ar, went on": "وتابع أن حسابنا على تويتر تعرض للاختراق.",
    "ar, went on with a colon": "وتابع: صفحتنا الرسمية على فيسبوك هي المصدر الوحيد للبيانات.",
    "ar, a call": "وجّه الدعوة للانضمام إلى مجموعتنا على فيسبوك، بحسب الشرطة.",
    "en": "Our children follow Instagram all day, and we let them.",
    "hr": "Pratite promet na Facebooku, rekli su iz tvrtke.",
    "hr, who follows": "Tko nas prati na Facebooku, upitao je ministar.",
    "hu": "Kövess engem, mondta a rendőr a Facebookon közzétett videón.",
    "lt": "Mūsų kanalą prižiūri tie, kurie žvejoja.",
    "en, a channel": "We asked our neighbours to join the channel swimmers on the beach.",
    "en, a quotation": "He said: “Follow us on Facebook and subscribe to our newsletter before noon.”",
    "en, the country": "Support for the strikes fell sharply in the US after a video spread on TikTok.",
    "en, lost": "Contact with our channel was lost, the pilot said.",
    "en, a banner": "Support our troops, the banner on Facebook read.",
    "en, a rise": "Subscribers told us that the app had failed.",
    "sk": "Naši rybári sledujte čln na Facebooku nečítali, povedala polícia.",
    "kk": "Біздің Telegram арнамыз бұғатталды, деді министр.",
    "uz": "Bizning Telegram kanalimiz yopildi, dedi vazir.",
    "ta": "எங்கள் பேஸ்புக் பக்கம் முடக்கப்பட்டது என்று அமைச்சர் கூறினார்.",
    "mr": "आमच्या फेसबुक पेजवर हल्ला झाला, असे पोलिसांनी सांगितले.",
    "ne": "हाम्रो फेसबुक पेज ह्याक भएको प्रहरीले बतायो।",
    "ru": "На нашем канале, построенном в 1890 году, снова ходят баржи.",
    "es": "Seguimos nuestra canoa por el canal hasta la noche.",
    "de": "Tausende wollen unseren Kanal abonnieren, sagte er.",
    "he": "כתבו בטלגרם שלנו דברים קשים, אמר השר.",
    "zh": "我们在二维码前等了一个小时。",
    "zh, a company": "公司官方微博称，正在关注此事。",
    "zh, we": "我们正在关注微博上的言论。",
    "ja": "公式アプリの登録者は100万人を超えた。",
    "ja, who registers": "公式アプリに登録する人が増えている。",
    "ko": "공식 앱 가입자는 100만 명을 넘었다.",
    "ko, a channel": "그 유튜브 채널 구독자는 지난해 두 배로 늘었다.",
}


@pytest.mark.parametrize("line", STAYS.values(), ids=STAYS)
def test_a_sentence_with_the_same_words_stays(line: str) -> None:
    assert invitations.drop([*PROSE, line])[0] == [*PROSE, line]


def test_a_long_line_is_an_invitation_only_at_the_end() -> None:
    line = (
        "If you have enjoyed this story, subscribe to our newsletter, in which we tell every Friday morning what moved"
        " the islands in the week before, and what will."
    )
    assert invitations.drop([*PROSE, line])[0] == list(PROSE)
    assert invitations.drop([line, *PROSE, *PROSE])[0] == [line, *PROSE, *PROSE]
