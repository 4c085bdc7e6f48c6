"""`assistant advise` as a command: what it reads, asks, shows and writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.advice.questionnaire import QUESTIONS, QuestionnaireAnswers
from assistant.cli.advise.command import _asked
from assistant.cli.eval.libraries import ClosedBookWorkspace, FewShotChat, FewShotWorkspace
from assistant.cli.main import cli
from assistant.cli.wiring import LocalWorkspace
from assistant.evaluation.html_report import html_page
from assistant.evaluation.run_table import run_table
from assistant.evaluation.saved_run import write_run
from assistant.types import Message
from tests.fakes.advice import run_of
from tests.fakes.engine import FakeChat
from tests.unit.evaluation.test_eval_hostile import ABOUT
from tests.unit.test_docs import REFERENCE

FIXTURES = Path(__file__).parents[2] / "fixtures" / "advise"
SHAPE = REFERENCE.json_schema()["commands"]["advise"]


def run(data: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["advise", "--data-dir", str(data), *map(str, arguments)])


def saved(folder: Path, *, library: str = "library", **right: int) -> Path:
    about = {**ABOUT, "library": {**ABOUT["library"], "name": library}}
    table = run_table(about, run_of(**right).arms)
    write_run(folder, table, html_page(table), ())
    return folder


def test_the_newest_run_of_the_library_is_taken(tmp_path: Path) -> None:
    import os

    runs = tmp_path / "evaluations"
    saved(runs / "library-1", retrieval=90, tuned=40)
    saved(runs / "library-2", retrieval=10, tuned=90)
    saved(runs / "other-1", library="other", retrieval=10, tuned=10)
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{")
    for number, name in enumerate(("library-1", "library-2", "other-1", "broken")):
        os.utime(runs / name / "run.json", (number, number))
    result = run(tmp_path, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    validate(found, SHAPE)
    assert (found["run"], found["advice"], found["measured"]) == ("library-2", "both", True)
    assert {arm["part"] for arm in found["arms"]} == {"extract", "both"}


def test_without_a_run_it_is_a_guess(tmp_path: Path) -> None:
    result = run(tmp_path, "--defaults")
    assert result.exit_code == 0, result.output
    assert "THIS IS A GUESS" in result.stdout
    found = json.loads(run(tmp_path, "--json").stdout)
    validate(found, SHAPE)
    assert (found["measured"], found["run"]) == (False, "")
    saved(tmp_path / "evaluations" / "library-1", retrieval=90, tuned=40)
    assert not json.loads(run(tmp_path, "--json", "--unmeasured").stdout)["measured"]


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_it_is_written_to_a_file_too(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"advice.{suffix}"
    folder = saved(tmp_path / "run", retrieval=50, tuned=90, tuned_closed=20)
    result = run(tmp_path, "--run", folder, "--out", out)
    assert result.exit_code == 0, result.output
    text = out.read_text()
    for said in ("tuning and retrieval", "data updates", "suited for", "0.90", "What would change"):
        assert said in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "advice.txt"), "neither Markdown nor HTML"),
        (("--run", "nowhere"), "there is no such file"),
        (("--answers", "nowhere.toml"), "can't be read"),
        (("--training", "nowhere.json"), "there is no such file"),
        (("--unmeasured", "--tuned", "x"), "there is no run"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == 2
    assert said in result.output


class Typing:
    """A terminal at which somebody types."""

    def __init__(self, *typed: str) -> None:
        self.typed, self.said = list(typed), ""

    def ask(self, question: str) -> str:
        self.said += question
        return self.typed.pop(0)

    def say(self, text: str) -> None:
        self.said += text + "\n"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [(("",), "monthly"), (("weekly",), "weekly"), (("hourly", "daily"), "daily"),
     (("a", "b", "c"), "monthly")],
)  # fmt: skip
def test_questions_are_asked_until_they_are_understood(typed: tuple[str, ...], answer: str) -> None:
    terminal = Typing(*typed)
    assert _asked(QUESTIONS[0], QuestionnaireAnswers(), terminal) == answer  # type: ignore[arg-type]
    assert "[monthly]" in terminal.said
    assert ("It is one of" in terminal.said) == (len(typed) > 1)


# -- three measured cases (tests/bench/make_advise_cases.py) ------------------------------------


@pytest.mark.parametrize(
    ("case", "advice"), [("tariff", "retrieval"), ("style", "tuning"), ("both", "both")]
)
def test_three_measured_cases(tmp_path: Path, case: str, advice: str) -> None:
    folder = FIXTURES / case
    result = run(tmp_path, "--run", folder, "--answers", folder / "answers.json", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["advice"], found["measured"]) == (advice, True)


# -- the arms of `eval`, as they are wired --------------------------------------------------------


def test_answers_without_documents_come_from_nowhere_else() -> None:
    """What asks so is not even loaded by the commands and the app that people ask with."""
    load = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(*(name for name in sys.modules if 'closed_book' in name))"
    )

    def loaded(*names: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", load, *names], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    asking = ("assistant.cli.main", "assistant.cli.wiring", "assistant.cli.ask.command",
              "assistant.tui.app", "assistant.answering.pipeline")  # fmt: skip
    assert loaded(*asking) == ""
    assert loaded("assistant.cli.eval.libraries") == "assistant.evaluation.closed_book"
    assert issubclass(ClosedBookWorkspace, LocalWorkspace)


def test_examples_are_rendered_into_every_prompt() -> None:
    inner = FakeChat()
    turns = (Message("user", "Q"), Message("assistant", "A"))
    chat = FewShotChat(inner, turns)
    chat.render([Message("system", "S"), Message("user", "U")])
    assert [m.content for m in inner.messages[0]] == ["S", "Q", "A", "U"]
    assert (chat.name, chat.context_length) == (inner.name, inner.context_length)
    assert chat.prompts is inner.prompts
    assert issubclass(FewShotWorkspace, LocalWorkspace)


def test_a_run_keeps_how_its_arms_were_asked(tmp_path: Path) -> None:
    from assistant.evaluation.saved_run import read_run

    before = run_of(base_closed=5, tuned=9, count=10)
    table: dict[str, Any] = run_table(ABOUT, before.arms)
    write_run(tmp_path, table, "page", ())
    assert read_run(tmp_path).arms == before.arms
    for entry in table["arms"]:
        for key in ("closed", "shots", "tuned", "strategy"):
            del entry[key]
    write_run(tmp_path, table, "page", ())
    assert [arm.closed for arm in read_run(tmp_path).arms] == [False, False]
    assert before.library == read_run(tmp_path).library
