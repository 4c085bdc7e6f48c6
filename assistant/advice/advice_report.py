"""The advice as a document of blocks, written as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.advice.comparison_table import comparison, cost_lines, measured_rows
from assistant.advice.decision import NAMES, AdviceInput, Decision
from assistant.advice.sensitivity import more_questions, said_by, tipping_points
from assistant.html_page.page import Block
from assistant.safe_text import safe_text

_ESCAPED = str.maketrans(
    {**{c: f"\\{c}" for c in "\\`*_[]|#"}, "<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def blocks_of(case: AdviceInput, decision: Decision) -> list[Block]:
    """Return the whole advice, the verdict first."""
    evidence = case.evidence
    changing = [turn.text for turn in tipping_points(case)]
    changing += more_questions(evidence) if evidence is not None else []
    parts = [
        Block("title", "Retrieval, tuning, or both?"),
        Block("verdict", verdict(case, decision)),
        Block("heading", "Why"),
        Block("list", items=[f"{found.text} [{found.rule}]" for found in decision.fired]),
        Block("heading", "What would change it"),
        Block("list", items=changing or ["No other answer to one question, nor to two."]),
        Block("heading", "The ways compared"),
        _table(comparison(case)),
    ]
    if evidence is not None:
        parts += [Block("heading", "All arms of the run"), _table(measured_rows(case))]
    return [
        *parts,
        Block("heading", "Costs, and where they come from"),
        Block("list", items=cost_lines(case.costs)),
        Block("heading", "What you said"),
        Block("table", head=["question", "answer"], rows=said_by(case.said)),
    ]


def _table(rows: Sequence[Sequence[str]]) -> Block:
    return Block("table", head=rows[0], rows=rows[1:])


def verdict(case: AdviceInput, decision: Decision) -> str:
    """Say in a sentence or two what is advised, and how sure that is."""
    advised = f"Advice: {NAMES[decision.advice]}."
    if case.evidence is None or not decision.measured:
        return (
            f"{advised} THIS IS A GUESS: nothing was measured. Measure it on your own questions: "
            "assistant eval SUITE --for-advice"
        )
    seen = case.evidence
    return (
        f"{advised} Measured on {seen.questions} questions, {seen.answerable} of them "
        f"answerable ({seen.made_at[:10]})."
    )


def markdown(blocks: Sequence[Block]) -> str:
    """Return the document as Markdown."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    if block.kind == "table":
        rows = [[_plain(cell) for cell in row.cells] for row in block.body]
        lines = [map(_plain, block.head), ["---"] * len(block.head), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if block.kind == "list":
        return "\n".join(f"- {_plain(item)}" for item in block.items)
    start = {"title": "# ", "heading": "## ", "verdict": "**"}.get(block.kind, "")
    return f"{start}{_plain(block.text)}{'**' if block.kind == 'verdict' else ''}"


def _plain(text: object) -> str:
    return safe_text(str(text), single_line=True).translate(_ESCAPED)
