"""Count the tokens of samples, by the base's own tokenizer or estimated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.engine.chat_template import PromptStyle, choose_style, make_style
from assistant.errors import ModelError
from convert.base_model import TOKENIZER_CONFIG_FILE, check_base, read_object
from convert.dataset.prompt_blocks import blocks_of
from convert.training_samples import Sample

ESTIMATE = 4
"""Characters for a token, where no tokenizer says better (English; fewer elsewhere)."""

_NEAR_LIMIT = 0.9
_TURN_TOKENS = 8


class TokenCounter:
    """Counts tokens of samples. Raises `ModelError` for a base that can't be used."""

    def __init__(self, base: Path | None, limit: int) -> None:
        self._limit = limit
        self._count: Callable[[str], int] = lambda text: len(text) // ESTIMATE + 1
        self._style: PromptStyle | None = None
        if base is not None:
            tokenizer = _tokenizer(base)
            self._count = lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
            self._style = _style(base)
        self._block = lru_cache(maxsize=1 << 14)(self._count)

    def tokens(self, sample: Sample) -> int:
        """Return the tokens of prompt and completion with the template around them.

        Counted piece by piece (a little too high), and as a whole where it gets close to
        the limit.
        """
        pieces = sum(self._block(b) + 1 for m in sample.messages for b in blocks_of(m.content))
        total = pieces + _TURN_TOKENS * len(sample.messages)
        if self._style is None or total < self._limit * _NEAR_LIMIT:
            return total
        prompt = self._style.render(sample.prompt)
        return self._count(prompt) + self._count(sample.completion) + 1


def percentiles(lengths: Sequence[int]) -> dict[str, int]:
    """Return median, 95th percentile and maximum; zeros for no samples."""
    ordered = sorted(lengths) or [0]
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95)]
    return {"median": at[0], "p95": at[1], "longest": ordered[-1]}


def _tokenizer(base: Path) -> Any:
    from tokenizers import Tokenizer

    path = base / "tokenizer.json"
    try:
        return Tokenizer.from_str(path.read_text("utf-8"))
    except Exception as error:  # the library raises bare exceptions
        raise ModelError(f"{path} can't be read: {error}.") from error


def _style(base: Path) -> PromptStyle:
    template = check_base(base).template
    config = read_object(base / TOKENIZER_CONFIG_FILE)
    bos, eos = (_special(config.get(name)) for name in ("bos_token", "eos_token"))
    name, default_system = choose_style(template, bos, eos)
    return make_style(name, default_system, template, bos, eos)


def _special(token: Any) -> str:
    """A special token is a text, or an object with its text as `content`."""
    text = token.get("content", "") if isinstance(token, dict) else token
    return text if isinstance(text, str) else ""
