# ruff: noqa: RUF001, E501 - texts of many scripts
"""Old encodings are told by what they make of the bytes, or not guessed at all."""

from __future__ import annotations

import random

import pytest

from assistant.documents.encoding_evidence import CANDIDATES, guess_encoding
from assistant.documents.parse_errors import ParseFault, document_error
from assistant.documents.text_encoding import decode

TOLD = [
    ('Котёл чистить раз в год, не реже. Клапан проверяет сторож.', 'cp1251 koi8-r cp866 iso8859-5 mac-cyrillic'),
    ('Срок оплаты', 'cp1251 koi8-r cp866 iso8859-5'),
    ('Договір набуває чинності з дня підписання обома сторонами. Її єдиний ґанок.', 'cp1251 koi8-u'),
    ('Договорът влиза в сила от деня на подписването му от двете страни.', 'cp1251'),
    ('Ο λέβητας καθαρίζεται μία φορά τον χρόνο από τον φύλακα.', 'cp1253 iso8859-7'),
    ('Ημερομηνία λήξης', 'cp1253 iso8859-7'),
    ('הדוד מנוקה פעם בשנה על ידי השומר של הבניין.', 'cp1255 iso8859-8'),
    ('يتم تنظيف الغلاية مرة واحدة في السنة من قبل الحارس.', 'cp1256 iso8859-6'),
    ('Kocioł należy czyścić raz w roku. Zawór sprawdza dozorca, gdyż jest źródłem ciepła.', 'cp1250 iso8859-2'),
    ('Umowa najmu kończy się w środę, część źle.', 'cp1250 iso8859-2'),
    ('Kotel se čistí jednou za rok. Příliš žluťoučký kůň úpěl ďábelské ódy.', 'cp1250 iso8859-2'),
    ('A kazánt évente egyszer kell tisztítani, a szelepet az őr ellenőrzi, bűnös tűz.', 'cp1250 iso8859-2'),
    ('Kazan yılda bir kez temizlenir, vanayı bekçi kontrol eder. Işık ve güneş.', 'cp1254 iso8859-9'),
    ('Der Kessel wird jährlich gereinigt. Das Ventil prüft der Wärter täglich; Größe zählt.', 'cp1252 latin-1 mac-roman cp850 cp437'),
    ('Frist für Kündigungen: 3 Monate', 'cp1252 cp850 cp437'),
    ("La chaudière est nettoyée une fois par an. L'écluse à péage coûte 5 € à l'été, où que ce soit.", 'cp1252 iso8859-15 mac-roman'),
    ('Le délai de préavis est de trois mois à compter de la réception.', 'cp1252 mac-roman cp850'),
    ('La caldera se limpia una vez al año. ¿Cuándo? El niño pequeño llegó mañana.', 'cp1252 mac-roman cp850'),
    ('Pannan rengörs en gång om året på hösten, därför är den ännu hel.', 'cp1252 mac-roman cp850'),
    ('ボイラーは年に一度清掃されます。弁は管理人が点検します。', 'shift_jis euc_jp'),
    ('契約期間は一年です。', 'shift_jis euc_jp'),
    ('锅炉每年清洗一次。阀门由管理员检查。', 'gb18030 gbk'),
    ('合同期限为三年。', 'gb18030'),
    ('鍋爐每年清洗一次。閥門由管理員檢查。', 'big5'),
    ('契約期限為三年。', 'big5'),
    ('보일러는 일 년에 한 번 청소합니다. 밸브는 관리인이 점검합니다.', 'euc_kr cp949'),
    ('계약 기간은 삼 년입니다.', 'euc_kr'),
    ('หม้อน้ำทำความสะอาดปีละครั้ง ผู้ดูแลตรวจสอบวาล์ว', 'cp874'),
    ('Cazanul se curăţă o dată pe an. Supapa este verificată de îngrijitor şi paznic.', 'cp1250'),
    ('The “Supplier” shall deliver – without delay – the goods’ papers.', 'cp1252 mac-roman'),
    ('The fee is 30 € per berth.', 'cp1252'),
    ('Clause 3 – payment – is due.', 'cp1252'),
    ('The café’s owner pays.', 'cp1252 mac-roman'),
    ('Да', 'cp1251 cp866'),
    ('Кот', 'cp1251 koi8-r'),
    ('ДОГОВОР АРЕНДЫ № 5', 'cp1251 cp866'),
    ('Иванов И. И., 5 кг', 'cp1251 koi8-r'),
    ('Καλημέρα', 'cp1253'),
    ('חוזה שכירות', 'cp1255 iso8859-8'),
    ('عقد إيجار', 'cp1256 iso8859-6'),
    ('السلام عليكم', 'cp1256'),
    ('Łódź', 'cp1250'),
    ('źródło światła', 'cp1250 iso8859-2'),
    ('Gdańsk – śruba i nakrętka', 'cp1250'),
    ('Děkuji, účet přišel včera', 'cp1250 iso8859-2 cp852'),
    ('Bérleti szerződés, fűtés', 'cp1250 iso8859-2'),
    ('賃貸借契約書', 'shift_jis euc_jp'),
    ('ポンプの圧力は5バールです。', 'shift_jis euc_jp'),
    ('お客様へのお知らせ', 'shift_jis euc_jp'),
    ('水温', 'shift_jis'),
    ('租赁合同', 'gb18030'),
    ('泵的压力为五巴。', 'gb18030'),
    ('请在三月一日前付款，否则合同终止。', 'gb18030'),
    ('租賃合約', 'big5'),
    ('泵的壓力為五巴，請每日檢查。', 'big5'),
    ('임대차 계약서', 'euc_kr'),
    ('펌프 압력은 5바입니다.', 'euc_kr'),
    ('안녕하세요', 'euc_kr'),
    ('Müller', 'cp1252 cp850'),
    ('Für größere Schäden haftet der Mieter; äußere Flächen', 'cp437 cp850 mac-roman'),
    ('Le préavis dû à l’été', 'cp1252 mac-roman'),
    ('mañana', 'cp850'),
    ('El año pasado pagó la señora Núñez.', 'cp437 cp850 mac-roman'),
    ('Kira sözleşmesi yıllık ödenir', 'cp1254 iso8859-9'),
    ('Hyran är två år; får höjas', 'cp437 cp850 mac-roman'),
    ("Їжак і єнот з'їли ґудзик", 'cp1251 koi8-u'),
    ('Наемът се плаща всеки месец', 'cp1251'),
    ('สัญญาเช่า', 'cp874'),
    ('Contractul de închiriere şi plată', 'cp1250'),
    ('Lejeren betaler på første dag; høje årlige æbler', 'cp1252 cp850 mac-roman'),
    ('┌──────┐\n│ Preis │ 5 für alle │\n└──────┘', 'cp437 cp850'),
    ('Leigjandi greiðir á þriðjudögum', 'cp1252'),
    ('A locação não pode ser cedida sem permissão.', 'cp1252 cp850'),
    ('La caldaia è più calda perché è già accesa.', 'cp1252 mac-roman cp850'),
]  # fmt: skip

