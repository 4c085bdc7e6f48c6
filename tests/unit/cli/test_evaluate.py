"""`assistant eval` over a fake workspace: report, texts, regression, cancel and going on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.cli.eval.arms import CachedKeySource
from assistant.cli.main import cli
from assistant.config import NO_CHAT_MODEL, Settings
from assistant.errors import EngineError
from assistant.types import AnswerEvent, CancelToken, Generated
from tests.fakes.evaluation import write_suite
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Forever, abstained_script, warranty_script
from tests.unit.test_docs import REFERENCE

SHAPE = REFERENCE.json_schema()["commands"]["eval run"]
CONTRACT = "supply-contract.pdf"
QUESTION = "How long does the SECRETWORD warranty last?"
ITEMS: list[dict[str, Any]] = [
    {
        "id": "w1",
        "question": QUESTION,
        "answers": ["24 months"],
        "spans": [{"document": CONTRACT, "page": 2, "text": "24 months"}],
    },
    {"id": "w2", "question": "Which notice?", "answers": ["three months"]},
    {"id": "x1", "question": "How far is the moon?", "unanswerable": True},
]
HOSTILE = "evil\u202e<script>alert(1)</script>"


class Desk:
    """Opens a new fake library for each arm, with one script for each question."""

    def __init__(self, *scripts: Any, kind: type[FakeWorkspace] = FakeWorkspace) -> None:
        self.scripts, self.kind = list(scripts), kind
        self.opened: list[tuple[str, FakeWorkspace]] = []

    def __call__(self, settings: Settings) -> FakeWorkspace:
        fake = self.kind(forbidden=-1)
        scripts = self.scripts or [warranty_script(fake)] * 2 + [abstained_script(fake)]
        fake._answers = [list(script) for script in scripts]
        self.opened.append((settings.chat_model, fake))
        return fake

    @property
    def questions(self) -> int:
        return sum(len(fake.questions) for _, fake in self.opened)


class Interrupted(FakeWorkspace):
    """Ctrl-C comes with the second question."""

    def ask(
        self, question: str, cancel: CancelToken | None = None, **how: str
    ) -> Iterator[AnswerEvent]:
        if len(self.questions) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return super().ask(question, cancel, **how)


def run(desk: Desk, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["eval", *map(str, arguments)], obj=desk)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write_suite(tmp_path / "suite.jsonl", *ITEMS)


def test_json_has_the_promised_shape_and_figures(suite: Path, tmp_path: Path) -> None:
    desk, out = Desk(), tmp_path / "out"
    result = run(desk, suite, "--arm", "retrieval", "--arm", "current", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    validate(report, SHAPE)
    figures = report["arms"][1]["figures"]
    assert figures["right"]["value"] == pytest.approx(2 / 3)
    assert figures["verbatim"]["value"] == 1
    assert figures["refusal_recall"]["value"] == 1
    assert figures["mrr"] == {"value": 1, "low": None, "high": None, "questions": 1}
    assert report["differences"][0]["from"] == "retrieval"
    assert [name for name, _ in desk.opened] == [NO_CHAT_MODEL, ""]
    assert all(fake.closed for _, fake in desk.opened)
    assert json.loads((out / "run.json").read_text())["arms"][0]["rows"][0]["id"] == "w1"


def test_a_person_gets_a_table_and_a_page_that_loads_nothing(suite: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(Desk(), suite, "--arm", "current", "--arm", "retrieval", "--out", out)
    assert result.exit_code == 0, result.output
    for said in ("right in all", "0.667", "retrieval against current"):
        assert said in result.stdout
    page = (out / "report.html").read_text()
    assert "default-src 'none'" in page
    tags = _Tags()
    tags.feed(page)
    assert not tags.seen & {"script", "link", "img", "iframe", "object", "a", "image", "use"}
    assert {"svg", "rect", "table"} <= tags.seen
    assert not tags.attributes & {"href", "src", "xlink:href", "onload", "srcset"}
    assert "url(" not in page


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_texts_stay_out_unless_they_are_wanted(suite: Path, tmp_path: Path) -> None:
    plain, kept = tmp_path / "plain", tmp_path / "kept"
    assert run(Desk(), suite, "--out", plain).exit_code == 0
    for file in plain.iterdir():
        for text in ("SECRETWORD", "warrants", "24 months", CONTRACT):
            assert text not in file.read_text(), file
    assert {file.name for file in plain.iterdir()} == {"run.json", "report.html"}
    assert run(Desk(), suite, "--out", kept, "--keep-texts").exit_code == 0
    first = json.loads((kept / "texts.jsonl").read_text().splitlines()[0])
    assert first["question"] == QUESTION
    assert first["sentences"][0]["quotes"][0]["document"] == CONTRACT


def test_a_stopped_run_goes_on(suite: Path, tmp_path: Path) -> None:
    fake = FakeWorkspace(forbidden=-1)
    endless = [Forever(Generated("and "), delay=0.01)]
    stopped = Desk(warranty_script(fake), endless, kind=Interrupted)
    result = run(stopped, suite, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert "1 answers are kept" in result.output
    assert not (tmp_path / "out" / "run.json").exists()
    assert stopped.opened[0][1].closed

    again = Desk(warranty_script(fake), abstained_script(fake))
    result = run(again, suite, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    assert again.opened[0][1].questions == [ITEMS[1]["question"], ITEMS[2]["question"]]
    report = json.loads(result.stdout)
    assert report["resumed"] == 1
    assert report["arms"][0]["figures"]["right"]["value"] == pytest.approx(2 / 3)
    third = Desk()
    assert run(third, suite, "--out", tmp_path / "other").exit_code == 0
    assert third.questions == 3


def test_texts_of_a_stopped_run_lie_where_texts_are_wanted(suite: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    fake = FakeWorkspace(forbidden=-1)
    stopped = Desk(
        warranty_script(fake), [Forever(Generated("and "), delay=0.01)], kind=Interrupted
    )
    refused = run(stopped, suite, "--data-dir", data, "--keep-texts")
    assert refused.exit_code == 2
    assert "--out FOLDER" in refused.output
    result = run(stopped, suite, "--data-dir", data, "--out", out, "--keep-texts")
    assert result.exit_code == 130
    kept = [file for file in (out / "stopped").iterdir() if "SECRETWORD" in file.read_text()]
    assert len(kept) == 1
    assert not [f for f in data.rglob("*") if f.is_file() and b"SECRETWORD" in f.read_bytes()]
    again = Desk(warranty_script(fake), abstained_script(fake))
    assert run(again, suite, "--data-dir", data, "--out", out, "--keep-texts").exit_code == 0
    assert {file.name for file in out.iterdir()} == {"run.json", "report.html", "texts.jsonl"}


def test_restart_asks_everything_anew(suite: Path, tmp_path: Path) -> None:
    fake = FakeWorkspace(forbidden=-1)
    broken = Desk(warranty_script(fake), [OSError("gone")])
    assert run(broken, suite).exit_code == 1
    desk = Desk()
    assert run(desk, suite, "--restart").exit_code == 0
    assert desk.questions == 3


def test_a_question_that_fails_is_counted_and_the_run_goes_on(suite: Path) -> None:
    fake = FakeWorkspace(forbidden=-1)
    broken = EngineError("NaN in the logits.")
    scripts = [warranty_script(fake), [broken], abstained_script(fake)]
    result = run(Desk(*scripts), suite, "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["arms"][0]["figures"]["failed"]["value"] == pytest.approx(1 / 3)
    said = run(Desk(*scripts), suite)
    assert "question 'w2' failed (engine)" in said.output


def test_the_passphrase_is_asked_for_once() -> None:
    class Asking:
        asked = 0

        def get(self, create: bool) -> object:
            self.asked += 1
            return object()

    asking = Asking()
    once = CachedKeySource(asking)  # type: ignore[arg-type]
    assert once.get(create=False) is once.get(create=False)
    assert asking.asked == 1


def many(tmp_path: Path) -> Path:
    items = [
        {"id": f"q{n}", "question": f"How long, {n}?", "answers": ["24 months"]} for n in range(30)
    ]
    return write_suite(tmp_path / "many.jsonl", *items)


def test_a_run_that_got_worse_ends_with_1(tmp_path: Path) -> None:
    suite, fake = many(tmp_path), FakeWorkspace(forbidden=-1)
    good = Desk(*[warranty_script(fake)] * 30)
    bad = Desk(*[abstained_script(fake)] * 30)
    assert run(good, suite, "--out", tmp_path / "old").exit_code == 0
    same = run(good, suite, "--against", tmp_path / "old", "--out", tmp_path / "same")
    assert same.exit_code == 0, same.output
    assert "nothing got worse" in same.stdout
    worse = run(
        bad, suite, "--against", tmp_path / "old" / "run.json", "--out", tmp_path / "new", "--json"
    )
    assert worse.exit_code == 1
    report = json.loads(worse.stdout)
    validate(report, SHAPE)
    assert report["against"]["worse"]
    assert {"right", "f1", "false_refusals"} <= set(report["against"]["changes"][0]["worse"])
    assert len(report["against"]["changes"][0]["newly_wrong"]) == 30
    assert "worse than the saved run" in (tmp_path / "new" / "report.html").read_text()


def test_a_saved_run_with_other_arms_is_refused_before_asking(suite: Path, tmp_path: Path) -> None:
    assert run(Desk(), suite, "--out", tmp_path / "old").exit_code == 0
    desk = Desk()
    result = run(desk, suite, "--arm", "retrieval", "--against", tmp_path / "old")
    assert result.exit_code == 2
    assert "other arms: current" in result.output
    assert desk.opened == []


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"id": "a", "question": "x", "spans": [{"document": "no.pdf", "page": 1}]}, "no.pdf"),
        ({"id": HOSTILE, "question": "x"}, "line 1"),
        ({"id": "a", "question": "x", HOSTILE: 1}, "is no key"),
    ],
)
def test_a_suite_that_is_wrong_asks_nothing(
    tmp_path: Path, item: dict[str, Any], said: str
) -> None:
    desk = Desk()
    result = run(desk, write_suite(tmp_path / "s.jsonl", item))
    assert result.exit_code == 2
    assert said in result.output
    assert "\u202e" not in result.output
    assert desk.questions == 0


def test_a_hostile_id_is_text_in_the_page(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    suite = write_suite(tmp_path / f"{name.replace('/', '')}.jsonl", {**ITEMS[0], "id": name})
    result = run(Desk(), suite, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "One question" in result.output
    assert "<script" not in (tmp_path / "out" / "report.html").read_text()


def test_an_empty_library_is_refused(suite: Path) -> None:
    class Empty(Desk):
        def __call__(self, settings: Settings) -> FakeWorkspace:
            return FakeWorkspace(pages={}, forbidden=-1)

    result = run(Empty(), suite)
    assert result.exit_code == 2
    assert "empty" in result.output


def test_run_may_be_left_out_and_help_is_there(suite: Path) -> None:
    assert run(Desk(), "run", suite).exit_code == 0
    assert run(Desk(), "--json", suite).exit_code == 0
    assert "Usage" in run(Desk(), "--help").output
