"""RAG-Sequence decoding: read passages in parallel and weight the quotes each proposes.

RAG-Sequence (Lewis et al. 2020, "Retrieval-augmented generation for knowledge-intensive NLP
tasks"): each passage proposes quotes of its own, as in `constrained_decoding`, and each is scored
under every passage ("thorough decoding"): p(y|x) = sum over z of p(z|x) p(y|x,z).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.engine.likelihood import LogProbabilities
from assistant.engine.parallel_sequences import Sequences
from assistant.engine.prefix_cache import CachedDecoder
from assistant.engine.span_automaton import MARK, SpanAutomaton, SpanState, TokenVocabulary
from assistant.errors import ContextOverflowError
from assistant.types import CancelToken, WeightedPassage, WeightedQuote, WeightedQuotes

STARTS = 2
"""Quotes that each passage proposes, each from another first token."""

HOPELESS = 5.0
"""Nats by which a quote may be less likely than the best one that has ended, before it is
given up: it could not become an answer any more, nor a rival that is worth showing."""

LEAST_ROOM = 8
"""Tokens of an answer for which there must be room beside the passages."""


@dataclass(slots=True)
class _PartialQuote:
    """A quote as it grows after passage number `passage`, in the sequence `branch`.

    `prior` is log p of its passage and opening mark.
    """

    passage: int
    branch: int
    automaton: SpanAutomaton
    state: SpanState
    prior: float
    tokens: list[int]
    log_probability: float
    done: bool = False
    complete: bool = False
    hopeless: bool = False

    @property
    def score(self) -> float:
        """Its log-probability so far, that of its passage included; it can only fall."""
        return self.prior + self.log_probability


class RagSequenceDecoder:
    """Decodes quotes of several passages. `longest` is the most tokens of an answer.

    `prompts` are the tokens of those in `passages`, `end` is the token that the template writes
    after an answer. Raises `Cancelled`, `EngineError`, and `ContextOverflowError` if the passages
    do not fit the context side by side.
    """

    def __init__(
        self,
        decoder: CachedDecoder,
        vocabulary: TokenVocabulary,
        end: int,
        prompts: Sequence[Sequence[int]],
        passages: Sequence[WeightedPassage],
        longest: int,
    ) -> None:
        self._decoder = decoder
        self._vocabulary = vocabulary
        self._end = end
        self._prompts = prompts
        self._passages = passages
        self._weights = [passage.weight for passage in passages]
        self._longest = longest
        self._shared = shared_beginning(prompts)
        self._room = decoder.runtime.context_length - self._shared
        self._room -= sum(len(prompt) - self._shared + 1 for prompt in prompts)
        if self._room < LEAST_ROOM * len(prompts):
            raise ContextOverflowError(
                f"{len(prompts)} passages do not fit the model's context side by side.",
                hint="Read fewer of them (prompt_passages), or set a larger context_length.",
            )

    def weighed(self, refusal: int, cancel: CancelToken) -> WeightedQuotes:
        """Let each passage propose quotes, and weigh them; the likeliest comes first.

        `refusal` is the first token of a refusal. What was cut off before its first word was
        whole is no quote.
        """
        mark = self._vocabulary.by_bytes.get(MARK)
        if mark is None:
            return WeightedQuotes((), 0.0, 0.0)
        if self._shared:
            self._decoder.prefill(self._prompts[0][: self._shared], cancel)
        else:
            self._decoder.keep(0)
        with Sequences(self._decoder, cancel) as sequences:
            roots = [sequences.fork() for _ in self._prompts]
            tails = (prompt[self._shared :] for prompt in self._prompts)
            likely = sequences.feed(dict(zip(roots, tails, strict=True)))
            refusals = [float(likely[root][refusal]) for root in roots]
            openings = [float(likely[root][mark]) for root in roots]
            likely = sequences.feed({root: [mark] for root in roots})
            most = max(1, self._room // (len(roots) * 4 * LEAST_ROOM))
            starts = min(STARTS, most, sequences.free // len(roots))
            started = []
            for passage, root in enumerate(roots):
                prior = self._weights[passage] + openings[passage]
                begun = self._started(passage, likely[root], prior, starts)
                started += [replace(text, branch=sequences.fork(root)) for text in begun]
            grown = self._grown(sequences, started)
            weighed = self._thorough(sequences, grown, roots, likely, openings)
        whole = sorted((t for t in weighed if t.text), key=lambda text: -text.log_probability)
        return WeightedQuotes(tuple(whole), self._sum(openings), self._sum(refusals))

    def _sum(self, terms: Sequence[float]) -> float:
        """Return the log of the sum of probabilities, each weighed with its passage's."""
        return float(np.logaddexp.reduce(np.add(terms, self._weights)))

    def _started(
        self, passage: int, likely: LogProbabilities, prior: float, starts: int
    ) -> list[_PartialQuote]:
        """Begin quotes of a passage with the likeliest first tokens."""
        automaton = SpanAutomaton(self._vocabulary, [self._passages[passage].passage])
        transitions = automaton.transitions(automaton.begin(), may_close=False)
        return [
            _PartialQuote(
                passage, 0, automaton, transitions[token], prior, [token], float(likely[token])
            )
            for token in sorted(transitions, key=lambda token: -likely[token])[:starts]
        ]

    def _grown(self, sequences: Sequences, texts: Sequence[_PartialQuote]) -> list[_PartialQuote]:
        """Advance all quotes together, a token at a time; return those with a chance."""
        longest = min(self._longest, self._room // max(1, len(texts)))
        while growing := [t for t in texts if not t.done and len(t.tokens) < longest]:
            likely = sequences.feed({t.branch: t.tokens[-1:] for t in growing})
            for text in growing:
                self._advance(text, likely[text.branch])
            best = max((t.score for t in texts if t.complete), default=-np.inf)
            for text in growing:
                text.hopeless = text.score < best - HOPELESS
                text.done = text.done or text.hopeless
        sequences.release(*(text.branch for text in texts))
        return [text for text in texts if not text.hopeless]

    def _advance(self, text: _PartialQuote, likely: LogProbabilities) -> None:
        transitions = text.automaton.transitions(text.state)
        if text.state.closed:
            transitions[self._end] = SpanState()
        if not transitions:  # no token spells what follows
            text.done = True
            return
        numbers = np.fromiter(transitions, dtype=np.int64)
        token = int(numbers[likely[numbers].argmax()])
        text.log_probability += float(likely[token])
        text.done = text.complete = bool(text.state.closed) and token == self._end
        if not text.done:
            text.tokens.append(token)
            text.state = transitions[token]

    def _thorough(
        self,
        sequences: Sequences,
        texts: Sequence[_PartialQuote],
        roots: Sequence[int],
        likely: Mapping[int, LogProbabilities],
        openings: Sequence[float],
    ) -> list[WeightedQuote]:
        """Score each quote under every passage; equal quotes of two passages are one."""
        own: dict[tuple[int, ...], dict[int, _PartialQuote]] = {}
        for text in texts:
            end = (self._end,) if text.complete else ()
            own.setdefault((*text.tokens, *end), {}).setdefault(text.passage, text)
        found = []
        for tokens, by_passage in own.items():
            others = {sequences.fork(r): n for n, r in enumerate(roots) if n not in by_passage}
            sums = sequences.score(dict.fromkeys(others, tokens))
            sequences.release(*others)
            known = {n: text.log_probability for n, text in by_passage.items()}
            known |= {n: sums[f] + float(likely[roots[n]][tokens[0]]) for f, n in others.items()}
            terms = [known[n] + w + openings[n] for n, w in enumerate(self._weights)]
            found.append(self._joined(next(iter(by_passage.values())), terms, len(tokens)))
        return found

    def _joined(self, text: _PartialQuote, terms: Sequence[float], tokens: int) -> WeightedQuote:
        total = float(np.logaddexp.reduce(terms))
        data = b"".join(map(self._vocabulary.piece, text.tokens))
        words, places = text.automaton.stretch(text.state, data)
        places = tuple(replace(place, passage=text.passage) for place in places)
        return WeightedQuote(
            words, total, text.passage, tokens, tuple(terms), text.complete, places
        )


def shared_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all prompts begin with; at least one of each is left over."""
    most = min(map(len, prompts)) - 1
    alike = (len({prompt[at] for prompt in prompts}) == 1 for at in range(most))
    return next((at for at, same in enumerate(alike) if not same), most)
