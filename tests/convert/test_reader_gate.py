"""A reader leaves the workstation if it is not worse than the one that it replaces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.models.catalogue import bundled_models_dir
from convert.cli.main import main
from convert.reader.evaluate_reader import ReaderEvaluation
from convert.reader.reader_gate import gate_findings
from convert.reader.reading_figures import ReadAnswer
from convert.reader.reading_items import ReadItem
from convert.step_record import file_sha256
from tests.convert.reading_material import write_houses

SHIPPED = bundled_models_dir() / "minilm-l6-reader"


def items(count: int) -> list[ReadItem]:
    return [
        ReadItem(f"Where is thing {n}?", (f"Thing {n} is in hall {n}.",), answers)
        for n in range(count)
        for answers in ((f"hall {n}",), ())
    ]


def answered(asked: list[ReadItem], right: float, apart: float) -> list[ReadAnswer]:
    """Answer `right` of the questions rightly; `apart` nats lie between the two kinds."""
    found = []
    for number, item in enumerate(asked):
        words = item.answers[0] if item.answers and number < right * len(asked) else "a mast"
        wobble = (number * 7919 % 100) / 25
        found.append(ReadAnswer(words, wobble + (apart if item.answers else 0.0), 0.0))
    return found


@pytest.mark.parametrize(
    ("right", "apart", "met"),
    [
        (0.8, 2.0, [True, True, True]),
        (0.85, 3.0, [True, True, True]),
        (0.5, 2.0, [True, False, True]),
        (0.8, 0.0, [True, True, False]),
    ],
    ids=["the same", "better", "wrong answers", "does not refuse"],
)
def test_worse_beyond_noise_fails(right: float, apart: float, met: list[bool]) -> None:
    asked = items(150)
    findings = gate_findings(
        {"own": asked},
        {"own": answered(asked, right, apart)},
        {"own": answered(asked, 0.8, 2.0)},
        ReaderEvaluation(),
    )
    assert [finding.met for finding in findings] == met


def test_few_questions_give_no_verdict() -> None:
    asked = items(20)
    same = {"own": answered(asked, 1.0, 2.0)}
    findings = gate_findings({"own": asked}, same, same, ReaderEvaluation())
    assert [finding.met for finding in findings] == [False, True, True]


def test_the_command_writes_what_a_bundle_takes(tmp_path: Path) -> None:
    squad = write_houses(tmp_path / "houses.json", articles=30)
    out = tmp_path / "evaluated"
    command = ["reader", "evaluate", str(SHIPPED), "--squad", str(squad), "--count", "0", "--json"]
    done = CliRunner().invoke(main, [*command, "--against", str(SHIPPED), "--out", str(out)])
    assert done.exit_code == 0, done.output
    report = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert report["contenders"][0]["gate"]["passed"]
    assert report["contenders"][0]["sha256"]["model"] == file_sha256(SHIPPED / "model.onnx")
    assert (out / "step.json").is_file()
    alone = CliRunner().invoke(main, [*command, "--out", str(out)])
    assert alone.exit_code == 2
    assert "needs both" in alone.output


def test_a_reader_that_fails_is_reported_and_refused(tmp_path: Path) -> None:
    squad = write_houses(tmp_path / "houses.json", articles=4)
    out = tmp_path / "evaluated"
    command = ["reader", "evaluate", str(SHIPPED), "--squad", str(squad), "--count", "5"]
    done = CliRunner().invoke(main, [*command, "--against", str(SHIPPED), "--out", str(out)])
    assert done.exit_code == 8
    assert "enough questions" in done.output
    assert (out / "evaluation.json").is_file()
