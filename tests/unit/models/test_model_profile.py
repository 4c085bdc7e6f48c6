"""The profile of a chat model: estimated by its size, measured, stored, refused when damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models.model_profile import (
    FIRST_WORDS,
    PROFILE_FILE,
    decided,
    for_speed,
    profile_of,
    write_profile,
)
from assistant.models.model_record import ModelRecord, write_record
from assistant.types import Calibration, Measured, ModelProfile

RECORD = ModelRecord(
    name="able",
    title="Able",
    sha256="a" * 64,
    size=1,
    source="able.gguf",
    source_sha256="a" * 64,
    licence="Apache-2.0",
    architecture="qwen3",
    parameters=4_000_000_000,
    context_length=32768,
    quantization="Q4_K_M",
    prompt_style="chatml",
    default_system="",
    template_sha256="b" * 64,
    added_at="2026-12-01T00:00:00+00:00",
)
GOOD = Measured(60.0, 9.0, 1 << 30, 2, 0.9, 1.0, 0.8, 0)


def test_size_says_what_a_model_is_asked_for(tmp_path: Path) -> None:
    small = replace(RECORD, parameters=135_000_000)
    assert profile_of(small, tmp_path).prompt == "system"
    assert profile_of(small, tmp_path).passage_tokens == ModelProfile().passage_tokens
    assert profile_of(RECORD, tmp_path).prompt == "sentences"
    tuned = replace(RECORD, calibration=Calibration(quotes_only=True))
    assert profile_of(tuned, tmp_path).prompt != "sentences"


def test_an_adapter_is_as_able_as_its_base(tmp_path: Path) -> None:
    (tmp_path / "able").mkdir()
    write_record(tmp_path / "able", RECORD)
    adapter = replace(RECORD, name="over", base="able", parameters=1_000_000)
    assert profile_of(adapter, tmp_path / "over") == profile_of(RECORD, tmp_path / "able")


def test_a_slower_model_is_shown_less_and_never_nothing() -> None:
    rooms = [for_speed(speed, 32768) for speed in (1.0, 8.0, 20.0, 60.0, 400.0, 1e9)]
    shown = [profile.passage_tokens for profile in rooms]
    assert shown == sorted(shown)
    assert shown[0] > 0
    for speed, profile in zip((20.0, 60.0), rooms[2:4], strict=True):
        assert profile.passage_tokens / speed < FIRST_WORDS
    assert all(p.context_length >= p.passage_tokens + p.answer_tokens for p in rooms)
    assert for_speed(400.0, 512).context_length == 512


def test_what_was_measured_is_stored_and_counts(tmp_path: Path) -> None:
    profile, why = decided(GOOD, RECORD, "/no_think")
    write_profile(RECORD, tmp_path, profile)
    assert profile_of(RECORD, tmp_path) == profile
    assert profile.measured == GOOD
    assert profile.no_think == "/no_think"
    assert "60" in why
    other = replace(RECORD, sha256="c" * 64)
    assert profile_of(other, tmp_path).measured is None


@pytest.mark.parametrize("share", ["answered", "refused", "cited"])
def test_a_model_that_fails_is_asked_for_a_quote(share: str) -> None:
    profile, why = decided(replace(GOOD, **{share: 0.4}), RECORD, "")
    assert profile.prompt != "sentences"
    assert share in why


def test_a_slow_one_and_one_that_thinks_aloud_are_told_of() -> None:
    profile, why = decided(replace(GOOD, thought=300), RECORD, "")
    assert "smaller model" in why
    assert "thinks aloud" in why
    assert profile.thinking_tokens == 300


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"sha256": "x"},
        {"profile": {}},
        {"profile": {"prompt": "shouting"}},
        {"profile": {"passages": 0}},
        {"profile": {"context_length": 1 << 30}},
        {"profile": {"no_think": "x" * 100}},
        {"profile": {"stop": ["x"] * 17}},
        {"profile": {"measured": {"prefill": 1}}},
        {"more": 1},
    ],
)
def test_a_damaged_profile_is_refused_with_what_to_do(
    tmp_path: Path, change: dict[str, object]
) -> None:
    write_profile(RECORD, tmp_path, ModelProfile())
    path = tmp_path / PROFILE_FILE
    table = json.loads(path.read_text())
    if change == {"profile": {}}:
        change = {"profile": "none"}
    for key, value in change.items():
        table[key] = table[key] | value if isinstance(value, dict) else value
    path.write_text(json.dumps(table))
    with pytest.raises(ModelError) as caught:
        profile_of(RECORD, tmp_path)
    assert "tune-in able" in caught.value.hint
