"""How passages are read, as the app lets a person choose it and shows it."""

from __future__ import annotations

from dataclasses import replace

from assistant.tui.strategy_choice import WAYS, next_way, question_before
from assistant.tui.turn_state import Phase, Turn
from assistant.types import AUTO, DIRECT, STRATEGIES, Finished, PartsRead, Retrieved, Route
from tests.app.helpers import ask, notices, running, said, wait_until
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Hold, Step, answer, warranty_script


def read_as(fake: FakeWorkspace, strategy: str, route: Route) -> list[Step]:
    """The script of the warranty, its answer read in the way that is named."""
    script = warranty_script(fake)
    last = script[-1]
    assert isinstance(last, Finished)
    return [*script[:-1], Finished(replace(last.answer, strategy=strategy, route=route))]


def test_every_way_can_be_chosen_and_is_explained() -> None:
    assert set(WAYS) == {AUTO, *STRATEGIES}
    name, seen = AUTO, []
    for _ in WAYS:
        seen.append(name)
        name = next_way(name)
    assert name == AUTO
    assert sorted(seen) == sorted(WAYS)


def test_a_follow_up_goes_on_from_the_last_question_that_stood_by_itself() -> None:
    def turn(question: str, kind: str, strategy: str = "together") -> Turn:
        found = replace(answer(question, ""), strategy=strategy, route=Route(kind, "why"))
        return Turn(question, phase=Phase.DONE, answer=found)

    assert question_before([]) == ""
    turns = [
        turn("How long is the warranty?", "look-up"),
        turn("And for valves?", "follow-up"),
        turn("Hello", "greeting", DIRECT),
        Turn("failed", phase=Phase.FAILED),
    ]
    assert question_before(turns) == "How long is the warranty?"
    assert question_before(turns[1:2]) == ""


async def test_the_way_and_its_reason_stand_under_the_answer() -> None:
    fake = FakeWorkspace()
    route = Route("follow-up", "It goes on from the question before.", "How long? And \x1b[2Jthen?")
    fake._answers = [read_as(fake, "together", route)]
    async with running(fake) as (app, pilot):
        await ask(pilot, "And then?")
        await wait_until(pilot, lambda: "together (follow-up)" in said(app))
        assert "It goes on from the question before." in said(app)
        assert "Searched for: How long? And" in said(app)
        assert "\x1b" not in said(app)


async def test_f7_changes_how_the_next_question_is_read() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await ask(pilot, "one?")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))
        await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await pilot.press("f7", "f7")
        await wait_until(pilot, lambda: any("now read: together" in n for n in notices(app)))
        await ask(pilot, "two?")
        await wait_until(pilot, lambda: len(fake.strategies) == 2)
        assert fake.strategies == ["", "together"]


async def test_the_question_before_is_handed_on_until_a_new_conversation() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        for number, question in enumerate(("How long?", "And then?"), start=1):
            await ask(pilot, question)
            await wait_until(pilot, lambda n=number: said(app).count("checked") >= n)
            await wait_until(pilot, lambda: not app.app_state.busy("answer"))
        await pilot.press("ctrl+l")
        await ask(pilot, "And now?")
        await wait_until(pilot, lambda: len(fake.previous) == 3)
        assert fake.previous == ["", "How long?", ""]


async def test_progress_of_a_long_reading_is_shown() -> None:
    fake = FakeWorkspace()
    first, *rest = warranty_script(fake)
    assert isinstance(first, Retrieved)
    fake._answers = [[first, PartsRead(3, 12), Hold("middle"), *rest]]
    async with running(fake) as (app, pilot):
        await ask(pilot, "Which parts?")
        await wait_until(pilot, lambda: "3 of 12 parts read" in said(app))
        fake.release("middle")
        await wait_until(pilot, lambda: "each sentence checked" in said(app))


async def test_an_answer_of_the_program_itself_is_shown() -> None:
    fake = FakeWorkspace()
    told = replace(answer("", "The library has 1 document:\na.pdf"), strategy=DIRECT)
    fake._answers = [[Finished(told)]]
    async with running(fake) as (app, pilot):
        await ask(pilot, "Which documents?")
        await wait_until(pilot, lambda: "The library has 1 document" in said(app))
        assert "a.pdf" in said(app)
        assert "No answer" not in said(app)
