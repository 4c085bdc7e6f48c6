"""How one chat model is asked: what suits its size, its speed and its habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PromptStyle = Literal["system", "user-only", "sentences"]
"""`system` and `user-only` ask for a few words in quotation marks, which small models can do (the
latter in one turn, for templates without a system turn); `sentences` for full sentences, each
with the number of its passage."""

_LIMITS: dict[str, tuple[int, int]] = {
    "context_length": (64, 1 << 20),
    "passages": (1, 32),
    "passage_tokens": (1, 1 << 20),
    "answer_tokens": (1, 8192),
    "thinking_tokens": (0, 8192),
}
_MOST_STOPS, _LONGEST_STOP = 16, 64


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a model on this machine.

    `prefill` and `decode` are tokens a second, `memory` the most resident bytes of the process,
    `threads` those that computed. The shares (0..1) are of the built-in questions: `answered`
    rightly where there is an answer, `refused` where there is none, `cited` with the number of
    the right passage; `thought` is the most tokens that it thought aloud.
    """

    prefill: float
    decode: float
    memory: int
    threads: int
    answered: float
    refused: float
    cited: float
    thought: int


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What a chat model is asked with; by default what suits one of 135 million parameters.

    `prompt` is the style of its prompt, `context_length` what is allocated, `passages` and
    `passage_tokens` how much of the documents it is shown, `answer_tokens` how long it may
    write, `thinking_tokens` how much more if it thinks aloud first; all in tokens but
    `passages`. `no_think` is put after a question ("/no_think"), `stop` are texts that end an
    answer. `measured` is None where all this was estimated.
    """

    prompt: PromptStyle = "system"
    context_length: int = 2048
    passages: int = 4
    passage_tokens: int = 350
    answer_tokens: int = 160
    thinking_tokens: int = 0
    no_think: str = ""
    stop: tuple[str, ...] = ()
    measured: Measured | None = None

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"'{name}' is not from {least} to {most}")
        texts = (self.no_think, *self.stop)
        if len(self.stop) > _MOST_STOPS or max(map(len, texts)) > _LONGEST_STOP:
            raise ValueError("'stop' or 'no_think' is too long")
