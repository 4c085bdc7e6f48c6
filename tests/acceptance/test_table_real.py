"""Tables with the real store and the real reader, in the real locked process."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from assistant.config import Settings
from tests.acceptance.test_feedback_real import assistant

pytestmark = pytest.mark.acceptance

LETTER = """Northgate Clinic

Discharge letter

{name} was admitted on {admitted} with chest pain and discharged on {left}.
The patient was treated with {dose} of bisoprolol once daily. {allergy}
A follow-up is planned in the outpatient clinic.
"""
LETTERS = {
    "ada.txt": ("Ada Quill", "3 April 2024", "9 April 2024", "2.5 mg", "No known allergies."),
    "ben.txt": ("Ben Orrin", "1 May 2024", "2 May 2024", "5 mg", "He is allergic to penicillin."),
}
QUESTIONS = """
Patient: Who was admitted with chest pain?
Discharged [date]: When was the patient discharged?
Dose [amount]: What dose of bisoprolol was given?
Law: Which law governs the agreement?
"""


def test_letters_are_read_into_a_table(settings_with_models: Settings, tmp_path: Path) -> None:
    data = settings_with_models.data_dir
    names = ("name", "admitted", "left", "dose", "allergy")
    for name, values in LETTERS.items():
        (tmp_path / name).write_text(LETTER.format(**dict(zip(names, values, strict=True))))
    questions, sheet = tmp_path / "ward.txt", tmp_path / "ward.xlsx"
    questions.write_text(QUESTIONS)
    assistant(data, "add", "--no-passphrase", *(tmp_path / name for name in LETTERS))
    made = assistant(data, "table", questions, tmp_path, "--export", sheet)
    assert made["read"] == 8
    found = [[cell["value"] for cell in row["cells"]] for row in made["table"]["rows"]]
    assert [row[1:] for row in found] == [
        ["2024-04-09", "2.5 mg", ""],
        ["2024-05-02", "5 mg", ""],
    ]
    assert "Ada Quill" in found[0][0]
    quote = made["table"]["rows"][1]["cells"][2]["quotes"][0]
    assert "5 mg of bisoprolol" in quote["text"]
    assert quote["document"] == "ben.txt"
    assert zipfile.ZipFile(sheet).testzip() is None

    changed = LETTER.format(
        name="Ben Orrin", admitted="1 May 2024", left="4 May 2024", dose="7.5 mg", allergy=""
    )
    (tmp_path / "ben.txt").write_text(changed)
    assistant(data, "add", tmp_path / "ben.txt")
    again = assistant(data, "table", questions, tmp_path)
    assert again["read"] == 4  # only the document that changed
    assert again["table"]["rows"][1]["cells"][2]["value"] == "7.5 mg"

    dose = ("table", "mark", "ward", "ada.txt", "Dose")
    assert assistant(data, *dose, "--accept")["cell"]["review"] == "accepted"
    law = ("table", "mark", "ward", "ada.txt", "Law")
    assert assistant(data, *law, "--correct", "outpatient clinic")["cell"]["quotes"][0]["page"] == 1
    given = assistant(data, "feedback", "list")["feedback"]
    assert [entry["verdict"] for entry in given] == ["right", "wrong"]
    assistant(data, "forget", "ada.txt", "--yes")
    rows = assistant(data, "table", "show", "ward")["rows"]
    assert [row["document"] for row in rows] == ["ben.txt"]
    assert assistant(data, "feedback", "list")["feedback"] == []
    actions = {r["action"] for r in assistant(data, "audit", "show")["records"]}
    assert {"table", "table-fill", "table-cells", "table-view", "text-export"} <= actions
    assert assistant(data, "audit", "verify")["verdict"] == "ok"
