"""`assistant models tune-in` and `assistant models recommend`."""

from __future__ import annotations

import os

import click

from assistant.cli.options import Invocation, command_options
from assistant.console.interrupt import cancel_on_interrupt
from assistant.console.progress import progress_bar


@click.command("tune-in")
@click.argument("name")
@command_options
def tune_in(invocation: Invocation, name: str) -> None:
    """Measure the chat model NAME on this machine and store how it is best asked.

    Measured are the speed of reading and writing, memory, and how it answers a dozen built-in
    questions, some of which have no answer. From that follow how many passages it is shown, so
    that its first word comes within eight seconds, and whether it is asked for full sentences
    with the numbers of passages or for a quote. It takes from half a minute to ten, by the
    model's size; Ctrl-C ends it, and nothing is changed then.

    \b
    Example:
      assistant models tune-in granite-4.0-1b
    """
    from assistant.answering.tune_in import tune_in as measure
    from assistant.audit import changing
    from assistant.engine.engine_loader import load_chat
    from assistant.engine.thread_count import threads_for
    from assistant.evaluation.memory_use import Memory
    from assistant.models.installed_models import model_folder
    from assistant.models.model_profile import STOP, decided, write_profile
    from assistant.models.model_record import read_record
    from assistant.types import ModelProfile

    settings, output, memory = invocation.settings, invocation.output, Memory()
    folder = model_folder(name, settings)
    record = read_record(folder)

    def resident() -> int:
        memory.look()
        return memory.most

    with (
        changing(settings, "model", "tune-in") as done,
        cancel_on_interrupt() as cancel,
        progress_bar(output) as report,
    ):
        report(f"Loading {name}", 0, 0)
        alone = settings.with_changes(chat_model=name, context_length=0)
        chat = load_chat(alone, ModelProfile(prompt="sentences", stop=STOP))
        threads = threads_for(settings.threads)
        measured, no_think = measure(chat, threads, resident, report, cancel)
        profile, why = decided(measured, record, no_think)
        cancel.raise_if_cancelled()
        write_profile(record, folder, profile)
        done["sha256"] = record.sha256
    if output.as_json:
        from assistant.cli.models.models_schema import TuneInJson

        output.json(TuneInJson(name, profile, why))
        return
    shares = ((measured.answered, "answered"), (measured.cited, "cited"))
    said = ", ".join(f"{share:.0%} {what}" for share, what in shares)
    output.line((f"{name}: ", "bold"), why)
    output.line(
        f"Of the built-in questions {said} rightly; {measured.refused:.0%} of those without an "
        f"answer refused. Memory {measured.memory / 2**20:.0f} MiB, {threads} threads."
    )


@click.command()
@command_options
def recommend(invocation: Invocation) -> None:
    """Name larger models that suit this machine's memory; nothing is downloaded.

    Whoever brings the file compares its SHA-256 with the list that its maker publishes: none
    of these files was at hand when this program was made.

    \b
    Example:
      assistant models recommend
    """
    from assistant.models.catalogue import load_catalogue

    output, memory = invocation.output, _memory()
    found = load_catalogue().recommended
    if output.as_json:
        from assistant.cli.models.models_schema import RecommendJson

        output.json(RecommendJson(list(found), memory))
        return
    columns = ["", "model", "licence", "file", "GB", "for memory of", "maker"]
    rows = [
        [
            "*" if memory and entry.memory_gb * 0.9e9 <= memory else "",
            entry.title,
            entry.licence,
            entry.quantization,
            f"{entry.file_gb:.1f}",
            f"{entry.memory_gb} GB",
            entry.maker,
        ]
        for entry in found
    ]
    output.table(columns, rows, right=frozenset({4, 5}))
    for entry in found:
        output.note(f"{entry.title}: {entry.note}")
    output.note()
    output.note(
        "* fits this machine. Bring the file yourself and compare its SHA-256 with the maker's own "
        "list; then: assistant models add FILE.gguf, assistant models tune-in NAME, "
        "assistant models use NAME"
    )


def _memory() -> int:
    """Return the bytes of memory of this machine, 0 if that can't be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
