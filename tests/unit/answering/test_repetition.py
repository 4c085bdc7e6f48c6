from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.repetition import loop_end


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Yes. " + "The fee is due in May. " * 3, "Yes. The fee is due in May."),
        ("no " * 12, "no"),
        ("Start. " + "One two three four five. Six seven. " * 4, None),
    ],
)
def test_loops_are_cut_after_the_first_time(text: str, kept: str | None) -> None:
    end = loop_end(text)
    assert end is not None
    if kept is not None:
        assert text[:end] == kept
    else:
        assert text[:end].count("One") == 2 or text[:end].count("One") == 1


@pytest.mark.parametrize(
    "text",
    ["", "The fee is due. The fee is due.", "no no no", "a b c d e f g h i j k l m n o p",
     "30 days, 30 days and 30 days."],
)  # fmt: skip
def test_ordinary_text_is_no_loop(text: str) -> None:
    assert loop_end(text) is None


@given(st.text(st.sampled_from("ab \n."), max_size=200))
def test_what_is_kept_is_a_beginning_that_is_not_empty(text: str) -> None:
    end = loop_end(text)
    assert end is None or 0 < end < len(text)
