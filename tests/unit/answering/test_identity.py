"""What a passage says of another code, number, date or name is no answer to the question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.checks.identity import conflicts

OTHER = [
    ("code", "How is the seal AX-4417/A torqued?", "The seal AX-4417/B is torqued to 19 Nm."),
    ("code", "How is the seal ax-4417/a torqued?", "The seal AX-4471/A is torqued to 31 Nm."),
    ("code", "What torque has BX-100/I?", "BX-100/II has a torque of 40 Nm."),
    ("code", "What is pump P-101 for?", "Pump P-102 drains the sump."),
    ("code", "Is AX 4417 torqued?", "AX-4417/A is torqued to 12 Nm."),
    ("code", "Who may take H5N1 samples?", "H7N9 samples are taken by the vet."),
    ("code", "What does ISO 9001 want?", "ISO 14001 wants a plan."),
    ("code", "What does section 11(4) say?", "\u00a7 11(3) The fare is 113 cents."),
    ("code", "What does \u00a7 12 (3) say?", "Section 13(3): the fare is 133 cents."),
    ("code", "What does clause 4.2.1 say?", "4.2.2 The lessee pays."),
    ("code", "What is in Annex I?", "Annex II lists the tools."),
    ("code", "Where is type A blood kept?", "Type B blood is kept in fridge two."),
    ("code", "When is vitamin A given?", "Vitamin D is given in the evening."),
    ("code", "Who sits in room 4?", "Room 14 is the nurses'."),
    ("number", "Where are 1240 ropes kept?", "The north depot has 124 ropes."),
    ("number", "Where are 1,240 ropes kept?", "The north depot has 1,24 ropes."),
    ("number", "Who takes 12.5 mg?", "Adults take 125 mg."),
    ("number", "Who takes 12.5 mg?", "Children take 1.25 mg."),
    ("number", "What costs 30 euros?", "A berth costs 300 euros."),
    ("number", "What is kept at -18 degrees?", "The milk is kept at 18 degrees."),
    ("number", "What happens after thirty days?", "After 45 days the fee doubles."),
    ("date", "What was decided on 3 May 2024?", "On 4 May 2024 the board met."),
    ("date", "What was decided on 2024-05-03?", "On 5 March 2024 the board met."),
    ("date", "Who came on 03/04/2024?", "On 5 April 2024 the auditor came."),
    ("date", "What is due in June 2023?", "The rent is due on 1 July 2023."),
    ("date", "What was decided on May 3, 2024?", "On 3 May 2023 the board met."),
    ("year", "What was the fee in 2023?", "In 2024 the fee was 5 euros."),
    ("year", "Who won in 1999?", "The cup of 2001 went to Ms Hall."),
    ("name", "What does Anna Meier press?", "Peter Meier presses pears."),
    ("name", "Who leads the Northfield Harbour Trust?", "The Northfield Harbour Office is led by."),
    ("name", "Where does J\u00fcrgen B\u00e4uerle live?", "Karl B\u00e4uerle lives in Ulm."),
    ("name", "When was John A Smith born?", "Jane Smith was born in May."),
    ("name", "Is Saint Mary Hospital open?", "Saint Luke Hospital is open."),
]
SAME = [
    ("How is the seal AX-4417/A torqued?", "The seal ax 4417 a is torqued to 12 Nm.", ""),
    ("How is AX-4417/A torqued?", "AX-4417/A, unlike AX-4417/B, has 12 Nm.", ""),
    ("How is AX-4417/A torqued?", "It is torqued to 12 Nm.", ""),
    ("How is AX-4417/A torqued?", "Unlike AX-4417/B it has 12 Nm.", "Parts > AX-4417/A"),
    ("What does ISO 9001 want?", "ISO 9001:2015 wants a plan.", ""),
    ("What does section 11(4) say?", "\u00a7 11 (4) The fare is 114 cents.", ""),
    ("What does section 11 say?", "\u00a7 11(4) The fare is 114 cents.", ""),
    ("What does section 11(4) say?", "Section 11: fares.", ""),
    ("Where are 1240 ropes kept?", "The south depot has 1,240 ropes.", ""),
    ("Where are 1,240 ropes kept?", "The south depot has 1.240 ropes.", ""),
    ("Where are 1240 ropes kept?", "The depot has 3 doors and 1240 ropes.", ""),
    ("Who takes 12.5 mg?", "Adults take 12,5 mg, twice.", ""),
    ("Who takes 12.5 mg?", "Adults take 0.0125 g in 3 parts.", ""),
    ("What happens after thirty days?", "After 30 (thirty) days the fee doubles.", ""),
    ("What is paid each 3 months?", "Each quarter 50 euros are paid.", ""),
    ("What was decided on 3 May 2024?", "On 2024-05-03 the board met.", ""),
    ("What was decided on 3 May 2024?", "On May 3 the board met.", ""),
    ("Who came on 03/04/2024?", "On 4 March 2024 the auditor came.", ""),
    ("Who came on 03/04/2024?", "On 3 April 2024 the auditor came.", ""),
    ("What was the fee in 2023?", "On 1 May 2023 the fee was 5 euros, in 2024 6.", ""),
    ("What was the fee in 2023?", "The fee was 5 euros.", "Fees of 2024"),
    ("What does Anna Meier press?", "Meier presses pears.", ""),
    ("What does Anna Meier press?", "Ms Anna Meier and Peter Meier press pears.", ""),
    ("What does Anna Meier press?", "Pears are pressed by Karl Huber.", ""),
    ("Where is IT?", "WHO is in room 4.", ""),
    ("How long is the term?", "The term is 24 months from 2 May 2024.", ""),
]


@pytest.mark.parametrize(("kind", "question", "text"), OTHER)
def test_another_one_is_seen(kind: str, question: str, text: str) -> None:
    (conflict,) = conflicts(question, text)
    assert conflict.kind == kind
    assert conflict.asked in question
    assert conflict.found


@pytest.mark.parametrize(("question", "text", "context"), SAME)
def test_the_same_one_or_none_is_no_conflict(question: str, text: str, context: str) -> None:
    assert conflicts(question, text, context) == []


@given(st.text(max_size=60))
def test_no_text_is_in_conflict_with_itself(text: str) -> None:
    assert conflicts(text, text) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts_are_compared(one: str, other: str) -> None:
    conflicts(one, other)
