"""What a quantization costs in answers: the same questions asked of every file, in pairs.

    python -m tests.bench.bench_quantized FIRST.gguf OTHER.gguf ... [--base FILE]
        [--paragraphs N] [--json OUT]

FIRST is what the others are compared with (the F16 file); a file that is a LoRA adapter is
put over `--base`. A2's answerable questions, the gold paragraph among three others of its
article, are put to each as the laptop puts them to a tuned model (held to a quote or a
refusal, greedy). Questions of one paragraph see the same passages in the same order, so that
only their own words are computed anew. F1 counts a refusal as 0; intervals are of resampled
paragraphs; what does not fit the context is left out. Replies are kept in
`.build/bench/quantized`: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.thread_count import threads_for
from assistant.errors import ContextOverflowError
from assistant.evaluation.answer_scores import f1
from assistant.models.gguf_header import read_header
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from tests.bench.qa_data import A2, Asked, Squad, require, squad
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_most,
    models_folder,
    publish,
)

JOURNALS = ROOT / ".build" / "bench" / "quantized"
NEGATIVES = 3
LIMITS = {"Q8_0": 0.5, "Q4_K_M": 3.0}
"""Points of F1 that the formats may lose."""

RESAMPLES = 5000


@dataclass(frozen=True)
class Task:
    """The questions of one paragraph, and the passages that all of them are shown."""

    number: int
    passages: tuple[PromptPassage, ...]
    questions: tuple[Asked, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--base", type=Path, help="GGUF that adapters are put over")
    parser.add_argument("--paragraphs", type=int, default=200, help="[default: 200]")
    options = parser.parse_args()
    chosen = tasks(require(lambda: squad(A2)), options.paragraphs)
    if len(options.files) < 2:
        print("skipped: two GGUF files are compared, none are named")
        return EXIT_SKIPPED
    scores = {}
    for path in options.files:
        base = options.base if read_header(path).kind == "adapter" else None
        scores[f"{path.stem} over {base.stem}" if base else path.stem] = ask_all(path, base, chosen)
    publish("quantized", figures_of(scores, chosen), {}, options.json)
    return 0


def tasks(found: Squad, count: int, seed: int = 0) -> list[Task]:
    """Return `count` paragraphs that answer something; more of them begin with the same ones."""
    asked: dict[int, list[Asked]] = {}
    for question in found.answerable():
        asked.setdefault(question.paragraph, []).append(question)
    order = sorted(asked)
    random.Random(seed).shuffle(order)
    return [
        Task(number, _passages(found, number, seed), tuple(asked[number]))
        for number in order[:count]
    ]


def _passages(found: Squad, gold: int, seed: int) -> tuple[PromptPassage, ...]:
    def article(name: str) -> str:
        return name.rpartition(" ")[0]

    own = article(found.paragraphs[gold].name)
    others = [n for n, p in enumerate(found.paragraphs) if n != gold and article(p.name) == own]
    rng = random.Random(f"{seed} {gold}")
    numbers = [gold, *rng.sample(others, min(NEGATIVES, len(others)))]
    rng.shuffle(numbers)
    texts = [found.paragraphs[n] for n in numbers]
    return tuple(PromptPassage(text.name, 1, text.text) for text in texts)


def ask_all(path: Path, base: Path | None, chosen: Sequence[Task]) -> dict[str, float]:
    """Return the F1 of each question ("paragraph/question"), asked or read from the journal."""
    journal = JOURNALS / f"{_key(path, base)}.jsonl"
    journal.parent.mkdir(parents=True, exist_ok=True)
    known = {row["id"]: row for row in _rows(journal)}
    settings = Settings(data_dir=models_folder().parent)
    chat: LlamaChat | None = None
    with journal.open("a", encoding="utf-8") as file:
        for done, task in enumerate(chosen, start=1):
            for at, question in enumerate(task.questions):
                name = f"{task.number}/{at}"
                if name in known:
                    continue
                chat = chat or _open(path, base, settings)
                text = answer(chat, question.question, task.passages, settings)
                known[name] = {"id": name, "text": text}
                file.write(json.dumps(known[name]) + "\n")
            file.flush()
            if done % 20 == 0:
                print(f"{path.stem} {done}/{len(chosen)}", flush=True)
    if chat is not None:
        chat.close()
    texts = {name: row["text"] for name, row in known.items()}
    return {
        name: f1(text, question.answers)
        for task in chosen
        for at, question in enumerate(task.questions)
        if (text := texts[name := f"{task.number}/{at}"]) is not None
    }


def answer(
    chat: LlamaChat, question: str, passages: Sequence[PromptPassage], settings: Settings
) -> str | None:
    """Return the quote, "" where the model would rather refuse, None if there is no room."""
    try:
        quoted = chat.quote(
            chat.render(build_messages(question, passages)),
            [passage.text for passage in passages],
            REFUSAL,
            max_tokens=settings.max_answer_tokens,
        )
    except ContextOverflowError:
        return None
    return "" if quoted.doubt(0.0) > 0.0 else quoted.text


def _open(path: Path, base: Path | None, settings: Settings) -> LlamaChat:
    return LlamaChat(
        base or path,
        name=path.stem,
        context_length=settings.context_length,
        threads=threads_for(settings.threads),
        adapter=path if base else None,
    )


def _key(path: Path, base: Path | None) -> str:
    digest = hashlib.sha256()
    for file in (path, *([base] if base else [])):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:16]


def _rows(journal: Path) -> Iterator[dict[str, str | None]]:
    for row in journal.read_text(encoding="utf-8").splitlines() if journal.is_file() else []:
        try:
            yield json.loads(row)
        except ValueError:
            continue  # the last line of a run that was killed


def figures_of(scores: dict[str, dict[str, float]], chosen: Sequence[Task]) -> list[Figure]:
    """Return each file's F1, and what it loses against the first, in points of F1."""
    first, *others = scores
    figures = [
        Figure(f"{name}: F1", float(np.mean([*own.values()]))) for name, own in scores.items()
    ]
    asked = [[f"{t.number}/{at}" for at in range(len(t.questions))] for t in chosen]
    groups = [fitting for own in asked if (fitting := [i for i in own if i in scores[first]])]
    for name in others:
        lost = {i: 100 * (scores[first][i] - scores[name][i]) for i in scores[first]}
        low, high = resampled([[lost[i] for i in group] for group in groups])
        changed = sum(value != 0 for value in lost.values())
        note = f"{low:.2f} to {high:.2f}; {changed} of {len(lost)} answers score otherwise"
        mean = float(np.mean([*lost.values()]))
        limit = next((LIMITS[end] for end in LIMITS if name.endswith(end)), None)
        figures.append(
            Figure(f"{name}: F1 lost", mean, "points", note=note)
            if limit is None
            else at_most(f"{name}: F1 lost", mean, limit, "points", note)
        )
        print(f"{name}: {note}")
    return figures


def resampled(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the 95% percentile interval of the mean; whole groups are drawn."""
    rng = np.random.default_rng(0)
    sums = np.array([sum(group) for group in groups])
    counts = np.array([len(group) for group in groups])
    draws = rng.integers(0, len(groups), (RESAMPLES, len(groups)))
    means = sums[draws].sum(1) / counts[draws].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


if __name__ == "__main__":
    sys.exit(main())
