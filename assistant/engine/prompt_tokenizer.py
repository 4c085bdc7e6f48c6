"""Tokenize prompts; special tokens can only come from the template."""

from __future__ import annotations

import re

from assistant.engine.chat_template import PromptStyle, RenderedPrompt
from assistant.engine.llama_runtime import LlamaRuntime
from assistant.types import Message

# Every character that is written in one or two bytes, and one for each longer beginning:
# together every byte that UTF-8 has.
_EVERY_BYTE = "".join(
    chr(code)
    for code in (*range(0x800), *range(0x800, 0x110000, 0x800), 0x100000)
    if not 0xD800 <= code <= 0xDFFF
)


def try_vocabulary(runtime: LlamaRuntime) -> None:
    """Tokenize every byte and write out every token, each of which may end the process.

    llama.cpp looks up the token of a single byte, and the byte of such a token, without
    asking whether it is there: a vocabulary with a hole loads and answers, and crashes on
    the first text that needs what is missing. For the child that tries a new model.
    """
    runtime.tokenize(_EVERY_BYTE, special=False)
    for character in _EVERY_BYTE:
        runtime.tokenize(character, special=True)
    for token in range(runtime.vocabulary_size):
        runtime.piece(token)
        runtime.token_text(token)


def plain_pieces(runtime: LlamaRuntime) -> dict[int, bytes]:
    """Return what each token writes, by its number; special ones are left out."""
    numbers = range(runtime.vocabulary_size)
    return {token: runtime.piece(token) for token in numbers if not runtime.is_special(token)}


class PromptTokenizer:
    """Tokenizes prompts for one model.

    `specials` are the special tokens that its template was seen to write, by their text.
    """

    def __init__(self, runtime: LlamaRuntime) -> None:
        self._runtime = runtime
        self.specials: dict[str, int] = {}
        self._not_special: set[str] = set()

    def tokenize(self, prompt: str) -> list[int]:
        """Return the tokens of a prompt; special ones only where the template wrote them.

        Text between two special tokens is tokenized as one, wherever it came from, so a
        harmless prompt gets the tokens that it had when the model was trained.
        """
        runtime = self._runtime
        if not isinstance(prompt, RenderedPrompt):
            return self.plain(prompt)
        tokens: list[int] = []
        plain = ""
        for text, by_template in prompt.parts:
            for piece in self.split(text) if by_template else [text]:
                special = self.specials.get(piece) if by_template else None
                if special is None:
                    plain += piece
                    continue
                tokens += self.plain(plain)
                tokens.append(special)
                plain = ""
        tokens += self.plain(plain)
        if runtime.adds_bos and tokens[:1] != [runtime.bos]:
            tokens.insert(0, runtime.bos)
        return tokens

    def split(self, text: str) -> list[str]:
        """Cut a template's text at its special tokens (kept as pieces)."""
        if text not in self._not_special:
            for token in self._runtime.tokenize(text, special=True):
                if self._runtime.is_special(token):
                    self.specials[self._runtime.token_text(token)] = token
            self._not_special.add(text)
        known = sorted(self.specials, key=len, reverse=True)
        if not known:
            return [text]
        return [p for p in re.split("(" + "|".join(map(re.escape, known)) + ")", text) if p]

    def plain(self, text: str) -> list[int]:
        """Tokenize text in which no special token of the template may come to be.

        llama.cpp recognises "user defined" tokens even in plain text; where a model has
        marked its turn markers so, they are taken apart after the first character.
        """
        if not text:
            return []
        tokens = self._runtime.tokenize(text, special=False)
        forbidden = set(self.specials.values())
        if forbidden.isdisjoint(tokens):
            return tokens
        marks = sorted(self.specials, key=len, reverse=True)
        cut = re.split(
            "|".join(f"(?<={re.escape(m[0])})(?={re.escape(m[1:])})" for m in marks), text
        )
        tokens = [t for part in cut for t in self._runtime.tokenize(part, special=False)]
        return [t for t in tokens if t not in forbidden]

    def end_of_turn(self, style: PromptStyle) -> int:
        """Return the token that a template writes after an answer.

        llama.cpp's own idea of it is a guess, and a wrong one for SmolLM2.
        """
        parts = style.render((Message("user", "x"), Message("assistant", "y"))).parts
        last = max(at for at, (_, by_template) in enumerate(parts) if not by_template)
        for text, _ in parts[last + 1 :]:
            for piece in self.split(text):
                token = self.specials.get(piece)
                if token is not None and self._runtime.ends_answer(token):
                    return token
        return self._runtime.eos
