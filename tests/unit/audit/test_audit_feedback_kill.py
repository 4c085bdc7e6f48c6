"""A kill between a change of the feedback and its outcome is no tampering."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

import assistant
from assistant.audit import AuditRecorder
from assistant.audit.chain import WRITES
from assistant.config import Settings
from assistant.store.feedback_rows import FeedbackState
from assistant.types import Feedback
from tests.unit.audit.library import Library, attached, in_child

KILLED = 9
GIVEN = Feedback("A question?", "right", "An answer.")


@pytest.mark.parametrize("change", ["add", "remove", "note_exported"])
def test_a_killed_change_of_feedback_is_recovered(tmp_path: Path, change: str) -> None:
    library = Library(tmp_path / "library")
    library.folder.mkdir()
    settings = Settings(data_dir=library.folder)

    def opened() -> AuditRecorder:
        recorder = AuditRecorder(settings)
        store = attached(recorder, library.open_store())
        store.feedback.add(GIVEN)
        return recorder

    opened().close()
    real = getattr(FeedbackState, change)

    def dying(*arguments: object) -> None:
        real(*arguments)
        os._exit(KILLED)

    def killed() -> None:
        recorder = AuditRecorder(settings)
        feedback = attached(recorder, library.open_store()).feedback
        setattr(FeedbackState, change, dying)
        calls = {
            "add": lambda: feedback.add(GIVEN),
            "remove": lambda: feedback.remove(1),
            "note_exported": lambda: feedback.note_exported([1], "suite"),
        }
        calls[change]()

    assert in_child(killed) == KILLED
    recorder = opened()  # it may be written to again, without an alarm
    recorder.close()
    assert library.verify().verdict == "ok"


def announced() -> set[str]:
    """The actions that some code of the program records with `phase="intent"`, or as a change."""
    found = set()
    for path in sorted(Path(assistant.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            intent = any(ast.unparse(word) == "phase='intent'" for word in node.keywords)
            changes = isinstance(node.func, ast.Attribute) and ast.unparse(node.func).endswith(
                "recorder.change"
            )
            if (intent or changes) and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found


def test_every_change_that_is_announced_is_a_write_to_the_chain() -> None:
    """Or a kill in the middle of it would look like the work of somebody else."""
    assert announced() == WRITES
