"""Constrained decoding of quotes: designs compared in quality and speed, with the same engine.

    python -m tests.bench.bench_quoting [--json OUT] [--count N] [--threads N] [--adapter FILE]

The default model with the shipped adapter is asked N answerable and N unanswerable questions
of SQuAD 2 A2, with the passages as the laptop would serve them. For each question the prompt
is computed once; then every design answers, in an order that moves on by one with each
question, and each computes the prompt's last token again. Times are medians over the
questions; tokens are those that llama.cpp decoded one by one, seconds hold everything that a
design does after the prompt was read (building its automaton or grammar, choosing, repair).
"As greedy decides": a refusal where its first token is likelier than the quotation mark.

Ctrl-C ends it early, with the figures of what was asked. All of it takes about 8 minutes on two
quiet cores.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.engine_loader import load_embedder
from assistant.engine.span_automaton import SpanAutomaton
from assistant.engine.thread_count import threads_for
from assistant.evaluation.answer_scores import exact, f1
from assistant.models.catalogue import load_catalogue
from assistant.prompts import build_messages
from assistant.types import Calibration
from tests.bench.quoting_designs import Asked, Designs, Measured, Meter, Quote
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_least,
    models_folder,
    publish,
    shared_data,
)

A2 = "ft/squad2_A2-dev-eval.json"
FREE, FORCED, REPAIR = "free", "free after the mark", "free, then repaired"
ONE, THREE = "automaton, 1 start", "automaton, 3 starts (shipped)"
SENTENCES, STRETCHES = "grammar of sentences", "grammar of all stretches"
GREEDY, FREELY = "refusals as greedy decides", "refusals as it writes them"
TIMED = "medians over the questions, contenders in turn"


@dataclass(slots=True)
class Row:
    """One question: what counts as right, and what each design made of it."""

    answers: tuple[str, ...]
    passages: list[str]
    prompt_tokens: int
    read_s: float
    index_s: float
    margin: float
    by_design: dict[str, Measured] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=100, help="questions of each kind")
    parser.add_argument("--threads", type=int, default=0, help="0: one for each core")
    parser.add_argument("--adapter", type=Path, help="LoRA GGUF [default: the installed one]")
    options = parser.parse_args()
    adapter = load_catalogue().default_adapter
    base = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    installed = models_folder() / (adapter.name if adapter else "none") / "adapter.gguf"
    lora = options.adapter or installed
    for path in (base, lora, shared_data() / A2):
        if not path.is_file():
            print(f"skipped: {path} is missing")
            return EXIT_SKIPPED
    assert adapter is not None
    settings = Settings(data_dir=ROOT / ".build", threads=options.threads)
    chat = LlamaChat(
        base,
        name="default",
        context_length=settings.context_length,
        threads=threads_for(settings.threads),
        adapter=lora,
        calibration=Calibration.read(adapter.calibration),
    )
    with closing(chat):
        started = time.perf_counter()
        designs = Designs(chat, chat.calibration.doubt_weight)
        vocabulary_ms = 1000 * (time.perf_counter() - started)
        rows = ask_all(chat, designs, settings, options.count)
        figures = figures_of(rows, chat.calibration.refusal_threshold)
    figures.append(Figure("indexing the vocabulary, once per loaded model", vocabulary_ms, "ms"))
    publish("designs of constrained decoding", figures, details_of(rows), options.json)
    return 0


# -- asking -------------------------------------------------------------------------


def questions(chat: LlamaChat, settings: Settings, count: int) -> list[Any]:
    """Return answerable and unanswerable items by turns, with their passages as served."""
    from convert.evaluate.item_builder import served_items
    from convert.evaluate.paragraph_pool import Pool
    from convert.evaluate.public_sets import squad_questions

    asked = squad_questions(Path(shared_data() / A2))
    pool = Pool(asked.paragraphs, load_embedder(settings))
    items = served_items(asked.sample(count, 0), pool, chat, settings, source="A2")
    return [item for pair in zip(items[:count], items[count:], strict=True) for item in pair]


def ask_all(chat: LlamaChat, designs: Designs, settings: Settings, count: int) -> list[Row]:
    contenders: dict[str, Callable[[Asked], Quote]] = {
        FREE: designs.free,
        FORCED: designs.forced,
        REPAIR: designs.repaired,
        ONE: designs.one_start,
        THREE: designs.three_starts,
        SENTENCES: designs.sentences,
        STRETCHES: designs.stretches,
    }
    meter = Meter(chat)
    rows = []
    try:
        for number, item in enumerate(questions(chat, settings, count)):
            names = list(contenders)
            turn = number % len(names)
            those = {name: contenders[name] for name in names[turn:] + names[:turn]}
            rows.append(ask(chat, designs, meter, item, those))
            if number % 10 == 9:
                print(f"{number + 1} questions", flush=True)
    except KeyboardInterrupt:
        print(f"stopped: figures of {len(rows)} questions")
    return rows


def ask(
    chat: LlamaChat,
    designs: Designs,
    meter: Meter,
    item: Any,
    contenders: dict[str, Callable[[Asked], Quote]],
) -> Row:
    """Read the prompt of a question once, and let each design answer it."""
    prompt = chat.render(build_messages(item.question, item.passages))
    asked = Asked(prompt, chat.tokenize(prompt), [p.text for p in item.passages])
    started = time.perf_counter()
    margin = designs.read(asked)
    read_s = time.perf_counter() - started
    designs.remember()
    started = time.perf_counter()
    SpanAutomaton(chat._token_vocabulary(), asked.passages)
    index_s = time.perf_counter() - started
    row = Row(item.answers, asked.passages, len(asked.tokens), read_s, index_s, margin)
    for name, design in contenders.items():
        row.by_design[name] = meter.measure(design, asked)
    return row


# -- figures ------------------------------------------------------------------------


def figures_of(rows: Sequence[Row], threshold: float) -> list[Figure]:
    """Speed with its goal, then what each design's answers are worth."""

    def doubted(row: Row) -> bool:
        doubt = row.by_design[THREE].quote.doubt
        return doubt is None or doubt > threshold

    found = speed(rows)
    for name in (THREE, ONE, STRETCHES, SENTENCES, REPAIR, FORCED):
        found += quality(rows, name, GREEDY, lambda row: row.margin > 0)
    found += quality(rows, FREE, FREELY, lambda row: not quote(row, FREE))
    return found + quality(rows, THREE, "refusals as calibrated", doubted)


