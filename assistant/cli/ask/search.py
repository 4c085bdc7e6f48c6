"""`assistant search`, and passages as they are listed."""

from __future__ import annotations

import click

from assistant.cli.ask.answer_schema import search_json
from assistant.cli.document_filter import filter_options
from assistant.cli.hidden_arguments import question_or_input
from assistant.cli.options import Invocation, command_options
from assistant.console.output import Output, styled
from assistant.safe_text import safe_text
from assistant.types import DocumentFilter, Hit

EXCERPT = 320
"""Code points of a passage that a person is shown in a list of passages."""


@click.command()
@click.argument("query", callback=question_or_input)
@click.option(
    "--limit", type=click.IntRange(1, 100), help="Passages to show [default: from settings]."
)
@command_options
@filter_options(documents=True)
def search(invocation: Invocation, query: str, limit: int | None, within: DocumentFilter) -> None:
    """Find the passages closest to QUERY, and show why each was found.

    "dense" is the similarity of meaning (cosine), "bm25" the match of words; the two
    rankings are fused by reciprocal rank. No chat model is used.

    \b
    Examples:
      assistant search "liability cap"
      assistant search "dosing interval" --limit 3 --json
      assistant search "notice period" --in contracts/2025 --tag signed --since 2025-01
    """
    with invocation.workspace() as workspace:
        result = workspace.search(query, limit or invocation.settings.search_hits, within)
    output = invocation.output
    if output.as_json:
        output.json(search_json(result))
        return
    if not result.hits:
        output.line("Nothing was found.")
    elif not result.relevant:
        output.line(("The documents hardly speak about this; the nearest passages are:", "yellow"))
    show_hits(result.hits, output)


def show_hits(hits: tuple[Hit, ...], output: Output) -> None:
    """Print passages with their places and the scores that brought them up."""
    for rank, hit in enumerate(hits, start=1):
        passage = hit.passage
        output.line()
        heading = f"  {passage.heading}" if passage.heading else ""
        place = safe_text(f"{passage.document}, {passage.where}{heading}", single_line=True)
        output.line((f"{rank}. {place}", "bold"))
        output.line((f"   {_why(hit)}", "dim"))
        text = " ".join(passage.text.split())
        short = text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " ..."
        output.console.print(styled(short))


def _why(hit: Hit) -> str:
    scores = hit.scores
    parts = [f"fused {scores.fused:.4f}"]
    if scores.dense is not None:
        rank = f" (rank {scores.dense_rank})" if scores.dense_rank else ""
        parts.append(f"dense {scores.dense:.3f}{rank}")
    if scores.bm25 is not None:
        rank = f" (rank {scores.bm25_rank})" if scores.bm25_rank else ""
        parts.append(f"bm25 {scores.bm25:.2f}{rank}")
    return "  ".join(parts)
