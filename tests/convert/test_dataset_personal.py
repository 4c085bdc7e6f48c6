"""Personal identifiers: found by pattern and check digit, never shown in full."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from assistant.prompts import build_messages
from convert.dataset.dataset_step import make_dataset, run_dataset
from convert.dataset.personal_data import find_personal, hint_of, masked
from convert.dataset.settings import DatasetSettings, SourceSettings
from tests.convert.dataset_data import chat, write_rows

FOUND = [
    ("Write to jane.doe+x@mail.example.co.uk today", "e-mail", "jane.doe+x@mail.example.co.uk"),
    ("to DE89 3704 0044 0532 0130 00.", "iban", "DE89 3704 0044 0532 0130 00"),
    ("IBAN GB82WEST12345698765432 now", "iban", "GB82WEST12345698765432"),
    ("IBAN NO9386011117947", "iban", "NO9386011117947"),
    ("card 4111 1111 1111 1111,", "card", "4111 1111 1111 1111"),
    ("Amex 378282246310005 ok", "card", "378282246310005"),
    ("SSN 123-45-6789", "ssn", "123-45-6789"),
    ("NI number AB 12 34 56 C", "national id (UK)", "AB 12 34 56 C"),
    ("her NHS number is 943 476 5919", "NHS number", "943 476 5919"),
    ("NIR 2 55 08 14 168 025 38", "national id (FR)", "2 55 08 14 168 025 38"),
    ("DNI 12345678Z", "national id (ES)", "12345678Z"),
    ("Steuer-ID: 86095742719", "national id (DE)", "86095742719"),
    ("CF RSSMRA85T10A562S", "national id (IT)", "RSSMRA85T10A562S"),
    ("MRN: 00482-A7", "record number", "00482-A7"),
    ("passport no. C01X00T47", "record number", "C01X00T47"),
    ("born on 3 May 1981 in", "date of birth", "3 May 1981"),
    ("Date of birth: 1981-05-03", "date of birth", "1981-05-03"),
    ("DOB 05/03/1981", "date of birth", "05/03/1981"),
    ("call +49 30 901820 now", "phone", "+49 30 901820"),
    ("(212) 555-0123", "phone", "(212) 555-0123"),
    ("Tel. 030 / 901 820", "phone", "030 / 901 820"),
    ("from 192.168.17.4 at", "ip address", "192.168.17.4"),
    ("the server 10.0.0.5 is", "ip address", "10.0.0.5"),
    ("host 2001:db8::8a2e:370:7334 up", "ip address", "2001:db8::8a2e:370:7334"),
    ("seen by Dr. Jane van Houten yesterday", "name", "Jane van Houten"),
    ("Patient: Erika Mustermann, 44", "name", "Erika Mustermann"),
]
NOT_FOUND = [
    "DE89 3704 0044 0532 0130 01 has a wrong check digit",
    "4111 1111 1111 1112 fails Luhn, 1234567890123 is no issuer's",
    "0000 0000 0000 0000",
    "000-12-3456 and 666-12-3456 and 900-12-3456 were never given",
    "GB 12 34 56 C", "DNI 12345678A", "Steuer-ID: 86095742718", "NHS number 943 476 5918",
    "version 1.2.3.4.5 and 999.1.1.1 and 127.0.0.1",
    "see clause 5.1.2.1 and 10.1.1.3 below",
    "in 1914-1918 there were 65,000,000 men and 12:34:56 hours",
    "The doctor said that the patient's name is kept. ISBN 978-3-16-148410-0.",
    "He was born in May and paid 1981 euros; see section 12.3.4.",
    "user@localhost, @handle, a@b",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_identifiers_are_found_whole(text: str, kind: str, value: str) -> None:
    assert [(f.kind, text[f.start : f.end]) for f in find_personal(text)] == [(kind, value)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert [text[f.start : f.end] for f in find_personal(text)] == []


def test_patterns_are_linear_in_hostile_text() -> None:
    hostile = ("a." * 20_000 + "@", "1 " * 40_000, "A1" * 40_000, "Tel " + "( " * 40_000,
               "1:" * 40_000, "Dr. " + "Aa " * 20_000, "+1 " + "2-" * 40_000)  # fmt: skip
    for text in hostile:
        began = time.process_time()
        find_personal(text)
        assert time.process_time() - began < 3.0, text[:10]


def test_masking_and_hints() -> None:
    text = "Ask Mr. Smith (smith@example.com)."
    assert masked(text, find_personal(text)) == "Ask Mr. [NAME] ([E-MAIL])."
    assert hint_of("smith@example.com") == "s\u2026m (17 characters)"
    assert hint_of("abc") == "\u2026"


def rows(tmp_path: Path) -> Path:
    context = "Dr. Jane Smith (jane@example.com) leads ward 7. Visits end at eight."
    questions = [("Who leads ward 7?", "Jane Smith"), ("When do visits end?", "eight"),
                 ("What is her address?", "jane@example.com")]  # fmt: skip
    qa = [
        {"question": q, "answer": a, "context": context, "document": "ward"} for q, a in questions
    ]
    return write_rows(tmp_path / "rows.jsonl", [*qa, chat("Which card?", "4111 1111 1111 1111")])


def test_a_report_counts_places_and_hides_values(tmp_path: Path) -> None:
    settings = DatasetSettings((SourceSettings(rows(tmp_path)),), validation_ratio=0.0)
    manifest = run_dataset(settings, tmp_path / "out")
    personal = manifest["report"]["personal"]
    assert {k: v["distinct_values"] for k, v in personal.items()} == {
        "e-mail": 1, "name": 1, "card": 1,
    }  # fmt: skip
    assert personal["e-mail"]["samples"] == 3
    assert "ward" in personal["e-mail"]["places"][0]
    written = json.dumps(manifest["report"]) + (tmp_path / "out" / "dataset.json").read_text()
    for value in ("jane@example.com", "Jane Smith", "4111 1111"):
        assert value not in written


def test_masking_keeps_quotes_true_or_drops_them(tmp_path: Path) -> None:
    settings = DatasetSettings(
        (SourceSettings(rows(tmp_path)),), validation_ratio=0.0, personal="mask"
    )
    manifest, splits = make_dataset(settings)
    texts = [m.content for s in splits["train"] for m in s.messages]
    for value in ("jane@", "Smith", "4111"):
        assert not any(value in text for text in texts)
    by_question = {s.question: s for s in splits["train"]}
    assert by_question["When do visits end?"].completion == '"eight"'
    assert by_question["What is her address?"].completion == '"[E-MAIL]"'
    # "Jane Smith" alone is no name to the patterns, so its quote can't be masked alike.
    assert "Who leads ward 7?" not in by_question
    assert manifest["report"]["dropped"] == {"quote broken by masking": 1}
    assert build_messages("x", ())[0] == by_question["When do visits end?"].messages[0]


def test_dropping(tmp_path: Path) -> None:
    settings = DatasetSettings(
        (SourceSettings(write_rows(tmp_path / "a.jsonl", [chat("Card?", "378282246310005"),
                                                          chat("Fine?", "Yes.")])),),
        validation_ratio=0.0, personal="drop",
    )  # fmt: skip
    manifest, splits = make_dataset(settings)
    assert [s.question for s in splits["train"]] == ["Fine?"]
    assert manifest["report"]["dropped"] == {"personal identifier": 1}
