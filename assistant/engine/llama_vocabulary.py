"""The vocabulary of a loaded GGUF: text to tokens and back, and the special tokens."""

from __future__ import annotations

import ctypes
from typing import Any

from assistant.errors import EngineError

_CONTROL, _UNKNOWN, _USER_DEFINED = 1 << 3, 1 << 0, 1 << 4
_TOO_MANY = -(1 << 31)


class LlamaVocabulary:
    """The vocabulary of `model`, a `llama_model` of llama.cpp's binding `lib`."""

    def __init__(self, lib: Any, model: Any) -> None:
        self._lib = lib
        self._model = model
        self._vocabulary = lib.llama_model_get_vocab(model)
        self.vocabulary_size = int(lib.llama_vocab_n_tokens(self._vocabulary))

    @property
    def template(self) -> str:
        """The model's own chat template, "" if it has none."""
        raw = self._lib.llama_model_chat_template(self._model, None)
        return raw.decode("utf-8", "replace") if raw else ""

    @property
    def adds_bos(self) -> bool:
        return bool(self._lib.llama_vocab_get_add_bos(self._vocabulary))

    @property
    def bos(self) -> int:
        return int(self._lib.llama_vocab_bos(self._vocabulary))

    @property
    def eos(self) -> int:
        return int(self._lib.llama_vocab_eos(self._vocabulary))

    def token_text(self, token: int) -> str:
        """Return a token's own name ("<|im_end|>"), "" for none."""
        if not 0 <= token < self.vocabulary_size:
            return ""
        raw = self._lib.llama_vocab_get_text(self._vocabulary, token)
        return raw.decode("utf-8", "replace") if raw else ""

    def is_special(self, token: int) -> bool:
        """Whether a token is written by templates and not by text."""
        attributes = self._lib.llama_vocab_get_attr(self._vocabulary, token)
        return bool(attributes & (_CONTROL | _UNKNOWN | _USER_DEFINED))

    def ends_answer(self, token: int) -> bool:
        """Whether a token ends the answer: end of generation, or any control token."""
        if self._lib.llama_vocab_is_eog(self._vocabulary, token):
            return True
        return bool(self._lib.llama_vocab_get_attr(self._vocabulary, token) & _CONTROL)

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of `text`; special tokens are recognised only if `special`."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        # Nearly always enough. A vocabulary that writes a space as three bytes (SPM without
        # a token for it) needs more; the negative count then says how much.
        for _ in range(2):
            buffer = (self._lib.llama_token * room)()
            count = self._lib.llama_tokenize(
                self._vocabulary, data, len(data), buffer, room, False, special
            )
            if count >= 0:
                return list(buffer[:count])
            if count == _TOO_MANY:
                break
            room = -count
        raise EngineError(
            "The text can't be tokenized: it is too long.", hint="Ask about a shorter text."
        )

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for (maybe part of a character)."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = self._lib.llama_token_to_piece(self._vocabulary, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count
