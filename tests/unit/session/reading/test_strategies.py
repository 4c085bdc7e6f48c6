"""Reading strategies in the whole course of an answer, with fakes for models and store."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.errors import ConfigError, ContextOverflowError, EngineError, UsageError
from assistant.prompts import REFUSAL
from assistant.retrieval import Calibration, Retriever
from assistant.session import AnswerSession
from assistant.session.course import Found
from assistant.session.reading.map_reduce import WINDOWS, merge
from assistant.session.reading.priors import log_priors
from assistant.types import (
    DIRECT,
    LIST_THRESHOLD,
    MAP_REDUCE,
    QUOTES_ONLY,
    SEQUENCE,
    SIDE_BY_SIDE_THRESHOLD,
    STRATEGIES,
    TOGETHER,
    TOKEN,
    Answer,
    AnswerEvent,
    CancelToken,
    Chunk,
    Finished,
    Generated,
    Hit,
    ParsedDocument,
    PartsRead,
    Quoted,
    Reading,
    Scores,
    Weighed,
    WeighedText,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeChat
from tests.fakes.passages import make_passage as passage
from tests.fakes.store import FakeStore

TEXTS = (
    "The warranty on the pumps lasts 24 months.",
    "The warranty on the pumps lasts 36 months by the amendment.",
    "Filters, hoses and seals of the pumps are excluded from the warranty on the pumps.",
)
QUESTION = "How long is the warranty on the pumps?"
LISTING = "Which parts of the pumps does the warranty exclude?"
WORDS_ONLY = Calibration(
    intercept=-5.0, cosine=0.0, coverage=10.0, threshold=0.5, provenance="test"
)


class Quoter(FakeChat):
    """A tuned model: `answer` makes its quote of the passages that a prompt shows."""

    def __init__(self, answer: Callable[[Sequence[str]], Quoted], **how: object) -> None:
        super().__init__(calibration={QUOTES_ONLY: 1.0}, **how)  # type: ignore[arg-type]
        self.answer = answer

    def quote(
        self,
        prompt: str,
        passages: Sequence[str],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> Quoted:
        if cancel is not None:
            cancel.raise_if_cancelled()
        self.prompts.append(prompt)
        return self.answer(passages)


def first_words(count: int) -> Callable[[Sequence[str]], Quoted]:
    return lambda passages: Quoted(" ".join(passages[0].split()[:count]), -2.0, -0.5, count)


def session(chat: FakeChat | None, texts: Sequence[str] = TEXTS, **how: object) -> AnswerSession:
    store, embedder = FakeStore(), FakeEmbedder()
    for number, text in enumerate(texts):
        store.add(
            name=f"contract{number}.txt",
            source=f"contract{number}.txt",
            content_hash=str(number),
            document=ParsedDocument(text, (0,), "text/plain"),
            chunks=[Chunk(0, 0, len(text))],
            vectors=embedder.embed_documents([text]),
        )
    retriever = Retriever(store, embedder, calibration=WORDS_ONLY)
    settings = Settings(data_dir=Path("unused")).with_changes(**how)
    return AnswerSession(retriever, chat, embedder, settings, documents=store.documents)


def finish(events: Iterator[AnswerEvent]) -> tuple[Answer, list[AnswerEvent]]:
    seen = list(events)
    assert isinstance(seen[-1], Finished)
    return seen[-1].answer, seen


def written(answer: Answer) -> list[str]:
    return [s.text for s in answer.sentences if s.origin == "model"]


def weighed(*texts: tuple[str, float], refusal: float = -3.0) -> Weighed:
    found = tuple(WeighedText(t, p, n, 2, (p, -9.0, -9.0)) for n, (t, p) in enumerate(texts))
    return Weighed(found, -0.1, refusal)


def weighing(answer: Weighed, **calibration: float) -> FakeChat:
    return FakeChat(weighed=answer, calibration={QUOTES_ONLY: 1.0, **calibration})


# One passage at a time -------------------------------------------------------------------


def test_each_passage_has_a_prompt_of_its_own_and_a_weight() -> None:
    chat = weighing(weighed(("24 months", -0.5)))
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    (readings,) = chat.readings
    assert len(readings) == len(TEXTS)
    assert math.fsum(math.exp(r.weight) for r in readings) == pytest.approx(1.0)
    for reading in readings:
        assert reading.passage in reading.prompt
        assert sum(text in reading.prompt for text in TEXTS) == 1
    assert answer.strategy == SEQUENCE
    assert answer.route is not None
    assert written(answer) == ['"24 months"']


@pytest.mark.parametrize("strategy", [SEQUENCE, TOKEN])
def test_passages_that_contradict_each_other_are_both_candidates(strategy: str) -> None:
    chat = weighing(weighed(("24 months", -0.7), ("36 months", -1.2)))
    answer, _ = finish(session(chat).ask(QUESTION, strategy=strategy))
    assert [c.text for c in answer.candidates] == ["24 months", "36 months"]
    assert [c.probability for c in answer.candidates] == pytest.approx(
        [math.exp(-0.7), math.exp(-1.2)]
    )
    for candidate in answer.candidates:
        (quote,) = candidate.quotes
        assert quote.text == candidate.text
        assert quote.document_id == answer.passages[candidate.hit].passage.document_id
    assert len({candidate.hit for candidate in answer.candidates}) == 2


def test_a_quote_is_cited_where_it_was_read_and_not_where_it_stands_first() -> None:
    texts = ("In 1999 the oil of the pump was black.", "The oil of the pump is changed in 1999.")
    chat = FakeChat(calibration={QUOTES_ONLY: 1.0})
    asked = session(chat, texts)
    question = "When is the oil of the pump changed?"
    list(asked.ask(question, strategy=SEQUENCE))
    order = [reading.passage for reading in chat.readings[-1]]
    for number, shown in enumerate(order):
        chat.weighed = Weighed((WeighedText("1999", -0.2, number, 2, ()),), -0.1, -4.0)
        answer, _ = finish(asked.ask(question, strategy=SEQUENCE))
        (cited,) = answer.sentences[-1].quotes
        assert TEXTS is not texts
        assert cited.document == f"contract{texts.index(shown)}.txt"


def test_doubt_makes_it_refuse_by_a_threshold_of_its_own() -> None:
    found = weighed(("24 months", -0.7), refusal=-1.1)
    for threshold, refused in ((-0.5, False), (-1.5, True)):
        chat = weighing(found, **{SIDE_BY_SIDE_THRESHOLD: threshold})
        answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
        assert answer.abstained is refused
        assert bool(written(answer)) is not refused
        assert answer.candidates  # what was withheld is there to be seen


def test_nothing_to_quote_is_a_refusal() -> None:
    answer, _ = finish(session(weighing(weighed())).ask(QUESTION, strategy=SEQUENCE))
    assert answer.abstained


def test_a_free_model_gives_the_likeliest_text() -> None:
    chat = FakeChat(
        weighed=weighed(
            ('The warranty on the pumps lasts "24 months".', -1.0), ("Ten years.", -2.0)
        )
    )
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    assert written(answer) == ['The warranty on the pumps lasts "24 months".']
    assert answer.sentences[-1].supported


class Narrow(FakeChat):
    """Has room for two passages side by side."""

    def weigh(self, readings: Sequence[Reading], *rest: Any, **how: Any) -> Weighed:
        found = super().weigh(readings, *rest, **how)
        if len(readings) > 2:
            raise ContextOverflowError("too many")
        return found


def test_passages_that_do_not_fit_side_by_side_are_left_out() -> None:
    chat = Narrow(weighed=weighed(("24 months", -0.5)), calibration={QUOTES_ONLY: 1.0})
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    assert [len(readings) for readings in chat.readings] == [3, 2]
    assert written(answer) == ['"24 months"']


def test_a_cut_off_quote_is_called_cut_off() -> None:
    text = WeighedText("24", -0.2, 0, 1, (), complete=False)
    answer, _ = finish(
        session(weighing(Weighed((text,), -0.1, -5.0))).ask(QUESTION, strategy=SEQUENCE)
    )
    assert answer.truncated


def test_priors_add_up_to_one_and_prefer_the_better_hit() -> None:
    hits = [
        Hit(passage(TEXTS[0]), Scores(0.3, 0.8, 1, 9.0, 1)),
        Hit(passage(TEXTS[1]), Scores(0.2, 0.4, 2, 3.0, 2)),
        Hit(passage(TEXTS[2]), Scores(0.1)),
    ]
    priors = log_priors(hits)
    assert math.fsum(map(math.exp, priors)) == pytest.approx(1.0)
    assert priors == sorted(priors, reverse=True)
    assert log_priors([]) == []


# Map-reduce ------------------------------------------------------------------------------


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
    chat = Quoter(lambda passages: Quoted(passages[0][:11], 0.4, 0.0, 3))
    for threshold, count in ((0.5, 2), (0.3, 0)):
        chat.calibration[LIST_THRESHOLD] = threshold
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


def test_equal_quotes_and_parts_of_others_are_merged() -> None:
    known: list[Found] = []
    assert merge(known, Found("hoses", 0))
    assert not merge(known, Found("Hoses.", 1))
    assert not merge(known, Found("filters and hoses", 2))
    assert [found.text for found in known] == ["filters and hoses"]
    assert merge(known, Found("seals", 1))
    assert not merge(known, Found(" - ", 1))
    assert [found.hit for found in known] == [2, 1]


# Choosing --------------------------------------------------------------------------------


def test_the_default_is_what_it_was_before_there_was_a_choice() -> None:
    chat = Quoter(first_words(3))
    auto, _ = finish(session(chat).ask(QUESTION))
    named, _ = finish(session(chat).ask(QUESTION, strategy=TOGETHER))
    assert chat.prompts[0] == chat.prompts[1]
    assert (auto.text, auto.sentences, auto.strategy) == (named.text, named.sentences, TOGETHER)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_setting_chooses_and_a_question_overrides(strategy: str) -> None:
    chat = Quoter(first_words(3), weighed=weighed(("24 months", -0.5)))
    asked = session(chat, reading=strategy)
    assert finish(asked.ask(QUESTION))[0].strategy == strategy
    assert finish(asked.ask(QUESTION, strategy="extract"))[0].strategy == "extract"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError):
        list(session(None).ask(QUESTION, strategy="sideways"))
    with pytest.raises(ConfigError, match="sideways"):
        session(None, reading="sideways")


def test_a_question_about_the_library_needs_neither_search_nor_model() -> None:
    chat = Quoter(first_words(3))
    answer, seen = finish(session(chat).ask("Which documents do you have?"))
    assert len(seen) == 1
    assert answer.strategy == DIRECT
    assert not answer.abstained
    assert "contract0.txt" in answer.text
    assert chat.prompts == []
    assert (answer.passages, answer.sentences) == ((), ())


def test_a_follow_up_searches_for_both_questions_and_is_not_lost() -> None:
    chat = Quoter(first_words(3))
    alone, _ = finish(session(chat).ask("And by the amendment?"))
    answer, _ = finish(session(chat).ask("And by the amendment?", previous=QUESTION))
    assert answer.route is not None
    assert answer.route.searched == f"{QUESTION} And by the amendment?"
    assert answer.question == "And by the amendment?"
    assert "36 months" in answer.sentences[0].text
    assert alone.route is not None
    assert alone.route.searched == ""


def test_extract_asks_no_model() -> None:
    chat = Quoter(first_words(3))
    answer, _ = finish(session(chat).ask(QUESTION, strategy="extract"))
    assert chat.prompts == []
    assert [s.origin for s in answer.sentences] == ["extract"]


def test_a_refusal_in_sequence_keeps_the_closest_sentence() -> None:
    chat = weighing(weighed(("24 months", -3.0), refusal=-0.05))
    answer, _ = finish(session(chat).ask(QUESTION, strategy=SEQUENCE))
    assert answer.abstained
    assert answer.sentences[0].origin == "extract"
    assert REFUSAL not in answer.text
