"""How an installed chat model is asked: its profile, measured or estimated.

`<data>/models/<name>/profile.json` stands beside the model's record once
`assistant models tune-in` has measured it on this machine. Without it, the model's size says
what it can do and how fast it will probably be.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from assistant.errors import ModelError
from assistant.models.model_record import ModelRecord, read_record, write_json
from assistant.strict_reader import MissingInputError, Sha256, read_file, read_json, refused
from assistant.types import Measured, ModelProfile

PROFILE_FILE = "profile.json"
FIRST_WORDS = 8.0
"""Seconds that a person waits for the chat model's first word; the reader's answer is there."""

ABLE = 700_000_000
"""Parameters from which a model that nobody measured is asked for full sentences."""

REFERENCE_SPEED = 1e11
"""Tokens that are read in a second, times parameters: Q4_K_M on two cores with AVX2, by the table
in docs/models.md. A model that nobody measured is taken to be as fast."""

_RESERVE = 0.85
"""The share of the speed that is counted on: a laptop does other things too."""
_SEARCH_SECONDS = 0.5
_FRAME_TOKENS = 60
"""The question, the reminder and the marks of turns; the system text is computed beforehand."""
_SYSTEM_TOKENS = 110
_HEADER_TOKENS = 16
"""The line above a passage: its number, document and page."""
_EACH = 110
_LEAST, _MOST = 60, 2400
_MOST_PASSAGES = 8
_ANSWER_TOKENS = 256
_STEP = 256
_LONGEST_THOUGHT = 1024
_MOST_BYTES = 1 << 16
STOP = (
    "\nQuestion:", "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>",
    "<|start_of_role|>", "<end_of_turn>", "<|end|>", "<|user|>", "[INST]", "</s>",
)  # fmt: skip
"""Texts at which an answer ends: a next question that the model asks itself, and marks of turns
that a file does not say are special tokens."""

_ENOUGH = 0.5
"""The share of built-in questions of each kind from which a model is asked for sentences."""


@dataclass(frozen=True, slots=True)
class _Stored:
    format: Literal[1]
    sha256: Sha256
    profile: ModelProfile


def profile_of(record: ModelRecord, folder: Path) -> ModelProfile:
    """Return the profile of an installed model: the measured one, or an estimate by its size.

    One that was measured of other bytes does not count. Raises `ModelError` for a damaged file.
    """
    path = folder / PROFILE_FILE
    hint = f"Measure the model again: assistant models tune-in {record.name}"
    with refused(ModelError, f"{path} can't be read", hint=hint):
        try:
            stored = read_json(read_file(path, _MOST_BYTES), _Stored)
        except MissingInputError:
            return estimated(record, folder)
    return stored.profile if stored.sha256 == record.sha256 else estimated(record, folder)


def write_profile(record: ModelRecord, folder: Path, profile: ModelProfile) -> None:
    """Store what was measured. Raises `ModelError`."""
    write_json(folder / PROFILE_FILE, asdict(_Stored(1, record.sha256, profile)))


def estimated(record: ModelRecord, folder: Path) -> ModelProfile:
    """Return the profile of a model that was never measured here."""
    own = record
    if record.base and (base := folder.parent / record.base).is_dir():
        own = read_record(base)
    if record.calibration.quotes_only or own.parameters < ABLE:
        return ModelProfile(stop=STOP)
    return for_speed(REFERENCE_SPEED / own.parameters, own.context_length)


def for_speed(prefill: float, trained_context: int, thinking: int = 0) -> ModelProfile:
    """Return the profile of a model that writes sentences and reads `prefill` tokens a second.

    It is shown as many passages as leave its first word within `FIRST_WORDS`, at least one
    short one; `thinking` are tokens that it thinks aloud.
    """
    room = int((FIRST_WORDS - _SEARCH_SECONDS) * prefill * _RESERVE) - _FRAME_TOKENS
    passages = max(1, min(_MOST_PASSAGES, room // (_EACH + _HEADER_TOKENS)))
    tokens = max(_LEAST, min(_MOST, room - passages * _HEADER_TOKENS))
    thinking = min(thinking, _LONGEST_THOUGHT)
    prompt = _SYSTEM_TOKENS + _FRAME_TOKENS + tokens + passages * _HEADER_TOKENS
    context = -(-(prompt + 3 * (_ANSWER_TOKENS + thinking)) // _STEP) * _STEP
    return ModelProfile(
        prompt="sentences",
        context_length=max(64, min(context, trained_context)),
        passages=passages,
        passage_tokens=tokens,
        answer_tokens=_ANSWER_TOKENS,
        thinking_tokens=thinking,
        stop=STOP,
    )


def first_words(profile: ModelProfile, prefill: float, decode: float) -> float:
    """Return the seconds until the first word where the passages fill their budget."""
    tokens = _FRAME_TOKENS + profile.passage_tokens + profile.passages * _HEADER_TOKENS
    thinking = profile.thinking_tokens / decode if profile.thinking_tokens and decode else 0.0
    return _SEARCH_SECONDS + tokens / max(prefill, 1e-6) + thinking


def decided(measured: Measured, record: ModelRecord, no_think: str) -> tuple[ModelProfile, str]:
    """Return the profile for what was measured, and why it is this one, in plain sentences.

    A model that answers, refuses and cites at least half of the built-in questions rightly is
    asked for sentences; another one for a quote.
    """
    wide = for_speed(measured.prefill, record.context_length, measured.thought)
    said = [f"It reads {measured.prefill:.0f} and writes {measured.decode:.1f} tokens a second."]
    weak = _weak(measured)
    if weak or record.calibration.quotes_only:
        usual = ModelProfile(stop=STOP)
        tokens = min(usual.passage_tokens, wide.passage_tokens)
        profile = replace(usual, passages=min(4, wide.passages), passage_tokens=tokens)
        tuned = "It was tuned to quote or refuse, and goes on doing so."
        few = f"Too few were {' and '.join(weak)}: it is asked for a quote, not for sentences."
        said.append(tuned if record.calibration.quotes_only else few)
    else:
        profile = wide
        said.append("It answers in full sentences with the numbers of passages.")
    seconds = first_words(profile, measured.prefill, measured.decode)
    said.append(
        f"It is shown up to {profile.passages} passages of {profile.passage_tokens} tokens "
        f"together; its first word then takes about {seconds:.0f} s."
    )
    if seconds > FIRST_WORDS:
        said.append(f"That is more than {FIRST_WORDS:.0f} s: a smaller model suits this machine.")
    if no_think:
        said.append(f"It is told not to think aloud ({no_think}).")
    if measured.thought:
        said.append("It thinks aloud before it answers; that is hidden and costs time.")
    return replace(profile, no_think=no_think, measured=measured), " ".join(said)


def _weak(measured: Measured) -> list[str]:
    """Return what a model did rightly too seldom, in words."""
    shares = {
        "answered": measured.answered,
        "refused where there is no answer": measured.refused,
        "cited": measured.cited,
    }
    return [name for name, share in shares.items() if share < _ENOUGH]
