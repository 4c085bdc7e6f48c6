"""A little SQuAD file of our own, and helpers for the tests of the evaluation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from assistant.prompts import PromptPassage
from convert.evaluate.ask_engine import Reply
from convert.evaluate.bootstrap import GradedAnswer
from convert.evaluate.evaluation_items import Item

PUMP = (
    "The feed pump of the upper mill was built in 1911. Its wheel turns at 450 revolutions a "
    "minute. The oil in its bearings is changed every six weeks by the miller."
)
MILL = (
    "The lower mill grinds rye and barley. It stands beside the old bridge, and its stones were "
    "cut in the quarry of Harrow Hill. A boy carries the sacks."
)
BRIDGE = (
    "The old bridge has three arches. It was closed to carts in 1954, after the second flood had "
    "loosened a pier, and repaired by the county two years later."
)
WEIR = (
    "The weir above the mills holds back nine feet of water. The sluice is opened at dawn by "
    "the warden, who lives in the stone house on the island."
)
ITEM = Item(
    id="q",
    question="When was the feed pump built?",
    passages=(PromptPassage("The mills", 1, PUMP), PromptPassage("The bridge", 2, BRIDGE)),
    answers=("1911", "in 1911"),
    source="test",
)


def squad_table() -> dict[str, Any]:
    """Four paragraphs of two articles, with three answerable and three other questions."""
    return {
        "version": "v2.0",
        "data": [
            {
                "title": "The_mills",
                "paragraphs": [
                    _paragraph(
                        PUMP,
                        [("p1", "When was the feed pump built?", "1911")],
                        [("p2", "How long is the belt of the feed pump?")],
                    ),
                    _paragraph(
                        MILL,
                        [("m1", "What does the lower mill grind?", "rye and barley")],
                        [("m2", "Who owns the lower mill?")],
                    ),
                ],
            },
            {
                "title": "The_river",
                "paragraphs": [
                    _paragraph(BRIDGE, [("b1", "How many arches has the bridge?", "three")], []),
                    _paragraph(WEIR, [], [("w2", "What does the warden earn?")]),
                ],
            },
        ],
    }


def write_squad(folder: Path) -> Path:
    path = folder / "little.json"
    path.write_text(json.dumps(squad_table()), encoding="utf-8")
    return path


def _paragraph(
    text: str, answered: list[tuple[str, str, str]], unanswered: list[tuple[str, str]]
) -> dict[str, Any]:
    qas = [
        {
            "id": key,
            "question": question,
            "answers": [{"text": answer, "answer_start": text.index(answer)}],
            "is_impossible": False,
        }
        for key, question, answer in answered
    ]
    qas += [
        {"id": key, "question": question, "answers": [], "is_impossible": True}
        for key, question in unanswered
    ]
    return {"context": text, "qas": qas}


def reply(text: str, item: Item = ITEM, *, margin: float = -1.0, forced: str = "") -> Reply:
    return Reply(item.key, text, 3, 0.1, 100, 0.5, False, False, margin, forced)


def graded_answer(number: int, *, answerable: bool, f1: float, margin: float = 0.0) -> GradedAnswer:
    """A judgement with the F1 that was asked for; refused if it is 1 and unanswerable."""
    refused = not answerable and f1 == 1.0
    return GradedAnswer(
        item=str(number),
        answerable=answerable,
        answer_shown=answerable,
        refused=refused,
        exact=float(f1 == 1.0),
        f1=f1,
        f1_shown=f1,
        quoted=not refused,
        supported=not refused,
        verbatim=not refused,
        citations=int(not refused),
        citations_verbatim=int(not refused),
        looped=False,
        truncated=False,
        margin=margin,
        f1_answered=f1 if answerable else 0.0,
    )


def damaged(gguf: Path, target: Path, tensor: str, *, to_nan: bool = False) -> Path:
    """Copy a GGUF and spoil one of its tensors: reversed (still finite), or not a number."""
    import numpy as np
    from gguf import GGUFReader

    shutil.copyfile(gguf, target)
    target.chmod(0o644)
    found = next(t for t in GGUFReader(target).tensors if t.name == tensor)
    data = np.memmap(
        target, np.uint8, "r+", offset=int(found.data_offset), shape=(int(found.n_bytes),)
    )
    if to_nan:
        data[:] = np.frombuffer(np.full(data.size // 4, np.nan, np.float32).tobytes(), np.uint8)
    else:
        blocks = data.reshape(-1, 34)  # Q8_0: a scale of 2 bytes and 32 weights
        blocks[:] = blocks[::-1].copy()
    data.flush()
    return target