def speed(rows: Sequence[Row]) -> list[Figure]:
    """Tokens a second of each design beside the free ones of the same questions."""
    figures = []
    for name in (THREE, ONE, STRETCHES, SENTENCES, REPAIR, FORCED, FREE):
        those = [row for row in rows if name in row.by_design]
        if not those:
            continue
        measured = [row.by_design[name] for row in those]
        ratio = rate(those, name) / rate(those, FREE)
        own = middle([(m.seconds - m.inside) / m.tokens for m in measured], 1e3)
        note = f"{rate(those, name):.1f} tokens/s; {own:.2f} ms a token besides decoding; {TIMED}"
        label = f"tokens/s, {name} / free"
        if name == THREE:
            figures.append(at_least(label, ratio, 0.85, note=note))
        elif name != FREE:
            figures.append(Figure(label, ratio, note=note))
        tokens = f"{middle([m.tokens for m in measured]):g} tokens, {len(those)} questions"
        times = [m.seconds for m in measured]
        figures.append(Figure(f"after the prompt, {name}", middle(times, 1e3), "ms", note=tokens))
    prompt = f"{middle([row.prompt_tokens for row in rows]):g} tokens, the same for all designs"
    reading, index = (middle([getattr(r, x) for r in rows], 1e3) for x in ("read_s", "index_s"))
    return [
        *figures,
        Figure("reading the prompt", reading, "ms", note=prompt),
        Figure("building the automaton", index, "ms", note="per prompt; counted in its tokens/s"),
    ]


def rate(rows: Sequence[Row], name: str) -> float:
    return middle([row.by_design[name].tokens / row.by_design[name].seconds for row in rows])


def middle(values: Sequence[float], times: float = 1.0) -> float:
    return times * statistics.median(values)


def quote(row: Row, name: str) -> str:
    return row.by_design[name].quote.text


def quality(
    rows: Sequence[Row], name: str, how: str, refuses: Callable[[Row], bool]
) -> list[Figure]:
    """F1 over the answerable questions that a design was asked, the rest in its note."""
    those = [row for row in rows if name in row.by_design]
    given = {id(row): "" if refuses(row) else quote(row, name) for row in those}
    answerable = [row for row in those if row.answers]
    others = [row for row in those if not row.answers]
    if not answerable or not others:
        return []

    def mean_of(measure: Callable[[str, Sequence[str]], float], *, never: bool = False) -> float:
        texts = [quote(row, name) if never else given[id(row)] for row in answerable]
        return share([measure(t, row.answers) for t, row in zip(texts, answerable, strict=True)])

    refused, falsely = (share([not given[id(r)] for r in part]) for part in (others, answerable))
    note = (
        f"exact match {mean_of(exact):.3f}; refused {refused:.3f}, falsely {falsely:.3f}; "
        f"never refusing: exact match {mean_of(exact, never=True):.3f}, "
        f"F1 {mean_of(f1, never=True):.3f}; {len(answerable)} + {len(others)} questions"
    )
    figures = [Figure(f"F1 of {name}, {how}", mean_of(f1), note=note)]
    if how in {GREEDY, FREELY}:
        quotes = [(quote(row, name), row.passages) for row in those if quote(row, name)]
        label, right = f"verbatim quotes, {name}", share([stands(*one) for one in quotes])
        told = f"{len(quotes)} quotes"
        figures.append(
            at_least(label, right, 1.0, note=told)
            if name == THREE
            else Figure(label, right, note=told)
        )
    return figures


def share(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def stands(text: str, passages: Sequence[str]) -> bool:
    return any(" ".join(text.split()) in " ".join(passage.split()) for passage in passages)


def details_of(rows: Sequence[Row]) -> dict[str, Any]:
    """What each design wrote, to look into; no part of the table."""
    return {
        "questions": [
            {
                "answers": row.answers,
                "margin": row.margin,
                "designs": {
                    name: [m.quote.text, m.tokens, round(m.seconds, 4), round(m.inside, 4)]
                    for name, m in row.by_design.items()
                },
            }
            for row in rows
        ]
    }


if __name__ == "__main__":
    sys.exit(main())
