"""Stop words per language: articles, pronouns, prepositions, conjunctions, forms of to be and to have. Based on the
lists of Lucene and Snowball, reduced to what occurs in headlines and questions."""

from collections.abc import Mapping

STOP_WORDS: Mapping[str, str] = {
    "ar": """من في على إلى عن مع هذا هذه ذلك تلك هؤلاء الذي التي الذين اللذين اللتين اللواتي ما ماذا لا لم لن هل إن
        أن إذ إذا أو أم ثم بل لكن لكنّ كان كانت كانوا يكون تكون ليس ليست قد لقد كل بعض غير بين عند عندما حين حيث
        منذ حتى بعد قبل خلال ضد دون فوق تحت أمام هو هي هم هن نحن أنا أنت هناك هنا كما أي أيضا فقط به بها بهم له
        لها لهم فيه فيها عليه عليها منه منها إليه إليها عنه عنها وفق لدى أما إما ليت لعل كأن""",
    "cs": """a aby ale ani by byl byla bylo být co do i jak je jeho její jen jsem jsou k kde když který která které
        na nebo ne o od po pod pro při s se si tak také ten to u v ve z za ze že""",
    "da": """af at den der det de du en er et for fra han har havde hun i ikke jeg kan med men når og om på sig som
        til ud var vi vil være""",
    "de": """aber als am an auch auf aus bei bin bis bist da das dass dem den der des die doch du durch ein eine
        einem einen einer eines er es für gegen hat hatte haben ich ihr im in ist ja kann mit nach nicht noch
        nur ob oder sein seine sich sie sind so über um und uns unter vom von vor war waren was wenn wer wie wir
        wird wo zu zum zur""",
    "el": """ο η το οι τα του της των τον την και κι να θα δεν δε μη με σε στο στη στην στον στα από για που πως ως
        είναι ήταν έχει αλλά ή αν μια ένα ένας""",
    "en": """a an and are as at be been but by can did do does for from had has have he her his how i if in into is
        it its me my no not of on or our she so such that the their then there these they this those to was we
        were what when where which who whom why will with would you your""",
    "es": """a al ante como con contra cuando de del desde donde durante e el él ella ellos en entre era es esa ese
        esta este esto está fue ha han hasta hay la las le les lo los más me mi muy no nos o para pero por que
        qué se sin sobre son su sus también te un una unos y ya yo""",
    "fa": """و در به از که این آن را با برای تا بر یا هم نیز است بود شد شده کرد کرده می ها های اند یک هر ما من او
        آنها آنان پس پیش اگر اما ولی چه چون باید خود دو بین""",
    "fi": """ei en et että hän he ja jo jos joka jotka kanssa kuin kun me minä mutta myös ne niin nyt olen oli on
        ovat se sen sinä tai te tämä vain""",
    "fr": """à au aux avec c ce ces cette d dans de des du elle en est et été être eu il ils j je l la le les leur
        leurs lui ma mais me même mes moi mon n ne nos notre nous on ont ou où par pas pour qu que qui s sa sans
        se ses son sont sous sur t ta te tes toi ton tu un une vos votre vous y""",
    "hu": """a az azt be de egy ez ezt és hogy ha is ki kell le legy már meg mely mint nem nincs s sem számára
        szerint van volt""",
    "it": """a ad al alla alle ai anche c che chi ci come con contro d da dal dalla dei del della delle di dove e è
        ed era fra gli ha hanno i il in io l la le lei lo loro lui ma mi nei nel nella noi non o per più quale
        quando quello questa questo se si sono su sua sul sulla suo tra un una uno""",
    "nl": """aan al als bij dat de der deze die dit door een en er haar had heb heeft het hij hoe hun ik in is je kan
        maar me met mijn na naar niet nog of om onder ook op over te tot uit van voor was wat we werd wie wordt
        zal ze zijn zich zo""",
    "no": """av at da de den der det du en er et for fra han har hun i ikke jeg kan med men mot ble når og om på seg
        som til ut var vi vil være""",
    "pl": """a ale bez bo być by był była było co czy dla do gdy i ich jak jako je jego jej jest już lub ma na nad
        nie o od oraz po pod przed przez przy się są ta tak także te tego ten to tym w we z za ze że""",
    "pt": """a ao aos as à às até com como contra da das de dele do dos e é ela ele em entre era essa esse esta este
        está eu foi há isso já mais mas me meu muito na não nas no nos o os ou para pela pelo por qual quando
        que quem se sem seu são sobre sua também te um uma""",
    "ro": """a al ale am ar are au ca că ce cei cel cu cum da de din după e ei el este eu fi fost în între la lor lui
        mai nu o or pe pentru prin sau se și sunt un una""",
    "ru": """а без был была были было быть в вам вас весь во вот все всё вы где да для до его ее её если есть же за и
        из или им их к как ко когда кто ли меня мне мы на над не него нее неё нет ни но ну о об он она они оно
        от по под при с со так также там то того только тот ты у уже чего чем что чтобы эта эти это этот я""",
    "sv": """av att den det de du dem ett en för från han har hade hon i inte jag kan med men mot när och om på sig
        sin som så till under ut vad var vi vid är över""",
    "tr": """ama ancak bir bu çok da daha de değil diye en gibi hem her için ile ise kadar ki mi mı ne nasıl o olan
        olarak oldu sonra şu ve veya ya""",
}
