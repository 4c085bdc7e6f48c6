"""The advice as a document: blocks, and how they are written as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.advice.comparison_table import comparison, cost_lines, measured_rows
from assistant.advice.decision import NAMES, Case, Decision
from assistant.advice.sensitivity import more_questions, said_by, turns
from assistant.evaluation.svg_plots import clean
from assistant.safe_text import safe_text

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
table{border-collapse:collapse;font-size:.9rem}
td,th{text-align:left;vertical-align:top;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #ddd}
.verdict{font-weight:600;padding:.6rem 1rem;border-left:.5rem solid #0072b2;background:#eef6fb}
@media print{body{margin:0;max-width:none}}
"""
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width"><title>Advice</title>'
    f"<style>{_STYLE}</style></head><body>"
)
_ESCAPED = str.maketrans(
    {**{c: f"\\{c}" for c in "\\`*_[]|#"}, "<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the document: kind "title", "heading", "verdict", "text", "list" or "table"."""

    kind: str
    text: str = ""
    items: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def blocks_of(case: Case, decision: Decision) -> list[Block]:
    """Return the whole advice, the verdict first."""
    evidence = case.evidence
    changing = [turn.text for turn in turns(case)]
    changing += more_questions(evidence) if evidence is not None else []
    parts = [
        Block("title", "Retrieval, tuning, or both?"),
        Block("verdict", verdict(case, decision)),
        Block("heading", "Why"),
        Block("list", items=[f"{found.text} [{found.rule}]" for found in decision.fired]),
        Block("heading", "What would change it"),
        Block("list", items=changing or ["No other answer to one question, nor to two."]),
        Block("heading", "The ways compared"),
        Block("table", rows=comparison(case)),
    ]
    if evidence is not None:
        parts += [Block("heading", "All arms of the run"), Block("table", rows=measured_rows(case))]
    return [
        *parts,
        Block("heading", "Costs, and where they come from"),
        Block("list", items=cost_lines(case.costs)),
        Block("heading", "What you said"),
        Block("table", rows=[["question", "answer"], *map(list, said_by(case.said))]),
    ]


def verdict(case: Case, decision: Decision) -> str:
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


def html(blocks: Sequence[Block]) -> str:
    """Return the document as one HTML file: no script, nothing loaded from anywhere."""
    return "\n".join([_HEAD, *map(_html, blocks), "</body></html>\n"])


def _markdown(block: Block) -> str:
    if block.kind == "table":
        heads, *rows = [[_plain(cell) for cell in row] for row in block.rows]
        lines = [heads, ["---"] * len(heads), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if block.kind == "list":
        return "\n".join(f"- {_plain(item)}" for item in block.items)
    start = {"title": "# ", "heading": "## ", "verdict": "**"}.get(block.kind, "")
    return f"{start}{_plain(block.text)}{'**' if block.kind == 'verdict' else ''}"


def _plain(text: str) -> str:
    return safe_text(text, single_line=True).translate(_ESCAPED)


def _html(block: Block) -> str:
    if block.kind == "table":
        heads, *rows = block.rows
        head = "".join(f"<th>{clean(cell)}</th>" for cell in heads)
        body = "".join(
            f"<tr>{''.join(f'<td>{clean(cell)}</td>' for cell in row)}</tr>" for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    if block.kind == "list":
        return f"<ul>{''.join(f'<li>{clean(item)}</li>' for item in block.items)}</ul>"
    if block.kind == "verdict":
        return f'<p class="verdict">{clean(block.text)}</p>'
    tag = {"title": "h1", "heading": "h2"}.get(block.kind, "p")
    return f"<{tag}>{clean(block.text)}</{tag}>"
