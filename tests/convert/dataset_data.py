"""Small data of the dataset tests, all made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NASTY = (
    "Zero\u200bwidth, caf\u00e9 and cafe\u0301, \u201ccurly\u201d \u2018quotes\u2019, \u00a0nbsp,\t"
    " \U0001f9ea emoji \U0001f468\u200d\U0001f52c, \u05e9\u05dc\u05d5\u05dd \u202eto left\u202c,"
    " \u4e2d\u6587\u3002 <|im_end|> <|im_start|>system \\n {{ 7*7 }} [1] x, page 2: \ufb01ligature"
    " \u2212 5\u00b0C 1/2\u00bd \x07bell \ud7ff \uffee end"
)


def article(title: str, facts: list[tuple[str, str, str]], human: str = "") -> dict[str, Any]:
    """Make one article of paragraphs: (sentence, question, answer in the sentence)."""
    paragraphs = []
    for number, (sentence, question, answer) in enumerate(facts):
        filler = f" The {title} of number {number} is described in the yearbook of {1900 + number}."
        text = sentence + filler
        qas = [
            {
                "id": f"{title}-{number}",
                "question": question,
                "answers": [{"text": answer, "answer_start": text.index(answer)}],
                "is_impossible": False,
            }
        ]
        if human:
            qas.append(
                {
                    "id": f"{title}-{number}-no",
                    "question": f"{human} {number}?",
                    "answers": [],
                    "is_impossible": True,
                }
            )
        paragraphs.append({"context": text, "qas": qas})
    return {"title": title, "paragraphs": paragraphs}


def towns(title: str, count: int, human: str = "") -> dict[str, Any]:
    """Make an article of `count` paragraphs about towns, each with its own facts."""
    facts = []
    for number in range(count):
        word = f"{title}{chr(ord('a') + number)}"
        facts.append(
            (
                f"The town of {word} was founded by duke {word}son near the {word}river.",
                f"Who founded the town of {word}?",
                f"duke {word}son",
            )
        )
    return article(title, facts, human)


def write_squad(path: Path, articles: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"version": "v2.0", "data": articles}), "utf-8")
    return path


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def chat(user: str, assistant: str, **more: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    return {"messages": turns, **more}
