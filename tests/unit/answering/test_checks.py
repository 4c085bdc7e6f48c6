"""What is wrong with a sentence that quotes truly: numbers, names, negations, places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.verify import check_answer
from assistant.types import Sentence
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.passages import make_passage

SUPPLY = make_passage(
    "The Supplier warrants the pumps for 24 months from delivery. The Supplier shall not be "
    "liable for indirect damage. Siemens Energy delivers the seals on 5 March 2020 in Hamburg.",
    number=1,
    document="supply-2019.pdf",
    page=3,
)
TERMS = make_passage(
    "Invoices are payable within thirty (30) days. Late payment bears interest of 1.5% per "
    "month. The tenant may sublet the premises with the written consent of the landlord.",
    number=2,
    document="terms.txt",
    page=1,
)
ROMANCE = make_passage(
    "Die Garantie auf die Pumpen gilt für 24 Monate ab der Lieferung und wird nicht verlängert.",
    number=3,
    document="garantie.txt",
)
PASSAGES = [SUPPLY, TERMS, ROMANCE]
QUESTION = "What do the documents say about the pumps?"


def check(answer: str, question: str = QUESTION) -> Sentence:
    (sentence,) = check_answer(answer, PASSAGES, question)
    return sentence


@pytest.mark.parametrize(
    "answer",
    [
        'The Supplier "warrants the pumps for 24 months from delivery".',
        'The pumps are under warranty for two years: "warrants the pumps for 24 months".',
        'The Supplier is not liable: "shall not be liable for indirect damage".',
        'On March 5, 2020 "Siemens Energy delivers the seals" in Hamburg.',
        'According to supply-2019.pdf, page 3, "The Supplier warrants the pumps".',
        'See terms.txt: "Late payment bears interest of 1.5% per month".',
        'Interest is 1.5 percent: "Late payment bears interest of 1.5% per month" [2].',
        "Late payment bears interest of 1.5% per month.",
        'The tenant may sublet: "may sublet the premises with the written consent".',
        '"warrants the pumps for 24 months" and "payable within thirty (30) days"',
        'In 30 days: "Invoices are payable within thirty (30) days".',
        '"Die Garantie auf die Pumpen gilt für 24 Monate"',
        "Die Garantie auf die Pumpen gilt für 24 Monate ab der Lieferung [3].",
    ],
)
def test_what_is_true_has_no_flaw(answer: str) -> None:
    sentence = check(answer)
    assert sentence.flaws == ()
    assert sentence.supported


@pytest.mark.parametrize(
    ("answer", "code", "detail"),
    [
        ('It "warrants the pumps for 36 months from delivery".', "fabricated", "36 months"),
        ("The moon is made of green cheese.", "unquoted", ""),
        ('For 36 months it "warrants the pumps for 24 months".', "number", "36"),
        ('For 24 days it "warrants the pumps for 24 months".', "number", "24 days"),
        ('For three years it "warrants the pumps for 24 months".', "number", "three years"),
        ('Interest is 15%: "Late payment bears interest".', "number", "15%"),
        ('On 6 March 2020 "Siemens Energy delivers the seals".', "number", "6 March 2020"),
        ('On 5 March 2021 "Siemens Energy delivers the seals".', "number", "5 March 2021"),
        ("The Supplier warrants the pumps for 36 months from delivery.", "number", "36"),
        ("Invoices are payable within sixty (60) days.", "unquoted", ""),
        ('Then Bosch "delivers the seals on 5 March 2020".', "name", "Bosch"),
        ('The NATO "warrants the pumps for 24 months".', "name", "NATO"),
        ("Bosch Energy delivers the seals on 5 March 2020 in Hamburg.", "name", "Bosch"),
        ("Siemens Energy delivers the seals on 5 March 2020 in Munich.", "name", "Munich"),
        ('The Supplier does not have it: "warrants the pumps for 24 months".', "negation", "not"),
        ("The Supplier never warrants the pumps for 24 months from delivery.", "negation", "never"),
        ("The Supplier shall be liable for indirect damage.", "negation", "not"),
        ('The Supplier shall "be liable for indirect damage".', "negation", "not"),
        ('"be liable for indirect damage"', "negation", "not"),
        (
            "The tenant may sublet the premises without the written consent of the landlord.",
            "negation",
            "without",
        ),
        (
            "The tenant must sublet the premises with the written consent of the landlord.",
            "opposite",
            "must / may",
        ),
        (
            "The landlord may sublet the premises with the written consent of the landlord.",
            "opposite",
            "landlord / tenant",
        ),
        ('See terms.txt: "The Supplier warrants the pumps".', "misattributed", "terms.txt"),
        ('supply-2019 says "Late payment bears interest".', "misattributed", "supply-2019.pdf"),
        ('It is in other.pdf: "Late payment bears interest".', "misattributed", "other.pdf"),
        ('On page 7: "The Supplier warrants the pumps".', "misattributed", "page 7"),
        ('"The Supplier warrants the pumps" [2]', "misattributed", "[2]"),
        ('"The Supplier warrants the pumps ... indirect damage"', "spliced", "The Supplier"),
        (
            '"The Supplier warrants the pumps for invoices are payable within thirty (30) days"',
            "spliced",
            "The Supplier",
        ),
        ('"warrants the pumps" for "1.5% per month"', "spliced", ""),
        (
            "The Supplier warrants the pumps for Late payment bears interest of 1.5% per month.",
            "spliced",
            "",
        ),
        (
            'Der Lieferant gibt die Garantie auf die Pumpen: "warrants the pumps for 24 months"',
            "language",
            "",
        ),
        (
            'This is the end of that: "Die Garantie auf die Pumpen gilt für 24 Monate"',
            "language",
            "",
        ),
        ('"must be made in" blue ink by the director of sales', "fabricated", "must be made in"),
        ('The "pumps" are painted yellow every single summer.', "beyond", ""),
    ],
)
def test_what_is_untrue_has_its_flaw(answer: str, code: str, detail: str) -> None:
    sentence = check(answer)
    assert not sentence.supported
    found = {flaw.code: flaw.detail for flaw in sentence.flaws}
    assert code in found
    assert detail in found[code]


def test_a_flaw_says_its_reason_in_words() -> None:
    sentence = check('For 36 months it "warrants the pumps for 24 months".')
    assert [f.reason for f in sentence.flaws] == ["a number that is not in the passage: 36 months"]


def test_a_question_that_denies_may_be_answered_by_denying() -> None:
    answer = 'The firm that does not pay late is "Siemens Energy delivers the seals".'
    assert "negation" in {f.code for f in check(answer).flaws}
    asked = check(answer, "Which firm does not pay late?")
    assert "negation" not in {f.code for f in asked.flaws}


def test_the_same_words_in_two_documents_may_be_attributed_to_either() -> None:
    twins = [
        make_passage("Payment is due at once.", number=n, document=f"contract-{n}.pdf")
        for n in (1, 2)
    ]
    for name in ("contract-1.pdf", "contract-2.pdf"):
        (sentence,) = check_answer(f'{name} says "Payment is due at once".', twins, "When?")
        assert sentence.supported
        assert {quote.document for quote in sentence.quotes} == {name}


def test_numbers_of_passages_are_those_of_the_prompt() -> None:

    answer = '"Late payment bears interest" [1]'
    (sentence,) = check_answer(answer, PASSAGES, QUESTION, numbered=[TERMS])
    assert sentence.supported
    (sentence,) = check_answer(answer, PASSAGES, QUESTION, numbered=[SUPPLY])
    assert [f.code for f in sentence.flaws] == ["misattributed"]


def test_a_passage_about_something_else_supports_nothing() -> None:
    seen: list[tuple[str, str]] = []

    def cosines(value: float):  # type: ignore[no-untyped-def]
        def similarity(pairs):  # type: ignore[no-untyped-def]
            seen.extend(pairs)
            return [value for _ in pairs]

        return similarity

    answer = (
        'Regarding liability clauses generally: "The Supplier warrants the pumps for 24 months".'
    )
    (far,) = check_answer(answer, PASSAGES, QUESTION, similarity=cosines(-1.0))
    (near,) = check_answer(answer, PASSAGES, QUESTION, similarity=cosines(0.9))
    assert ([f.code for f in far.flaws], far.supported) == (["dissimilar"], False)
    assert near.supported
    assert "24 months from delivery" in seen[0][1]


def test_an_embedder_is_not_asked_about_mere_quotes() -> None:
    from assistant.answering.checks.support import embedder_similarity

    embedder = FakeEmbedder()
    check_answer(
        '"The Supplier warrants the pumps" [1]',
        PASSAGES,
        QUESTION,
        similarity=embedder_similarity(embedder),
    )
    assert embedder.calls == []


pieces = st.sampled_from(
    ['"24 months"', "not", "24", "months", ".", " ", "page 3", "[2]", "Siemens", "terms.txt",
     "\u201c", "warrants the pumps for 24 months", "...", "5 March 2020", "shall", "\n",
     "ÄÖ", "%", "1,000"]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map(" ".join))
def test_any_answer_is_checked_and_flaws_exclude_support(answer: str) -> None:
    for sentence in check_answer(answer, PASSAGES, QUESTION):
        assert sentence.supported == (bool(sentence.quotes) and not sentence.flaws)
        assert all(flaw.reason for flaw in sentence.flaws)
