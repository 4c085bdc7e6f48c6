"""Ways to get a quote out of a model, of which only some can't make one up.

Each is asked with a prompt whose tokens are computed already, and is held to begin with a
quotation mark, so that they differ in nothing but how the words of the quote are found.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.engine.chat_model import LlamaChat
from assistant.engine.chat_template import RenderedPrompt
from assistant.engine.constrained_decoding import QuoteDecoder
from assistant.engine.llama_runtime import library
from assistant.engine.span_automaton import MARK
from assistant.evaluation.answer_scores import quote_of
from assistant.prompts import REFUSAL, is_refusal
from assistant.text.sentences import split_sentences
from assistant.types import CancelToken, Sampling

LONGEST = 160
_CANDIDATE = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
_UNIT = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A rendered prompt, its tokens, and the passages that it shows."""

    prompt: RenderedPrompt
    tokens: list[int]
    passages: list[str]


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote without its marks, "" for none. `doubt` speaks for refusing (shipped design)."""

    text: str
    doubt: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A quote and its price: tokens decoded one by one, seconds in all, and in llama.cpp."""

    quote: Quote
    tokens: int
    seconds: float
    inside: float


class Meter:
    """Counts what is decoded by one engine, and how long that takes."""

    def __init__(self, chat: LlamaChat) -> None:
        runtime = chat._runtime
        self._decode = runtime.decode
        self.tokens, self.inside = 0, 0.0
        runtime.decode = self._metered  # type: ignore[method-assign]

    def measure(self, design: Callable[[Asked], Quote], asked: Asked) -> Measured:
        self.tokens, self.inside = 0, 0.0
        started = time.perf_counter()
        quote = design(asked)
        return Measured(quote, self.tokens, time.perf_counter() - started, self.inside)

    def _metered(self, tokens: Sequence[int], outputs: int = 1) -> bool:
        started = time.perf_counter()
        done = self._decode(tokens, outputs)
        self.inside += time.perf_counter() - started
        self.tokens += len(tokens)
        return done


class Designs:
    """The designs, over one engine."""

    def __init__(self, chat: LlamaChat, doubt_weight: float) -> None:
        self._chat = chat
        self._weight = doubt_weight
        self._vocabulary = chat._token_vocabulary()
        self._refusal = chat.tokenize(REFUSAL)[0]
        self._mark = self._vocabulary.by_bytes[MARK]
        self._words = dict(self._vocabulary._begun)

    def remember(self) -> None:
        """Note which words earlier questions spelled: each design of a question knows those."""
        self._words = dict(self._vocabulary._begun)

    def read(self, asked: Asked) -> float:
        """Have the prompt computed; return log P(refusal begins) - log P(quotation mark)."""
        self._chat._decoder.prefill(asked.tokens, CancelToken())
        logits = self._chat._decoder.logits()
        return float(logits[self._refusal]) - float(logits[self._mark])

    def free(self, asked: Asked) -> Quote:
        """Whatever the model writes."""
        text = "".join(self._chat.generate(asked.prompt, Sampling(max_tokens=LONGEST)))
        return Quote("" if is_refusal(text) else (quote_of(text) or text))

    def forced(self, asked: Asked) -> Quote:
        """Free, but for the mark that it must begin with."""
        begun = RenderedPrompt([*asked.prompt.parts, ('"', False)])
        text = '"' + "".join(self._chat.generate(begun, Sampling(max_tokens=LONGEST)))
        return Quote(quote_of(text) or text.strip('"'))

    def repaired(self, asked: Asked) -> Quote:
        """Free from the mark on; then the stretch of whole words that is nearest to it."""
        return Quote(nearest_stretch(self.forced(asked).text, asked.passages))

    def one_start(self, asked: Asked) -> Quote:
        return self._automaton(asked, 1)

    def three_starts(self, asked: Asked) -> Quote:
        """As it is shipped."""
        return self._automaton(asked, 3)

    def sentences(self, asked: Asked) -> Quote:
        """llama.cpp's grammar with each sentence of the passages as an alternative."""
        return self._by_grammar(asked, grammar_of_sentences(asked.passages))

    def stretches(self, asked: Asked) -> Quote:
        """llama.cpp's grammar of all stretches of words: what our automaton allows."""
        return self._by_grammar(asked, grammar_of_stretches(asked.passages))

    def _automaton(self, asked: Asked, starts: int) -> Quote:
        chat = self._chat
        self._vocabulary._begun.clear()
        self._vocabulary._begun.update(self._words)
        search = QuoteDecoder(chat._decoder, self._vocabulary, chat.end_of_turn, LONGEST, starts)
        found = search.best(asked.tokens, asked.passages, self._refusal, CancelToken())
        return Quote(found.text, found.doubt(self._weight))

    def _by_grammar(self, asked: Asked, grammar: str) -> Quote:
        runtime, decoder, lib = self._chat._runtime, self._chat._decoder, library()
        decoder.prefill([*asked.tokens], CancelToken())
        sampler = lib.llama_sampler_init_grammar(runtime._vocabulary, grammar.encode(), b"root")
        assert sampler, f"no grammar: {grammar[:200]}"
        data, token = b"", self._mark
        try:
            for _ in range(LONGEST):
                lib.llama_sampler_accept(sampler, token)
                decoder.extend((token,))
                token = _best_allowed(lib, sampler, decoder.logits())
                if runtime.ends_answer(token):
                    break
                data += runtime.piece(token)
        finally:
            lib.llama_sampler_free(sampler)
        return Quote(data.removesuffix(MARK).decode("utf-8", "replace"))


