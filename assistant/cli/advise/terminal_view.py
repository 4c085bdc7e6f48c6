"""Show an advice in the terminal."""

from __future__ import annotations

from assistant.console.output import Output
from assistant.html_page.page import Block

_STYLES = {"title": "bold", "heading": "bold", "verdict": "bold green"}


def show_advice(blocks: list[Block], output: Output) -> None:
    """Print the advice for a person."""
    for block in blocks:
        if block.kind == "table":
            rows = [[str(cell) for cell in row.cells] for row in block.body]
            output.table([str(cell) for cell in block.head], rows, right=frozenset())
        elif block.kind == "list":
            for item in block.items:
                output.line(f"- {item}")
        else:
            output.line()
            output.line((block.text, _STYLES.get(block.kind, "")))
