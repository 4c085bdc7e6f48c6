"""The built-in questions by which `assistant models tune-in` judges a chat model.

Three small sets of passages, fictional and our own, so that no model knows their answers. Each
set has two questions with an answer, one for yes or no, and one that it does not answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.prompts import PromptPassage, is_refusal
from assistant.text.search_form import folded


@dataclass(frozen=True, slots=True)
class SuiteQuestion:
    """A question about a set: `answers` are accepted words, one of them for each alternative.

    `passage` is the number (from 1) of the passage that answers, 0 if none does; `verdict` "yes"
    or "no" where the answer begins so.
    """

    text: str
    answers: tuple[str, ...] = ()
    passage: int = 0
    verdict: str = ""

    def is_answered(self, said: str) -> bool:
        """Tell whether a text gives the answer: one of the accepted words, or the verdict."""
        if is_refusal(said):
            return False
        words = folded(" ".join(said.split()))
        verdict = self.verdict and words.lstrip("\"'*-( ").startswith(self.verdict)
        return bool(verdict) or any(folded(answer) in words for answer in self.answers)

    def is_cited(self, said: str) -> bool:
        """Tell whether a text names the right passage, and no other before it."""
        named = re.search(r"\[(\d{1,2})\]", said)
        return named is not None and int(named[1]) == self.passage


@dataclass(frozen=True, slots=True)
class SuiteSet:
    """Passages, and what is asked about them."""

    passages: tuple[PromptPassage, ...]
    questions: tuple[SuiteQuestion, ...]


SUITE = (
    SuiteSet(
        (
            PromptPassage(
                "pump-manual.pdf",
                4,
                "The oil of the VX-20 pump is changed every 900 hours of operation. Its filter is "
                "rinsed with clear water once a week and must not be washed with solvents.",
            ),
            PromptPassage(
                "pump-manual.pdf",
                9,
                "The lever of the inlet valve is painted orange. The pump may run dry for at most "
                "40 seconds; after that the seal is damaged.",
            ),
        ),
        (
            SuiteQuestion("After how many hours is the oil of the pump changed?", ("900",), 1),
            SuiteQuestion("What colour is the lever of the inlet valve?", ("orange",), 2),
            SuiteQuestion(
                "May the filter be washed with solvents?",
                ("must not", "may not", "should not", "not be washed"),
                1,
                "no",
            ),
            SuiteQuestion("How much does the pump weigh?"),
        ),
    ),
    SuiteSet(
        (
            PromptPassage(
                "lease.docx",
                1,
                "This lease is made between Ostrava Mills, the owner, and Pell & Sons, the tenant. "
                "The rent of 2,350 crowns is due on the fifth day of each month.",
            ),
            PromptPassage(
                "lease.docx",
                3,
                "Either party may end the lease with four months' notice in writing. The tenant "
                "may keep animals if the neighbours agree.",
            ),
        ),
        (
            SuiteQuestion("Who is the tenant?", ("Pell",), 1),
            SuiteQuestion("How long is the period of notice?", ("four months", "4 months"), 2),
            SuiteQuestion("May the tenant keep animals if the neighbours agree?", (), 2, "yes"),
            SuiteQuestion("Which bank holds the deposit?"),
        ),
    ),
    SuiteSet(
        (
            PromptPassage(
                "ward-notes.txt",
                2,
                "Adults with river fever are given 75 mg of tolvane in the morning. Treatment "
                "takes eleven days and is not stopped when the fever falls.",
            ),
            PromptPassage(
                "ward-notes.txt",
                5,
                "Visitors are admitted from three to five in the afternoon. Children under six "
                "wait in the garden room.",
            ),
        ),
        (
            SuiteQuestion("What dose of tolvane are adults given?", ("75 mg", "75mg"), 1),
            SuiteQuestion("Where do children under six wait?", ("garden room",), 2),
            SuiteQuestion(
                "Is treatment stopped when the fever falls?",
                ("not stopped", "not be stopped", "continue"),
                1,
                "no",
            ),
            SuiteQuestion("What is the telephone number of the ward?"),
        ),
    ),
)
