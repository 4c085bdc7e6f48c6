"""The word before a clause is "yes" or "no" only where the clause says so itself."""

from __future__ import annotations

import pytest

from assistant.answering.yes_no import yes_no_of


@pytest.mark.parametrize(
    ("question", "sentence", "said"),
    [
        ("May the tenant sublet the flat?", "The tenant may sublet the flat.", "yes"),
        ("May the tenant sublet the flat?", "The tenant may not sublet the flat.", "no"),
        ("Can the tenant sublet the flat?", "The tenant must not sublet the flat.", "no"),
        (
            "May the tenant sublet the flat?",
            "The tenant may sublet the flat only with the landlord's consent.",
            "conditional",
        ),
        (
            "Does the clinic share patient data?",
            "The clinic does not share patient data with anybody.",
            "no",
        ),
        (
            "Does the clinic share patient data?",
            "The clinic shares patient data if the patient agrees.",
            "conditional",
        ),
        ("Is the deposit 500 euros?", "The deposit is 500 euros.", "yes"),
        ("Is the deposit 500 euros?", "The deposit is 750 euros.", "no"),
        ("Was the pump tested on 3 May 2024?", "The pump was tested on 2024-05-03.", "yes"),
        ("Is the vaccine approved for children?", "The vaccine is approved for children.", "yes"),
        ("Is the door locked at night?", "The door is unlocked at night.", "no"),
    ],
)
def test_a_clause_that_says_so_gets_the_word(question: str, sentence: str, said: str) -> None:
    assert yes_no_of(question, sentence) == said


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who may sublet the flat?", "The tenant may sublet the flat."),
        ("Was the pump tested on 3 May 2024?", "The pump was tested on 4 May 2024."),
        ("Was the pump tested in 2023?", "The pump was tested in 2024."),
        ("Did the clinic treat 30 patients?", "The clinic treats 40 patients."),
        ("May the tenant sublet the flat?", "The tenant pays the rent of the flat each month."),
        ("Must the tenant paint the flat?", "The tenant may paint the flat."),
        ("Does the tenant paint the flat?", "The tenant may paint the flat."),
        ("Does the clinic share patient data?", "The clinic plans to share patient data."),
        ("Is the deposit more than 500 euros?", "The deposit is 750 euros."),
        ("Is the flat or the garage let?", "The flat is let."),
        (
            "Is the vaccine safe for children?",
            "It is disputed whether the vaccine is safe for children.",
        ),
        ("", ""),
        ("Is?", "Is."),
    ],
)
def test_what_a_clause_does_not_say_is_left_to_the_person(question: str, sentence: str) -> None:
    assert yes_no_of(question, sentence) == ""


def test_what_the_heading_names_need_not_be_said_again() -> None:
    said = yes_no_of(
        "May staff smoke in the workshop?", "Staff may not smoke here.", "Workshop rules"
    )
    assert said == "no"
