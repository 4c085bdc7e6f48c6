"""How often languages use their letters: what tells one old encoding from another.

For Latin scripts: the letters beyond a to z with their frequency in running text (per mille),
and a few of the commonest words. For other alphabets: the letters from the commonest to the
rarest. For Chinese, Japanese and Korean: the commonest characters. Letter counts as they are
published for corpora of newspapers (rounded; only their order of magnitude matters here).
"""

from __future__ import annotations

LATIN: dict[str, tuple[str, str]] = {
    "English": ("é.1 è.02 ï.02 ê.01 ñ.01 ö.01 ü.01 ç.01",
                "the of and to in is that for it be by with as on"),
    "German": ("ä5.6 ö3 ü6.5 ß3 é.1 ẞ.01",
               "der die und das ist den nicht von mit ein eine zu im auf"),
    "French": ("é19 à4.9 è2.7 ê2.3 ç.9 â.5 ù.6 î.5 û.6 ô.3 œ.2 ë.1 ï.1 ü.01 æ.01 ÿ.01",
               "le la les de des et est une un que dans pour du par sur au qui"),
    "Spanish": ("á5 é4.3 í7.3 ó8.3 ú1.7 ñ3.1 ü.1 ¿1 ¡.3 ª.05 º.2",
                "el la los de que y en un una por con para las del se al"),
    "Portuguese": ("ã7 á5 é4 ç5 ê3 õ3 í3 ó3 ú2 â1.5 à1 ô.8 ü.05 ª.1 º.2",
                   "o a os de que e em um uma para com da do por as"),
    "Italian": ("à6 è4 é.5 ì.6 ò2 ù1.7 î.01", "il la di che e un una per con del della le si in"),
    "Dutch": ("é.6 ë.8 ï.3 ó.1 è.1 ö.1 ü.05 ê.05", "de het een van en dat in is op te voor met"),
    "Swedish": ("ä18 å13 ö13 é.3", "och att det som en ett den av med är för på inte till"),
    "Danish": ("å12 ø8 æ9 é.3", "og at det som en et den af med til er for på i ikke"),
    "Norwegian": ("å15 ø9 æ2 é.3 ò.05", "og at det som en et den av med til er for på i ikke"),
    "Finnish": ("ä36 ö4 å.1 š.05 ž.03", "ja on ei se että oli hän mutta"),
    "Icelandic": ("á18 é6 í16 ó10 ú6 ý2 þ15 ð44 æ9 ö8", "og að er í á um það sem til"),
    "Catalan": ("à6 è3 é5 í4 ï.5 ò2 ó4 ú2 ü.4 ç2 ·.8", "el la de que i en un una per amb els"),
    "Polish": ("ą10 ć4 ę11 ł18 ń2 ó9 ś7 ź.8 ż8", "w z na do nie i jest od po za się o lub przez"),
    "Czech": ("á22 č9 ď.3 é13 ě16 í33 ň.2 ó.4 ř12 š8 ť.5 ú1 ů7 ý10 ž10",
              "a se v na je z do o jsou s k pro za od že"),
    "Slovak": ("á19 ä.5 č10 ď2 é8 í10 ľ3 ĺ.2 ň2 ó1.5 ô2 ŕ.1 š9 ť7 ú9 ý10 ž9",
               "a sa v na je z do o s k pre za od že"),
    "Hungarian": ("á34 é39 í6 ó10 ö8 ő9 ú2 ü6 ű3", "a az és egy nem van hogy is ki meg"),
    "Romanian": ("ă28 â8 î12 ș9 ț9 ş9 ţ9", "de la si cu in un o pe din este nu sa care prin"),
    "Croatian": ("č10 ć7 đ3 š10 ž6", "je i u na se da za od su s o ne kao po"),
    "Turkish": ("ç10 ğ11 \u013151 İ2 ö8 ş16 ü18 â.2 î.05", "ve bir bu da de ile için olan"),
    "Lithuanian": ("ą3 č4 ę2 ė16 į6 š12 ų13 ū5 ž8", "ir yra kad su iš į ne tai"),
    "Latvian": ("ā38 č2 ē17 ģ2 ī18 ķ1 ļ4 ņ5 š9 ū6 ž3", "un ir uz ar no par kas tas"),
    "Estonian": ("ä9 ö3 õ10 ü7 š.2 ž.1", "ja on ei see et kui oma mis"),
}  # fmt: skip

ALPHABETS: dict[str, str] = {
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оанивітерслкдумпязьбгчхйжцюшєїфщґ",
    "Bulgarian": "аоиетнрсвлдкпмзъгуячбщжйхцфшюь",
    "Serbian": "аоиенртсјвкудпмлзбгњшчцхљжћђфџ",
    "Macedonian": "аоеитнрвсдкпумлзгбјчшцжхќфљњѓџѕ",
    "Greek": "αοιετσνηυρπκμλςίόάγέδήωχθύφβώξζψϊϋΐΰ",
    "Hebrew": "יוהלארבתשמנעדקחפסטגצזכםןךףץ",
    "Arabic": "اليمنوترةبهعدكسفقحجشصطخضذثغظىأإءئؤآ\u0640",
    "Persian": "ایرندمهتوسبزشکلگخقفعپحجچصطغضظذثژآئ",
    "Thai": (
        "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซศณภธถฐษฝฟฎฏญฮฬฑฌฆฒฤฯๆ"
        "\u0e48\u0e49\u0e34\u0e35\u0e31\u0e37\u0e38\u0e39\u0e4c\u0e47\u0e33"
    ),
}

CHARACTERS: dict[str, str] = {
    "Japanese": (
        "のにるたをはしとでてがなれいらもすりこだまさきめくあけどうよせえやわそちみつ"
        "ろょってゃじばずげごぶびべぎンスルトイラリクアーッレドシロジフタテマプコムメ年日月人一"
        "大本中出会者国事分時間行見約契条第同合対場方法度定期理料金"
    ),
    "Chinese": (
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
        "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本"
        "前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最"
        "重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任"
        "常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少"
        "报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基"
        "眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉"
        "同限约租付款费责"
    ),
    "Chinese (traditional)": (
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過"
        "發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本"
        "前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最"
        "重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任"
        "期約契限租付款費責"
    ),
    "Korean": (
        "이다는의에을를가은하고지한로도사기자리어시대나인서정수해아일부라과그보제으있소전마장스주들원여상"
        "게구우유면안성니동조적오무만연공치신비것선미까거문물개세계드국모호내야러중와방관설간금약용임경"
    ),
}
