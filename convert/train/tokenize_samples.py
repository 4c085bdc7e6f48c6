"""Tokenize samples exactly as the laptop's engine tokenizes the same text.

The messages are rendered by the laptop's own prompt style; its parts are tokenized as
`assistant.engine.chat_model` does it: special tokens only where the template wrote them, and the
text between two of them as one piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.engine.chat_template import (
    PromptStyle,
    RenderedPrompt,
    choose_style,
    make_style,
)
from assistant.errors import ModelError, UsageError
from assistant.types import Message
from convert.training_samples import Sample


@dataclass(frozen=True, slots=True)
class Tokenized:
    """A sample's tokens: the prompt, and the completion with its end-of-turn token."""

    sample: Sample
    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.completion)


class SampleTokenizer:
    """Tokenizes samples for one base.

    `tokenizer` is the base's (transformers, fast), `template` its chat template. Raises
    `ModelError` if they can't be used.
    """

    def __init__(self, tokenizer: Any, template: str) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelError(
                "The base's tokenizer has no tokenizer.json.",
                hint="Only tokenizers of the library 'tokenizers' are read.",
            )
        self._backend = backend
        bos, eos = tokenizer.bos_token or "", tokenizer.eos_token or ""
        self.style_name, self.default_system = choose_style(template, bos, eos)
        self._style = make_style(self.style_name, self.default_system, template, bos, eos)
        self._specials: dict[str, int] = {
            token.content: number
            for number, token in backend.get_added_tokens_decoder().items()
            if token.special
        }
        first = backend.encode("x").ids
        plain = backend.encode("x", add_special_tokens=False).ids
        self._bos = first[0] if len(first) > len(plain) and bos else None
        self.end = self._end_of_turn(eos)

    @property
    def style(self) -> PromptStyle:
        return self._style

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return the tokens of a prompt, up to where the assistant begins to speak."""
        tokens = self._parts(self._style.render(messages))
        if self._bos is not None and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tuple(tokens)

    def completion(self, text: str) -> tuple[int, ...]:
        """Return the tokens of an answer, and the token that ends a turn."""
        return (*self._plain(text), self.end)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without special ones."""
        text: str = self._backend.decode(list(tokens), skip_special_tokens=True)
        return text

    def tokenize(
        self,
        samples: Iterable[Sample],
        *,
        longest: int,
        progress: Callable[[int], None] | None = None,
    ) -> list[Tokenized]:
        """Tokenize samples. Raises `UsageError` naming one that is longer than `longest`."""
        found = []
        for number, sample in enumerate(samples, start=1):
            one = Tokenized(sample, self.prompt(sample.prompt), self.completion(sample.completion))
            if len(one) > longest:
                raise UsageError(
                    f"Sample {sample.id} has {len(one)} tokens, more than the {longest} allowed.",
                    hint="Use shorter or fewer passages, or a larger 'longest_sample' (up to "
                    "the base's context).",
                )
            found.append(one)
            if progress is not None and number % 500 == 0:
                progress(number)
        return found

    def _parts(self, rendered: RenderedPrompt) -> list[int]:
        tokens: list[int] = []
        plain = ""
        for text, by_template in rendered.parts:
            for piece in self._split(text) if by_template else [text]:
                special = self._specials.get(piece) if by_template else None
                if special is None:
                    plain += piece
                    continue
                tokens += self._plain(plain)
                tokens.append(special)
                plain = ""
        return tokens + self._plain(plain)

    def _split(self, text: str) -> list[str]:
        known = sorted(self._specials, key=len, reverse=True)
        pieces = re.split("(" + "|".join(map(re.escape, known)) + ")", text) if known else [text]
        return [piece for piece in pieces if piece]

    def _plain(self, text: str) -> list[int]:
        """Tokenize text in which no special token may come to be, whatever it says."""
        if not text:
            return []
        self._backend.encode_special_tokens = True
        try:
            ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        finally:
            self._backend.encode_special_tokens = False
        return ids

    def _end_of_turn(self, eos: str) -> int:
        """Find the token by which the template ends the assistant's turn."""
        turn = (Message("user", "x"), Message("assistant", "y"), Message("user", "z"))
        parts = self._style.render(turn).parts
        spoken = next(i for i, (text, own) in enumerate(parts) if text == "y" and not own)
        after = self._split(parts[spoken + 1][0]) if spoken + 1 < len(parts) else []
        for piece in [*after, eos]:
            if piece in self._specials:
                return self._specials[piece]
        raise ModelError("The base's chat template ends no turn with a special token.")
