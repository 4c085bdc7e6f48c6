"""`assistant ask` and `assistant search`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from rich.live import Live
from rich.text import Text

from assistant.cli.interrupt import cancel_on_interrupt
from assistant.cli.options import Invocation, command_options
from assistant.cli.output import Output, styled
from assistant.cli.schema import answer_json, search_json
from assistant.errors import Cancelled, EngineError
from assistant.safe_text import safe_text
from assistant.types import (
    Answer,
    AnswerEvent,
    Citation,
    Extracted,
    Finished,
    Generated,
    Hit,
    Retrieved,
)

EXCERPT = 320
"""Code points of a passage that a person is shown in a list of passages."""


@click.command()
@click.argument("question")
@click.option("--passages", "show_passages", is_flag=True, help="Show the passages too.")
@command_options
def ask(invocation: Invocation, question: str, show_passages: bool) -> None:
    """Answer QUESTION from the library, with quotes that lead to the page.

    Quotes are checked character by character. A sentence that no quote supports is
    marked. When the documents do not speak about the question, the answer says so.

    \b
    Examples:
      assistant ask "How long is the warranty on the pumps?"
      assistant ask "Who signs the discharge letter?" --json
    """
    with invocation.workspace() as workspace, cancel_on_interrupt() as cancel:
        answer = follow(workspace.ask(question, cancel), invocation.output)
    if invocation.output.as_json:
        invocation.output.json(answer_json(answer))
    else:
        show_answer(answer, invocation.output, passages=show_passages or answer.abstained)
    if answer.cancelled:
        invocation.output.note("Cancelled: this is what there was until then.")
        sys.exit(Cancelled.exit_code)


def follow(events: Iterator[AnswerEvent], output: Output) -> Answer:
    """Consume the events; a person at a terminal sees the unchecked text grow meanwhile."""
    live = Live(console=output.errors, transient=True, refresh_per_second=12)
    shown = Text()
    answer: Answer | None = None
    if output.interactive:
        live.start()
    try:
        for event in events:
            match event:
                case Retrieved(result=result):
                    shown.append(f"{len(result.hits)} passages found\n", style="dim")
                case Extracted(sentence=sentence):
                    shown.append(safe_text(sentence.text) + "\n")
                case Generated(text=text):
                    shown.append(safe_text(text), style="dim")
                case Finished(answer=finished):
                    answer = finished
            if output.interactive:
                live.update(shown)
    finally:
        if output.interactive:
            live.stop()
    if answer is None:
        raise EngineError("The answer broke off.", hint="Ask again; see: assistant doctor")
    return answer


def show_answer(answer: Answer, output: Output, *, passages: bool) -> None:
    """Print a checked answer: sentences with citation numbers, then the places."""
    cited: list[Citation] = []
    for sentence in answer.sentences:
        shown = sentence.quotes if sentence.supported else ()
        marks = "".join(f" [{_number(quote, cited)}]" for quote in shown)
        if sentence.origin == "extract":
            output.line((safe_text(sentence.text), "bold"), (marks, "cyan"))
        elif sentence.supported:
            output.line(safe_text(sentence.text), (marks, "cyan"))
        else:
            output.line((safe_text(sentence.text), "dim"), (" (unsupported)", "yellow"))
    if not answer.sentences or answer.abstained:
        output.line(answer.text)
    if cited:
        output.line()
    for number, quote in enumerate(cited, start=1):
        place = f"{safe_text(quote.document, single_line=True)}, page {quote.page}"
        output.line((f"[{number}] ", "cyan"), place)
    if passages:
        _show_passages(answer.passages, output)
    seconds = answer.timings.total_ms / 1000
    output.note((f"{answer.model or 'no chat model'}, {seconds:.1f} s", "dim"))


def _number(quote: Citation, cited: list[Citation]) -> int:
    if quote not in cited:
        cited.append(quote)
    return cited.index(quote) + 1


@click.command()
@click.argument("query")
@click.option(
    "--limit", type=click.IntRange(1, 100), help="Passages to show [default: from settings]."
)
@command_options
def search(invocation: Invocation, query: str, limit: int | None) -> None:
    """Find the passages closest to QUERY, and show why each was found.

    "dense" is the similarity of meaning (cosine), "bm25" the match of words; the two
    rankings are fused by reciprocal rank. No chat model is used.

    \b
    Examples:
      assistant search "liability cap"
      assistant search "dosing interval" --limit 3 --json
    """
    with invocation.workspace() as workspace:
        result = workspace.search(query, limit or invocation.settings.search_hits)
    output = invocation.output
    if output.as_json:
        output.json(search_json(result))
        return
    if not result.hits:
        output.line("Nothing was found.")
    elif not result.relevant:
        output.line(("The documents hardly speak about this; the nearest passages are:", "yellow"))
    _show_passages(result.hits, output)


def _show_passages(hits: tuple[Hit, ...], output: Output) -> None:
    for rank, hit in enumerate(hits, start=1):
        passage = hit.passage
        output.line()
        heading = f"  {passage.heading}" if passage.heading else ""
        place = safe_text(f"{passage.document}, page {passage.page}{heading}", single_line=True)
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
