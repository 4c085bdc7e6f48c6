"""Quotes and answers of a real engine with a tiny random model: what can't go wrong, can't."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("llama_cpp")

from assistant.engine.chat_model import LlamaChat
from assistant.engine.constrained_decoding import QuoteDecoder
from assistant.engine.likelihood import LogProbabilities, log_softmax
from assistant.engine.span_automaton import MARK, SpanAutomaton, SpanState
from assistant.prompts import REFUSAL
from assistant.types import CancelToken, Message, Place, Quoted, Sampling
from tests.fakes.engine import places_of
from tests.unit.engine.speaking_toy import speaking_toy
from tests.unit.models.gguf_files import toy_model

PASSAGES = (
    "the cat and the cat sat in the garden, and then it left.",
    'They said "the cat is in", and nobody believed it; 3.5 km away.',
)
WORLD = (
    "Die Straße ist naß, sagte er. Übrigens: früher war's schöner.",
    "東京は日本の首都です。人口は約1400万人。",
    "Москва — столица России, а не «деревня».",  # noqa: RUF001
    "القاهرة هي عاصمة مصر.",
    "กรุงเทพมหานคร เป็นเมืองหลวง",
    "👩‍👩‍👧 e\u0301te\u0301 ﬁn \u202eabc\u202c \x00\x07 <|im_end|> [2] \u201cquoted\u201d",
)


def load(folder: Path, data: bytes, *, context: int = 512) -> LlamaChat:
    file = folder / "toy.gguf"
    file.write_bytes(data)
    return LlamaChat(file, name="toy", context_length=context, threads=1)


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    engine = load(tmp_path_factory.mktemp("toy"), speaking_toy())
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[LlamaChat]]:
    """The same vocabulary, other weights: other choices."""
    folders = [tmp_path_factory.mktemp(f"toy{seed}") for seed in range(3)]
    made = [load(folder, speaking_toy(seed=seed)) for seed, folder in enumerate(folders)]
    yield made
    for engine in made:
        engine.close()


def quote(chat: LlamaChat, passages: Sequence[str], longest: int = 40, **how: object) -> Quoted:
    prompt = chat.render((Message("user", "Where is the cat?"),))
    return chat.quote(prompt, passages, REFUSAL, max_tokens=longest, **how)


def is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def is_stretch(text: str, passage: str) -> bool:
    """Whether a text stands in a passage without cutting a word; told by looking, no index."""
    plain = " ".join(passage.encode("utf-8", "replace").decode().split())
    found = [at for at in range(len(plain)) if plain.startswith(text, at)]
    for begin in found:
        end = begin + len(text)
        cut_before = begin > 0 and is_word(plain[begin - 1]) and is_word(text[0])
        cut_after = end < len(plain) and is_word(text[-1]) and is_word(plain[end])
        if not cut_before and not cut_after:
            return True
    return False


def same(one: Quoted, other: Quoted) -> bool:
    """Equal but for rounding, which depends on how many tokens were computed at once."""
    return (
        (one.text, one.tokens, one.complete) == (other.text, other.tokens, other.complete)
        and one.margin == pytest.approx(other.margin, abs=1e-4)
        and one.log_probability == pytest.approx(other.log_probability, abs=1e-4)
    )


# -- quotes ---------------------------------------------------------------------------------


def written_at(place: Place, passages: Sequence[str]) -> str:
    """What stands at a place, with one space between words; a lone surrogate is a "?"."""
    cut = passages[place.passage][place.start : place.end]
    assert cut == cut.strip()
    return " ".join(cut.split()).encode("utf-8", "replace").decode()


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.text(max_size=80) | st.sampled_from([*PASSAGES, *WORLD]), max_size=3),
    st.integers(1, 40),
)
def test_whatever_is_quoted_is_a_stretch_of_whole_words(
    others: list[LlamaChat], passages: list[str], longest: int
) -> None:
    for engine in others:
        found = quote(engine, passages, longest)
        if found.text:
            assert any(is_stretch(found.text, passage) for passage in passages)
            assert found.tokens <= longest
            assert found.log_probability < 0
            assert {written_at(place, passages) for place in found.places} == {found.text}
            assert len(set(found.places)) == len(found.places)
        else:
            assert found.doubt(0.3) == math.inf


@pytest.mark.parametrize("passage", [*PASSAGES, *WORLD])
def test_passages_of_all_scripts_can_be_quoted(chat: LlamaChat, passage: str) -> None:
    found = quote(chat, [passage], 200)
    assert found.text
    assert is_stretch(found.text, passage)


SPACED = (
    "the  cat\n\tand the\u00a0cat sat\x1fin the\r\ngarden",
    "  \u2003and the cat sat in\u3000the garden, the cat \n",
    "e\u0301te\u0301\n and\u200b the \U0001f469\u200d\U0001f467  cat\u2028\u2029sat",
)


@pytest.mark.parametrize("longest", [2, 3, 5, 8, 40])
def test_places_are_exact_whatever_the_white_space_is(
    others: list[LlamaChat], longest: int
) -> None:
    for engine in others:
        found = quote(engine, SPACED, longest)
        assert found.text
        assert {written_at(place, SPACED) for place in found.places} == {found.text}


@pytest.mark.parametrize(
    "passages",
    [
        ["cat"],
        ["cat cat"],
        ["cat", "cat"],
        ["the cat", "the  cat", "the\ncat"],
        ["\u201ccat\u201d", '"cat"', "'cat'"],
    ],
)
def test_all_places_of_the_words_that_the_decoder_read_are_told(
    chat: LlamaChat, passages: list[str]
) -> None:
    found = quote(chat, passages)
    assert found.complete
    assert found.places == places_of(found.text, passages)


@pytest.mark.parametrize("passages", [[], [""], [" \n\t "], ["", "\u2028"]])
def test_nothing_to_quote_is_a_refusal(chat: LlamaChat, passages: list[str]) -> None:
    assert quote(chat, passages) == Quoted("", math.inf, 0.0, 0)


def test_a_lone_surrogate_does_no_harm(chat: LlamaChat) -> None:
    found = quote(chat, ["\n \ud800"])
    assert (found.text, found.places) == ("?", (Place(0, 2, 3),))


def test_one_word_is_quoted_whole(chat: LlamaChat) -> None:
    found = quote(chat, ["Constantinople"])
    assert (found.text, found.complete) == ("Constantinople", True)


def test_what_is_cut_off_ends_with_a_word_or_is_nothing(chat: LlamaChat) -> None:
    assert quote(chat, ["Constantinople"], 5) == Quoted("", math.inf, 0.0, 0)
    lengths = [quote(chat, ["zq xw kv jb"], longest) for longest in range(1, 16)]
    for found in lengths:
        assert not found.text or is_stretch(found.text, "zq xw kv jb")
    assert any(found.text and not found.complete for found in lengths)
    assert any(found.complete for found in lengths)


def test_a_very_long_passage(chat: LlamaChat) -> None:
    """100 kB, which no prompt could show; and 1,500 places that look the same."""
    passage = " ".join(f"word{number} the cat" for number in range(6_000))
    assert len(passage) > 100_000
    found = quote(chat, [passage, "the " * 1_500], 12)
    assert found.text in passage or found.text in "the " * 1_500


def every_start(engine: LlamaChat, prompt: list[int], passages: Sequence[str], starts: int,
                longest: int = 60) -> tuple[str, float, int]:  # fmt: skip
    """Follow each start to its end, in the plainest way: (quote, log-probability, tokens fed)."""
    decoder, vocabulary, cancel = engine._decoder, engine._token_vocabulary(), CancelToken()
    automaton = SpanAutomaton(vocabulary, passages)

    def likely(tokens: list[int]) -> LogProbabilities:
        decoder.prefill([*prompt, vocabulary.by_bytes[MARK], *tokens], cancel)
        return log_softmax(decoder.logits())

    begun = automaton.transitions(automaton.begin(), may_close=False)
    first = likely([])
    found, fed = [], 0
    for start in sorted(begun, key=lambda token: -first[token])[:starts]:
        state, tokens, total, ended = begun[start], [start], first[start], False
        while not ended and len(tokens) < longest:
            scores, fed = likely(tokens), fed + 1
            transitions = automaton.transitions(state) | (
                {engine.end_of_turn: SpanState()} if state.closed else {}
            )
            best = max(transitions, key=lambda token: scores[token])
            total, ended = total + scores[best], best == engine.end_of_turn
            if not ended:
                tokens, state = [*tokens, best], transitions[best]
        data = b"".join(map(vocabulary.piece, tokens))
        found.append((automaton.stretch(state, data)[0], float(total)))
    return (*max(found, key=lambda one: one[1]), fed)


def test_starts_that_are_given_up_would_have_lost(others: list[LlamaChat]) -> None:
    """The same quote as if each start were followed to its end, for fewer tokens."""
    saved = 0
    for engine in others:
        for passages in (PASSAGES, WORLD[:3], WORLD[3:]):
            prompt = engine.tokenize(engine.render((Message("user", "?"),)))
            text, log_probability, fed = every_start(engine, prompt, passages, 8)
            search = QuoteDecoder(
                engine._decoder, engine._token_vocabulary(), engine.end_of_turn, 60, 8
            )
            quoted = search.best(prompt, passages, engine.tokenize(REFUSAL)[0], CancelToken())
            assert quoted.text == text
            assert quoted.log_probability == pytest.approx(log_probability, abs=1e-3)
            assert search.steps <= fed
            saved += fed - search.steps
    assert saved > 0


def test_a_quote_does_not_depend_on_what_was_asked_before(chat: LlamaChat) -> None:
    first = quote(chat, PASSAGES)
    quote(chat, WORLD)
    list(chat.generate("other words", Sampling(max_tokens=5)))
    assert same(quote(chat, PASSAGES), first)


def test_a_vocabulary_that_writes_spaces_otherwise_quotes_single_words_or_nothing(
    tmp_path: Path,
) -> None:
    engine = load(tmp_path, toy_model(), context=512)
    found = quote(engine, ["the cat sat"])
    engine.close()
    assert found.text in {"", "the", "cat", "sat"}