def _best_allowed(lib: Any, sampler: Any, logits: NDArray[np.float32]) -> int:
    """Return the likeliest token that a grammar allows.

    As llama.cpp's own tools do it: the likeliest of all is tried alone, and only if it is not
    allowed are all 49,000 tokens put through the grammar.
    """
    first = int(logits.argmax())
    if np.isfinite(_applied(lib, sampler, np.array([first], np.int32), logits)[0]):
        return first
    everything = np.arange(len(logits), dtype=np.int32)
    return int(_applied(lib, sampler, everything, logits).argmax())


def _applied(
    lib: Any, sampler: Any, tokens: NDArray[np.int32], logits: NDArray[np.float32]
) -> NDArray[np.float32]:
    candidates = np.zeros(len(tokens), dtype=_CANDIDATE)
    candidates["id"], candidates["logit"] = tokens, logits[tokens]
    pointer = candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
    array = lib.llama_token_data_array(pointer, len(tokens), -1, False)
    lib.llama_sampler_apply(sampler, ctypes.byref(array))
    found: NDArray[np.float32] = candidates["logit"]
    return found


# -- grammars -----------------------------------------------------------------------


def grammar_of_sentences(passages: Sequence[str]) -> str:
    """GBNF: a mark, one whole sentence of the passages, a mark; or the refusal."""
    found = []
    for passage in (" ".join(text.split()) for text in passages):
        found += [passage[begin:end].strip() for begin, end in split_sentences(passage)]
    alternatives = " | ".join(map(_literal, dict.fromkeys(filter(None, found))))
    return f'root ::= "\\"" ({alternatives}) "\\"" | {_literal(REFUSAL)}\n'


def grammar_of_stretches(passages: Sequence[str]) -> str:
    """GBNF: a mark, any stretch of words and signs of one passage, a mark; or the refusal."""
    rules, begins = [], []
    for number, passage in enumerate(" ".join(text.split()) for text in passages):
        units = list(_UNIT.finditer(passage))
        for at, unit in enumerate(units):
            name = f"p{number}w{at}"
            begins.append(name)
            rest = ""
            if at + 1 < len(units):
                gap = passage[unit.end() : units[at + 1].start()]
                rest = f" ({_literal(gap) + ' ' if gap else ''}p{number}w{at + 1})?"
            rules.append(f"{name} ::= {_literal(unit.group())}{rest}")
    root = f'root ::= "\\"" ({" | ".join(begins)}) "\\"" | {_literal(REFUSAL)}'
    return "\n".join([root, *rules]) + "\n"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# -- repair -------------------------------------------------------------------------


def nearest_stretch(quote: str, passages: Sequence[str]) -> str:
    """Return the whole words of a passage that differ from `quote` in the fewest characters.

    "" where more than half of its characters would have to change: it stands nowhere.
    Approximate matching as in Sellers 1980, "The theory and computation of evolutionary
    distances", forwards for the end and backwards for the beginning.
    """
    wanted = " ".join(quote.split())
    best, found = len(wanted) // 2 + 1, ""
    for passage in (" ".join(text.split()) for text in passages):
        if not wanted or not passage:
            continue
        ends = _distances(_folded(wanted), _folded(passage))
        end = int(ends.argmin())
        if ends[end] < best:
            best = int(ends[end])
            backwards = _distances(_folded(wanted)[::-1], _folded(passage[:end])[::-1])
            begin = end - int(backwards.argmin())
            found = passage[slice(*_whole_words(passage, begin, end))].strip()
    return found


def _folded(text: str) -> str:
    """Fold case, each character to one."""
    return "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text)


def _distances(wanted: str, text: str) -> NDArray[np.int64]:
    """Return for each offset of `text` the least edits that turn a stretch ending there."""
    codes = np.array([ord(c) for c in text], dtype=np.int64)
    steps = np.arange(len(text) + 1)
    row = np.zeros(len(text) + 1, dtype=np.int64)
    for number, character in enumerate(wanted, start=1):
        other = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(character)))
        row = np.concatenate(([number], other))
        row = np.minimum.accumulate(row - steps) + steps
    return row


def _whole_words(text: str, begin: int, end: int) -> tuple[int, int]:
    """Widen a stretch to whole words."""
    while begin > 0 and text[begin - 1].isalnum() and text[begin : begin + 1].isalnum():
        begin -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return begin, end
