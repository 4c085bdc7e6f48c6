"""`assistant ask`: choosing how passages are read, and seeing how they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from assistant.cli.main import cli
from assistant.types import (
    AnswerEvent,
    CancelToken,
    Candidate,
    Citation,
    Finished,
    PartsRead,
    Place,
    Route,
)
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import answer, warranty_script


class Reads(FakeWorkspace):
    """Says how it read, with one candidate."""

    def ask(
        self, question: str, cancel: CancelToken | None = None, **how: str
    ) -> Iterator[AnswerEvent]:
        for event in super().ask(question, cancel, **how):
            if isinstance(event, Finished):
                yield PartsRead(1, 2)
                quote = Citation(1, "a.pdf", 1, 0, 9, "24 months")
                yield Finished(
                    replace(
                        event.answer,
                        strategy="together",
                        route=Route("look-up", "It was \x1b[2Jasked for.", "searched"),
                        candidates=(Candidate("24 months", Place(0, 0, 9), (quote,), 0.75),),
                    )
                )
            else:
                yield event


def run(fake: FakeWorkspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["ask", *arguments], obj=lambda settings: fake)


def made() -> Reads:
    fake = Reads(forbidden=-1)
    fake._answers = [warranty_script(fake)]
    return fake


def test_without_the_option_what_is_set_up_counts() -> None:
    fake = made()
    assert run(fake, "How long?").exit_code == 0
    assert (fake.strategies, fake.previous) == ([""], [""])


def test_the_options_are_handed_on() -> None:
    fake = made()
    done = run(fake, "And then?", "--reading", "together", "--after", "How long?")
    assert done.exit_code == 0, done.output
    assert (fake.strategies, fake.previous) == (["together"], ["How long?"])


def test_an_unknown_way_is_refused_with_the_known_ones() -> None:
    fake = made()
    done = run(fake, "How long?", "--reading", "sideways")
    assert done.exit_code == 2
    assert "map-reduce" in done.output
    assert fake.questions == []


@pytest.mark.parametrize("name", ["sequence", "token"])
def test_a_way_that_was_taken_out_is_refused_with_the_one_to_use(name: str) -> None:
    fake = made()
    done = run(fake, "How long?", "--reading", name)
    assert done.exit_code == 2
    assert "use 'reader'" in done.output
    assert fake.questions == []


def test_json_says_how_it_was_read_and_what_else_could_have_been_the_answer() -> None:
    document = json.loads(run(made(), "How long?", "--json").stdout)
    assert document["strategy"] == "together"
    assert document["route"]["kind"] == "look-up"
    assert document["route"]["searched"] == "searched"
    (candidate,) = document["candidates"]
    assert (candidate["text"], candidate["probability"], candidate["passage"]) == (
        "24 months",
        0.75,
        0,
    )
    assert candidate["quotes"][0]["document"] == "a.pdf"


def test_a_person_is_told_the_way_and_nothing_reaches_the_terminal_unfiltered() -> None:
    done = run(made(), "How long?")
    assert "together (look-up): It was" in done.stderr
    assert "\x1b[2J" not in done.stderr


def test_an_answer_without_a_route_is_shown_too() -> None:
    fake = FakeWorkspace(answers=[[Finished(answer("", "Nothing."))]], forbidden=-1)
    document = json.loads(run(fake, "How long?", "--json").stdout)
    assert (document["strategy"], document["route"], document["candidates"]) == ("", None, [])