UNCLEAR = [
    ('Frist für Kündigungen: 3 Monate', 'mac-roman'),
    ('Clause 3 – payment – is due.', 'mac-roman'),
    ('Да', 'koi8-r'),
    ('ΣΥΜΒΑΣΗ ΜΙΣΘΩΣΗΣ', 'cp1253 iso8859-7'),
    ('שלום', 'cp1255'),
    ('Smlouva o nájmu bytu č. 5', 'cp1250 iso8859-2'),
    ('Müller', 'mac-roman'),
    ('forêt', 'cp1252'),
    ('mañana', 'cp1252'),
    ('A locação não pode ser cedida sem permissão.', 'mac-roman'),
]  # fmt: skip


def _pairs(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(text, encoding) for text, encodings in rows for encoding in encodings.split()]


@pytest.mark.parametrize(("text", "encoding"), _pairs(TOLD))
def test_the_text_is_found_and_its_encoding_named(text: str, encoding: str) -> None:
    found = decode(bytearray(text.encode(encoding)))
    assert found.text == text
    (note,) = found.notes
    assert note.code == "encoding"
    assert text.encode(encoding).decode(note.label) == text


@pytest.mark.parametrize(("text", "encoding"), _pairs(UNCLEAR))
def test_what_could_be_two_texts_is_refused_with_their_names(text: str, encoding: str) -> None:
    data = bytearray(text.encode(encoding))
    with pytest.raises(ParseFault) as caught:
        decode(data)
    assert caught.value.code == "encoding_unclear"
    readings = [data.decode(name) for name in caught.value.label.split(" or ")]
    assert text in readings
    assert len(set(readings)) == len(readings) > 1
    error = document_error("a.txt", caught.value, memory_mb=1, seconds=1)
    assert caught.value.label in str(error)
    assert "--encoding" in (error.hint or "")
    assert decode(data, encoding).text == text


def test_the_escapes_of_japanese_mail_are_read() -> None:
    text = "契約期間は一年です。"
    assert decode(bytearray(text.encode("iso2022_jp"))).text == text


@pytest.mark.parametrize("said", ["koi8-r", "cp1252", "mac-roman", "cp437", "latin-1"])
def test_what_a_person_says_is_done(said: str) -> None:
    data = bytearray("Договор аренды".encode("cp1251"))
    found = decode(data, said)
    assert found.text == data.decode(said)
    assert found.notes == ()


@pytest.mark.parametrize("said", ["utf-8", "shift_jis", "cp932", "euc_kr", "ascii"])
def test_what_can_not_be_so_is_refused_though_it_is_said(said: str) -> None:
    with pytest.raises(ParseFault) as caught:
        decode(bytearray("Größe übermäßig; Äußerung für später".encode("cp1252")), said)
    assert (caught.value.code, caught.value.label) == ("encoding_wrong", said)


def test_a_long_text_is_told_by_a_part_and_cut_within_no_character() -> None:
    line = "ボイラーは年に一度清掃されます。弁は管理人が点検します。"
    for pad in range(4):
        text = "x" * pad + line * 4000
        assert decode(bytearray(text.encode("shift_jis"))).text == text


def test_ascii_around_a_few_letters_does_not_hide_them() -> None:
    text = "The tenant pays.\n" * 20_000 + "Herr Müller wohnt in Köln, die Straße ist gesperrt.\n"
    assert decode(bytearray(text.encode("cp1252"))).text == text


def test_random_bytes_are_hardly_ever_text() -> None:
    draw = random.Random(5)
    sizes = [draw.choice([30, 100, 1000]) for _ in range(200)]
    codes = [_fault(bytearray(draw.randrange(256) for _ in range(size))) for size in sizes]
    assert set(codes) <= {"", "not_text", "encoding_unclear"}
    assert codes.count("") <= 2


def _fault(data: bytearray) -> str:
    try:
        decode(data)
    except ParseFault as fault:
        return fault.code
    return ""


def test_every_candidate_is_an_encoding_of_its_own() -> None:
    assert len(set(CANDIDATES)) == len(CANDIDATES)
    assert guess_encoding(b"plain") == []
