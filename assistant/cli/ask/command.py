"""`assistant ask`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from rich.live import Live
from rich.text import Text

from assistant.cli.ask.answer_schema import answer_json
from assistant.cli.ask.search import show_hits
from assistant.cli.document_filter import filter_options
from assistant.cli.hidden_arguments import question_or_input
from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.output import Output
from assistant.errors import Cancelled, EngineError
from assistant.safe_text import safe_text
from assistant.types import (
    ALL,
    AUTO,
    STRATEGIES,
    SURE,
    WITHDRAWN,
    YES_NO_WORDS,
    Answer,
    AnswerEvent,
    Citation,
    DocumentFilter,
    Extracted,
    Finished,
    Generated,
    PartsRead,
    Retrieved,
    Sentence,
)

_NEAREST = 3
_NEAREST_CHARACTERS = 90


class _Way(click.Choice[str]):
    """Ways of reading; one that was taken out is refused with what to use in its place."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in WITHDRAWN:
            self.fail(WITHDRAWN[value], param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.argument("question", callback=question_or_input)
@click.option(
    "--why", "--passages", "show_passages", is_flag=True,
    help="Show all passages that were found too, with their scores.",
)  # fmt: skip
@click.option(
    "--reading",
    "strategy",
    type=_Way((AUTO, *STRATEGIES)),
    help="How the passages are read: by the reader, by the chat model all together, by it one by "
    "one for a list (map-reduce), or without a model [default: from settings: auto].",
)
@click.option(
    "--after",
    "previous",
    metavar="QUESTION",
    default="",
    help="The question before, for one that goes on from it.",
)
@click.option("--all", "read_all", is_flag=True, help="Read every document whole.")
@click.option(
    "--in",
    "documents",
    multiple=True,
    metavar="DOCUMENT",
    help="Only these: names, folders, patterns as '*.pdf'; may be repeated. They are read whole, "
    "unless they are so many that it takes long without --all.",
)
@command_options
@filter_options(documents=False)
def ask(
    invocation: Invocation,
    question: str,
    show_passages: bool,
    strategy: str | None,
    previous: str,
    read_all: bool,
    documents: tuple[str, ...],
    within: DocumentFilter,
) -> None:
    """Answer QUESTION from the library, with quotes that lead to the page.

    Quotes are checked character by character. A sentence that no quote supports is
    marked, with the reason. Where the documents contradict each other, both places are
    shown. When the documents do not speak about the question, the answer says so.

    A question that asks of every document ("Which contracts lack an insurance clause?", "How
    many leases have a break clause?") is answered by reading each of them whole: so it is by
    itself in a library of some 3,000 passages, in a larger one with --all. The answer says
    how many were read, how many match, and apart from these which are doubtful.

    Values, sums, smallest and latest of rows in CSV files and spreadsheets are computed from
    the cells, exactly or not at all.

    With "-" the question is read from standard input, which keeps it out of the shell's
    history.

    \b
    Examples:
      assistant ask "How long is the warranty on the pumps?"
      assistant ask "Who signs the discharge letter?" --json
      assistant ask --all "Which contracts lack a non-compete clause?" --in contracts/
      assistant ask "Which parts are excluded?" --tag signed --since 2025-01-01 --type pdf
      assistant ask "Which parts are excluded?" --reading map-reduce
      assistant ask "And for valves?" --after "How long is the warranty on the pumps?"
    """
    with invocation.workspace() as workspace, cancel_on_interrupt() as cancel:
        way = ALL if read_all else strategy or ""
        events = workspace.ask(
            question,
            cancel,
            strategy=way,
            previous=previous,
            documents=documents,
            within=within,
        )
        answer = follow(events, invocation.output)
    if invocation.output.as_json:
        invocation.output.json(answer_json(answer))
    else:
        show_answer(answer, invocation.output, passages=show_passages)
    if answer.cancelled:
        invocation.output.note("Cancelled: this is what there was until then.")
        sys.exit(Cancelled.exit_code)


def follow(events: Iterator[AnswerEvent], output: Output) -> Answer:
    """Consume the events; a person at a terminal sees the unchecked text grow meanwhile."""
    live = Live(console=output.errors, transient=True, refresh_per_second=12)
    shown, counted = Text(), Text(style="dim")
    answer: Answer | None = None
    if output.interactive:
        live.start()
    try:
        for event in events:
            if isinstance(event, Finished):
                answer = event.answer
            else:
                _grow(event, shown, counted)
            if output.interactive:
                live.update(shown + counted)
    finally:
        if output.interactive:
            live.stop()
    if answer is None:
        raise EngineError("The answer broke off.", hint="Ask again; see: assistant doctor")
    return answer


def _grow(event: AnswerEvent, shown: Text, counted: Text) -> None:
    """Add an event to what is shown while the answer grows."""
    match event:
        case Retrieved(result=result):
            shown.append(f"{len(result.hits)} passages found\n", style="dim")
        case Extracted(sentence=sentence, short=short):
            if short is not None:
                shown.append(_one_line(short) + "\n", style="bold green")
            shown.append(safe_text(sentence.text) + "\n")
        case PartsRead(done=done, total=total):
            counted.plain = f"\n{done} of {total} parts read"
        case Generated(text=text):
            shown.append(safe_text(text), style="dim")


def show_answer(answer: Answer, output: Output, *, passages: bool) -> None:
    """Print a checked answer: sentences with citation numbers, then the places."""
    cited: list[Citation] = []
    if answer.coverage is not None:
        output.line((safe_text(answer.text), "bold green"))
    if first := _first_words(answer):
        output.line((first, "bold green"))
    for sentence in () if answer.abstained else answer.sentences:
        _show_sentence(sentence, cited, output)
    for found in () if answer.abstained else answer.contradictions:  # the text says them
        output.line((found.heading, "bold yellow"))
        for sentence in (found.first, found.second):
            output.line("  ", safe_text(sentence.text), (_marks(sentence, cited), "cyan"))
    if answer.coverage is None and (not answer.sentences or answer.abstained):
        output.line(answer.text)
    if cited:
        output.line()
    for number, quote in enumerate(cited, start=1):
        place = safe_text(f"{quote.document}, {quote.where}", single_line=True)
        output.line((f"[{number}] ", "cyan"), place, (_doubt(quote), "yellow"))
    if passages:
        show_hits(answer.passages, output)
    else:
        _show_other_places(answer, cited, output)
    _show_how(answer, output)


def _first_words(answer: Answer) -> str:
    """Return the answer in a few words, "" where the sentence must be read."""
    if answer.yes_no:
        return f"{YES_NO_WORDS[answer.yes_no]}:"
    return _one_line(answer.short) if answer.short is not None else ""


def _show_other_places(answer: Answer, cited: list[Citation], output: Output) -> None:
    """Name where else to look; of a question without an answer the nearest, a line each."""
    if not answer.abstained:
        if places := _other_places(answer, cited):
            output.line((f"See also: {places}", "dim"))
        return
    nearest = answer.passages[:_NEAREST]
    if nearest:
        output.line(("Nearest places (--why shows them whole):", "dim"))
    for hit in nearest:
        place = safe_text(f"{hit.passage.document}, {hit.passage.where}: ", single_line=True)
        text = " ".join(hit.passage.text.split())[:_NEAREST_CHARACTERS]
        output.line("  ", place, (safe_text(f"{text}...", single_line=True), "dim"))


def _show_how(answer: Answer, output: Output) -> None:
    """Say how the answer came about, and how long it took."""
    if answer.route is not None:
        note = f"{answer.strategy} ({answer.route.kind}): {answer.route.reason}"
        output.note((safe_text(note, single_line=True), "dim"))
    seconds = answer.timings.total_ms / 1000
    sure = "" if answer.confidence is None else f", confidence {answer.confidence:.0%}"
    output.note((f"{answer.model or 'no chat model'}, {seconds:.1f} s{sure}", "dim"))


def _other_places(answer: Answer, cited: list[Citation]) -> str:
    """Name the places of the other passages that were found, document by document."""
    known = {(quote.document, quote.where) for quote in cited}
    places: dict[str, list[str]] = {}
    for hit in answer.passages:
        place = (hit.passage.document, hit.passage.where)
        if place not in known:
            known.add(place)
            places.setdefault(place[0], []).append(place[1])
    return "; ".join(
        safe_text(f"{name}, {', '.join(own)}", single_line=True) for name, own in places.items()
    )


def _one_line(quote: Citation) -> str:
    return safe_text(" ".join(quote.text.split()), single_line=True)


def _doubt(quote: Citation) -> str:
    """Say that the words come from a picture, where the reader was not sure of them."""
    if quote.confidence >= SURE:
        return ""
    return f" (read from a picture, {quote.confidence:.0%} sure: compare it with the page)"


def _show_sentence(sentence: Sentence, cited: list[Citation], output: Output) -> None:
    if sentence.origin == "extract":
        output.line((safe_text(sentence.text), "bold"), (_marks(sentence, cited), "cyan"))
    elif sentence.supported:
        output.line(safe_text(sentence.text), (_marks(sentence, cited), "cyan"))
    else:
        why = f": {safe_text(sentence.doubts, single_line=True)}" if sentence.doubts else ""
        output.line((safe_text(sentence.text), "dim"), (f" (unsupported{why})", "yellow"))


def _marks(sentence: Sentence, cited: list[Citation]) -> str:
    shown = sentence.quotes if sentence.supported else ()
    return "".join(f" [{_number(quote, cited)}]" for quote in shown)


def _number(quote: Citation, cited: list[Citation]) -> int:
    if quote not in cited:
        cited.append(quote)
    return cited.index(quote) + 1
