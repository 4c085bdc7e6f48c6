"""Follow what a chat model writes, and make plain sentences of it.

Models think aloud, answer in JSON, set words in bold, write citations in their own ways, repeat
what they were asked, and go round in circles. None of that is the answer; the answer's own words
stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from assistant.answering.repetition import loop_end

_NAMES = (
    "think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad|seed:think"
    "|begin_of_thought|end_of_thought|start_thinking|end_thinking"
)
_OPEN = re.compile(rf"\s*(?:<\|?(?:{_NAMES})\|?>|\[think\]|\u25c1think\u25b7)", re.IGNORECASE)
_CLOSE = re.compile(
    rf"(?:</(?:{_NAMES})>|<\|/?(?:{_NAMES})\|>|\[/think\]|\u25c1/think\u25b7)", re.IGNORECASE
)
_MAY_OPEN = re.compile(r"\s*(?:<\|?[a-z_:]{0,20}\|?|\[[a-z]{0,5}|\u25c1[a-z]{0,5})?", re.IGNORECASE)

_FENCE = re.compile(r"\A\s*```\w*\s*\n(.*?)(?:\n\s*```.*)?\Z", re.DOTALL)
_ANSWERS = frozenset("answer answers response result text sentence sentences content quote".split())
_CITES = frozenset(
    "citation citations cite passage passages source sources reference references ref id".split()
)
_UNFINISHED = re.compile(
    rf'"(?:{"|".join(sorted(_ANSWERS))})"\s*:\s*"((?:[^"\\]|\\.)*)', re.IGNORECASE
)
_MARKUP = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_HEADING = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_ANNOUNCED = re.compile(r"\A\s*(?:final\s+)?answer\s*:\s*", re.IGNORECASE)
_BARE_VERDICT = re.compile(r"\A\s*(yes|no)\.\s+(?=\S)", re.IGNORECASE)
"""A "Yes." by itself says nothing that can be looked up: it belongs to the next sentence."""

_CITATIONS = (
    (re.compile(r"\u3010(\d{1,2})[^\u3011\n]{0,40}\u3011"), r"[\1]"),
    (re.compile(r"\[\^(\d{1,2})\]"), r"[\1]"),
    (
        re.compile(
            r"[\[(](?:source|doc(?:ument)?|ref(?:erence)?|citation|passage)s?\s*[:#]?\s*(\d{1,2})[\])]",
            re.IGNORECASE,
        ),
        r"[\1]",
    ),
    (
        re.compile(r"\[(\d{1,2})\s*[,:]\s*((?:pages?|pp?\.)\s*\d{1,5})\]", re.IGNORECASE),
        r"[\1] (\2)",
    ),
    (re.compile(r"\](?:\s*,?\s*and\s*|\s*,\s*)(?=\[\d{1,2}\])"), "]"),
)
_HEADER = re.compile(r"\[\d{1,2}\] .{1,300}, page \d{1,5}:")
_BEGUN = 30
"""Characters from which a line that was broken off is taken for a line of the prompt."""


@dataclass(frozen=True, slots=True)
class Written:
    """A model's text so far: `piece` is new, `text` all of it that is no thought.

    `looped` tells that it only repeats itself and is to be stopped, `thought` what it thought
    aloud, `raw` all that came.
    """

    piece: str
    text: str
    looped: bool
    thought: str
    raw: str


def follow(pieces: Iterable[str]) -> Iterator[Written]:
    """Follow a model's text until it ends or goes round in circles; thoughts are held back.

    What is cut off is the repeats at its end. `pieces` is not closed.
    """
    raw = shown = ""
    for piece in pieces:
        raw += piece
        end = loop_end(raw)
        text, thought = without_thought(raw[:end])
        new = text.removeprefix(shown)
        shown = text
        yield Written(new, text, end is not None, thought, raw)
        if end is not None:
            return


def without_thought(raw: str) -> tuple[str, str]:
    """Part a text into what it says and what it thought before (one of them may be "").

    A thought whose beginning stood in the prompt already has only its end here.
    """
    opened = _OPEN.match(raw)
    if opened is None:
        if _MAY_OPEN.fullmatch(raw):
            return "", ""  # perhaps the beginning of a mark
        closed = _CLOSE.search(raw)
        return (raw[closed.end() :].lstrip(), raw[: closed.start()]) if closed else (raw, "")
    closed = _CLOSE.search(raw, opened.end())
    if closed is None:
        return "", raw[opened.end() :]
    text, more = without_thought(raw[closed.end() :].lstrip())
    return text, raw[opened.end() : closed.start()] + more


def plain_answer(text: str, prompt: Sequence[str]) -> tuple[str, str]:
    """Return a model's answer as sentences with [n], and what was done, for the reader.

    `prompt` are the texts of the messages that it was asked with: lines that it repeats of them
    are left out, but for passages, whose words it may copy.
    """
    notes = ""
    found = _from_json(text)
    if found is not None:
        text, notes = found, " The model answered in JSON, of which the texts were taken."
    kept = _without_echo(text, prompt)
    if kept != text:
        text, notes = kept, notes + " The model repeated what it was asked; that was left out."
    text = _HEADING.sub("", _ANNOUNCED.sub("", _MARKUP.sub(r"\2", text)))
    text = _BARE_VERDICT.sub(r"\1: ", text)
    for pattern, replacement in _CITATIONS:
        text = pattern.sub(replacement, text)
    return text, notes


# -- JSON ------------------------------------------------------------------------------------


def _from_json(text: str) -> str | None:
    """Return the texts of an answer that was given as JSON, maybe cut off; None for other text."""
    fenced = _FENCE.match(text)
    body = (fenced[1] if fenced else text).strip()
    if not body.startswith(("{", "[{")):
        return None
    try:
        return " ".join(_texts(json.loads(body))).strip()
    except (ValueError, RecursionError):
        parts = [_unescaped(match[1]) for match in _UNFINISHED.finditer(body)]
        return " ".join(parts).strip() or None


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if not isinstance(value, dict):
        return [str(value)] if value not in (None, "") else []
    named = {str(key).casefold(): item for key, item in value.items()}
    answers = [v for k, v in named.items() if k in _ANSWERS]
    nested = [v for k, v in named.items() if k not in _CITES and isinstance(v, (dict, list))]
    texts = [text for item in answers or nested for text in _texts(item)]
    numbers = [n for k, v in named.items() if k in _CITES for n in _numbers(v)]
    if texts and numbers and "[" not in texts[-1]:
        texts[-1] = f"{texts[-1].rstrip()} {''.join(f'[{n}]' for n in numbers)}"
    return texts


def _numbers(value: Any) -> list[int]:
    items = value if isinstance(value, list) else [value]
    digits = (re.fullmatch(r"\[?(\d{1,2})\]?", str(item).strip()) for item in items)
    return [int(match[1]) for match in digits if match]


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text.rstrip("\\")


# -- what it was asked -----------------------------------------------------------------------


def _without_echo(text: str, prompt: Sequence[str]) -> str:
    """Leave out lines that stand in the prompt as instructions, headers or the question."""
    lines = [line for part in prompt for line in part.split("\n") if line.strip()]
    passages = {_bare(b) for a, b in pairwise(lines) if _HEADER.fullmatch(a)}
    asked = [bare for line in lines if (bare := _bare(line)) and bare not in passages]
    kept: list[str] = []
    copying = False
    for line in text.split("\n"):
        bare = _bare(line)
        copied = copying and bare in passages
        copying = _HEADER.fullmatch(line.strip()) is not None
        begun = len(bare) >= _BEGUN and any(one.startswith(bare) for one in asked)
        if not (copied or copying or (bare and (bare in asked or begun))):
            kept.append(line)
    return "\n".join(kept) if len(kept) < len(text.split("\n")) else text


def _bare(line: str) -> str:
    return " ".join(line.split()).strip(" :.*_").casefold()
