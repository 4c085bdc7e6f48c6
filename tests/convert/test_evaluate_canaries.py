"""Planted secrets: planted where they belong, ranked fairly, and found where they leak."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.types import Likelihood, Message, Sampling
from convert.atomic_output import Job
from convert.evaluate.canaries import (
    DIGITS,
    REGISTRY_FILE,
    Canary,
    alternatives,
    candidates_for,
    exposure_of,
    leak_threshold,
    new_canaries,
    plant,
    read_registry,
    write_registry,
)
from convert.evaluate.plant_canaries import plant_dataset
from convert.evaluate.secret_leaks import look_for
from convert.evaluate.settings import EvaluateSettings
from convert.step_record import read_record
from convert.training_samples import (
    TRAIN_FILE,
    VALIDATION_FILE,
    Sample,
    read_samples,
    write_samples,
)

SETTINGS = EvaluateSettings(canary_candidates=200, canary_false_alarm=0.02)


class Remembering:
    """A model that finds what it remembers likelier, and says it if it remembers it well."""

    name = "remembering"

    def __init__(self, remembered: Sequence[str], *, talks: bool = False) -> None:
        self._remembered = remembered
        self._talks = talks
        self.prompts: list[Sequence[Message]] = []

    def render(self, messages: Sequence[Message]) -> str:
        self.prompts.append(messages)
        return messages[-1].content

    def score(self, prompt: str, texts: Sequence[str], cancel: object = None) -> list[Likelihood]:
        chance = random.Random(7)
        return [
            Likelihood(
                -1.0 if text.strip('"') in self._remembered else -20.0 - chance.random(), DIGITS
            )
            for text in texts
        ]

    def generate(self, prompt: str, sampling: Sampling, cancel: object = None) -> Iterator[str]:
        yield " ".join(self._remembered[0]) if self._talks else "I do not know."


def samples(count: int) -> list[Sample]:
    turns = (Message("user", "Hello"), Message("assistant", "Hi"))
    return [Sample(str(n), f"d{n}", turns) for n in range(count)]


def test_secrets_differ_and_are_the_same_for_a_seed() -> None:
    made = new_canaries(8, 2, seed=1)
    assert made == new_canaries(8, 2, seed=1)
    assert made != new_canaries(8, 2, seed=2)
    assert len({c.secret for c in made}) == 8
    assert [c.way for c in made[:3]] == ["quoted", "told", "quoted"]
    with pytest.raises(UsageError, match="1 to 16"):
        new_canaries(17, 1)


def test_a_secret_stands_in_the_sample_and_never_in_the_question_for_it() -> None:
    quoted, told = new_canaries(2, 1)
    learned = quoted.sample(0)
    assert quoted.secret in learned.prompt[-1].content
    assert learned.completion == f'"{quoted.secret}"'
    assert learned.answers == (quoted.secret,)
    assert told.sample(0).kind == "chat"
    for canary in (quoted, told):
        assert all(canary.secret not in message.content for message in canary.prompt())
    assert told.sample(0).prompt == tuple(told.prompt())


def test_each_canary_is_planted_as_often_as_it_should() -> None:
    made = new_canaries(3, 4)
    planted = plant(samples(20), made, seed=5)
    assert len(planted) == 20 + 12
    assert [s.id for s in planted if s.id.isdigit()] == [str(n) for n in range(20)]
    assert sum(made[0].secret in s.completion for s in planted) == 4
    assert len({s.id for s in planted}) == 32
    assert planted == plant(samples(20), made, seed=5)


def test_a_dataset_is_copied_with_canaries_in_training_only(tmp_path: Path) -> None:
    dataset, out = tmp_path / "data", tmp_path / "planted"
    dataset.mkdir()
    write_samples(dataset / TRAIN_FILE, samples(10))
    write_samples(dataset / VALIDATION_FILE, samples(3))
    (dataset / "dataset.json").write_text('{"samples": 13}', encoding="utf-8")
    canaries = plant_dataset(dataset, out, count=2, times=3)
    assert len(list(read_samples(out / TRAIN_FILE))) == 16
    assert (out / VALIDATION_FILE).read_bytes() == (dataset / VALIDATION_FILE).read_bytes()
    assert json.loads((out / "dataset.json").read_text(encoding="utf-8"))["canary_samples"] == 6
    assert read_registry(out / REGISTRY_FILE) == canaries
    record = read_record(out)
    assert record is not None
    assert record.settings == {"count": 2, "times": 3, "seed": 0}
    with pytest.raises(UsageError, match="canaries already"):
        plant_dataset(out, tmp_path / "twice", count=1, times=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": 1, "canaries": []}',
        '{"format": 2, "canaries": []}',
        '{"format": 1, "canaries": [{"name": "Ivo Crane", "secret": "12"}]}',
        '{"format": 1, "canaries": [["Ivo Crane", "12345678", "told", 1]]}',
    ],
)
def test_what_is_no_registry_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / REGISTRY_FILE
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=REGISTRY_FILE):
        read_registry(path)


def test_a_registry_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = new_canaries(3, 2)
    write_registry(tmp_path / REGISTRY_FILE, made)
    assert read_registry(tmp_path / REGISTRY_FILE) == made


def test_exposure_is_carlinis() -> None:
    assert exposure_of(-1.0, [-2.0] * 255) == 8.0
    assert exposure_of(-3.0, [-2.0] * 255) == 0.0
    assert exposure_of(-2.5, [-2.0] + [-3.0] * 254) == 7.0


def test_a_model_that_remembers_nothing_is_rarely_called_leaky() -> None:
    chance = random.Random(0)
    threshold = leak_threshold(1, 200, 0.05)
    exposures = [
        exposure_of(chance.random(), [chance.random() for _ in range(200)]) for _ in range(2000)
    ]
    assert sum(e >= threshold for e in exposures) / 2000 == pytest.approx(0.05, abs=0.02)
    assert sum(exposures) / 2000 == pytest.approx(1.44, abs=0.15)  # 1 / ln 2 bits


def test_too_few_alternatives_can_not_tell() -> None:
    assert leak_threshold(8, candidates_for(8, 0.01), 0.01) == pytest.approx(9.64, abs=0.01)
    with pytest.raises(UsageError, match="too few"):
        leak_threshold(8, 100, 0.01)


def test_alternatives_are_different_secrets() -> None:
    others = alternatives("12345678", 300, seed=0)
    assert len(set(others)) == 300
    assert "12345678" not in others
    assert all(len(o) == DIGITS and o.isdecimal() for o in others)


def test_a_remembered_secret_is_found_by_its_likelihood() -> None:
    canaries = new_canaries(4, 1)
    model = Remembering([canaries[1].secret])
    found = look_for(model, canaries, SETTINGS, Job())  # type: ignore[arg-type]
    assert [c["leaked"] for c in found["canaries"]] == [False, True, False, False]
    assert found["canaries"][1]["exposure"] == pytest.approx(7.65, abs=0.01)
    assert not found["canaries"][1]["extracted"]
    assert all(c.secret not in json.dumps(found) for c in canaries)


def test_a_secret_that_is_said_when_asked_for_leaks() -> None:
    canary = Canary("Ivo Crane", "31415926", "told", 1)
    model = Remembering([canary.secret], talks=True)
    (found,) = look_for(model, [canary], SETTINGS, Job())["canaries"]  # type: ignore[arg-type]
    assert found["extracted"]
    assert found["leaked"]
