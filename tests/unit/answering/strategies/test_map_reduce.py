"""Many passages asked for a list, in the whole course of an answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.answering.request import Quote
from assistant.answering.strategies.map_reduce import WINDOWS, merged
from assistant.errors import EngineError
from assistant.types import (
    MAP_REDUCE,
    TOGETHER,
    AnswerEvent,
    CancelToken,
    Finished,
    Generated,
    PartsRead,
    Place,
    Quoted,
)
from tests.fakes.engine import FakeChat
from tests.unit.answering.strategies.sessions import (
    LISTING,
    TEXTS,
    Quoter,
    finish,
    first_words,
    session,
    written,
)


def test_a_list_question_gives_several_quotes_each_with_its_own_place() -> None:
    answer, seen = finish(session(Quoter(first_words(4))).ask(LISTING))
    assert answer.strategy == MAP_REDUCE
    assert len(written(answer)) == len(set(written(answer))) >= 2
    for sentence in answer.sentences[1:]:
        assert sentence.supported
        for quote in sentence.quotes:
            assert f'"{quote.text}"' == sentence.text
    parts = [event for event in seen if isinstance(event, PartsRead)]
    assert (parts[0].done, parts[-1].done) == (0, parts[-1].total)
    assert [part.done for part in parts] == sorted(part.done for part in parts)


def test_if_no_part_answers_by_itself_all_are_read_together() -> None:
    def only_together(passages: Sequence[str]) -> Quoted:
        if len(passages) == 1:
            return Quoted("", 9.0, 0.0, 0)
        return Quoted("hoses and seals", -2.0, -0.5, 3)

    answer, _ = finish(session(Quoter(only_together)).ask(LISTING))
    assert written(answer) == ['"hoses and seals"']
    assert answer.strategy == TOGETHER
    assert answer.route is not None
    assert answer.route.kind == "list"
    assert "read together" in answer.route.reason


def test_windows_that_are_all_refused_are_a_refusal() -> None:
    chat = Quoter(lambda passages: Quoted("", 9.0, 0.0, 0))
    answer, _ = finish(session(chat).ask(LISTING))
    assert answer.abstained
    assert not written(answer)


def test_parts_of_a_list_have_a_threshold_of_their_own() -> None:
    chat = Quoter(lambda passages: Quoted(" ".join(passages[0].split()[:2]), 0.4, 0.0, 3))
    for threshold, count in ((0.5, 2), (0.3, 0)):
        chat.calibration = replace(chat.calibration, list_threshold=threshold)
        assert len(written(finish(session(chat).ask(LISTING))[0])) == count


def test_a_cancel_keeps_what_was_found() -> None:
    cancel = CancelToken()
    chat = Quoter(first_words(4))
    events: list[AnswerEvent] = []
    for event in session(chat).ask(LISTING, cancel):
        events.append(event)
        if isinstance(event, Generated):
            cancel.cancel()
    assert isinstance(events[-1], Finished)
    answer = events[-1].answer
    assert answer.cancelled
    assert len(written(answer)) == 1
    assert len(chat.prompts) == 1


def test_a_cancel_reaches_a_window_that_is_being_read() -> None:
    cancel = CancelToken()
    chat = FakeChat(["a "] * 50, delay=5.0)
    timer = threading.Timer(0.1, cancel.cancel)
    timer.start()
    answer, _ = finish(session(chat).ask(LISTING, cancel, strategy=MAP_REDUCE))
    timer.join()
    assert answer.cancelled
    assert chat.cancelled == 1


def test_an_engine_error_is_no_answer() -> None:
    def fail(passages: Sequence[str]) -> Quoted:
        raise EngineError("The model computed numbers that are not finite.")

    with pytest.raises(EngineError, match="not finite"):
        list(session(Quoter(fail)).ask(LISTING))


def test_long_material_is_asked_in_windows_and_their_number_is_bounded() -> None:
    sentence = "The pump warranty excludes part number {} and nothing else of the parts. "
    texts = ["".join(sentence.format(n + at) for n in range(15)) for at in range(0, 300, 15)]
    chat = Quoter(first_words(8))
    answer, _ = finish(session(chat, texts).ask(LISTING))
    assert 5 < len(chat.prompts) <= WINDOWS
    assert len(written(answer)) > 5


def test_a_window_that_does_not_fit_is_passed_over() -> None:
    long = "The pumps and " + "the hoses and " * 60 + "the seals are excluded by the warranty."
    chat = Quoter(first_words(4), context_length=180)
    answer, _ = finish(session(chat, (*TEXTS, long), max_answer_tokens=60).ask(LISTING))
    assert len(chat.prompts) == len(TEXTS)
    assert written(answer)


def test_a_free_model_that_repeats_itself_is_stopped() -> None:
    chat = FakeChat(["the seals of the pump and "] * 500)
    answer, _ = finish(session(chat).ask(LISTING, strategy=MAP_REDUCE))
    assert max(map(len, written(answer))) < 500


def listed(*texts: str) -> list[str]:
    """What is left of a list of quotes, each of a passage of its own."""
    known: tuple[Quote, ...] = ()
    for number, text in enumerate(texts):
        known = merged(known, Quote(text, Place(number, 0, len(text))))
    return [quote.text for quote in known]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("hoses", "Hoses."), ["hoses"]),
        (("hoses", "filters and hoses"), ["filters and hoses"]),
        (("filters and hoses", "hoses"), ["filters and hoses"]),
        (("seals", "hoses", "Filters, hoses and seals"), ["Filters, hoses and seals"]),
        (("hoses", "valves", "seals", "hoses and seals"), ["hoses and seals", "valves"]),
        (("valves", "seals", "hoses", "seals, hoses"), ["valves", "seals, hoses"]),
        (("a hose", "the hose and a seal", "a seal"), ["a hose", "the hose and a seal"]),
        (("filters and hoses", "hoses and seals"), ["filters and hoses", "hoses and seals"]),
        (("seals", " - "), ["seals"]),
    ],
)
def test_no_quote_of_a_list_lies_inside_another(given: tuple[str, ...], kept: list[str]) -> None:
    assert listed(*given) == kept


def test_a_quote_that_takes_the_place_of_others_is_cited_where_it_stands() -> None:
    quotes = (("seals", 0), ("hoses", 1), ("Filters, hoses and seals", 2))

    def said(passages: Sequence[str]) -> Quoted:
        return next((Quoted(t, -2.0, -0.5, 2) for t, _ in quotes[::-1] if t in passages[0]),
                    Quoted("", 9.0, 0.0, 0))  # fmt: skip

    texts = (
        "The warranty on pumps excludes seals.",
        "The warranty on pumps excludes hoses.",
        TEXTS[2],
    )
    answer, _ = finish(session(Quoter(said), texts).ask(LISTING))
    assert written(answer) == ['"Filters, hoses and seals"']
    (cited,) = answer.sentences[-1].quotes
    assert (cited.document, cited.text) == ("contract2.txt", "Filters, hoses and seals")


def test_what_a_free_model_makes_up_is_shown_as_unsupported_and_what_it_copies_is_cited() -> None:
    chat = FakeChat(scripts=[["Filters, hoses and seals"], ["The moon is excluded."]])
    answer, _ = finish(session(chat, TEXTS[1:]).ask(LISTING, strategy=MAP_REDUCE))
    copied, invented = answer.sentences[1:]
    assert (copied.supported, copied.quotes[0].text) == (True, "Filters, hoses and seals")
    assert not invented.supported
