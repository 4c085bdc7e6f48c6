"""What a person gets of an advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.console.output import Output

if TYPE_CHECKING:
    from assistant.advice.advice_report import Block

_STYLES = {"title": "bold", "heading": "bold", "verdict": "bold green"}


def show_advice(blocks: list[Block], output: Output) -> None:
    """Print the advice for a person."""
    for block in blocks:
        if block.kind == "table":
            heads, *rows = block.rows
            output.table(list(heads), [list(row) for row in rows], right=frozenset())
        elif block.kind == "list":
            for item in block.items:
                output.line(f"- {item}")
        else:
            output.line()
            output.line((block.text, _STYLES.get(block.kind, "")))
