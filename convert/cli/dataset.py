"""`assistant-convert dataset`: from data to samples for tuning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from convert.cli.step_runner import options, running_step
from convert.dataset.settings import DatasetSettings, GroupSettings, RaftSettings, SourceSettings

_PATH = click.Path(path_type=Path)
ROW_FORMATS = ["auto", "chat", "jsonl", "csv", "json", "parquet", "folder"]
_OUT = click.Path(file_okay=False, path_type=Path)


@click.group("dataset")
def dataset_group() -> None:
    """Make a dataset for tuning: train.jsonl, validation.jsonl and dataset.json.

    Every prompt is rendered as the laptop renders it; documents are never in both splits;
    what is wrong or personal in the data is reported.

    Example: assistant-convert dataset build chats.jsonl questions.csv --out dataset
    """


common_options = options(
    click.option("--validation-ratio", type=click.FloatRange(0, 1), default=0.05,
                 show_default=True, help="Share of documents that are held out."),
    click.option("--validation-document", "validation_documents", multiple=True,
                 metavar="NAME", help="Hold this document out."),
    click.option("--never", multiple=True, type=_PATH,
                 help="SQuAD-shaped file kept for evaluation: nothing of it gets in."),
    click.option("--base", type=_PATH, help="Folder of the base: its tokenizer counts."),
    click.option("--context-length", type=click.IntRange(64), default=2048,
                 show_default=True, help="Most tokens of a sample."),
    click.option("--personal", type=click.Choice(["report", "mask", "drop"]),
                 default="report", show_default=True,
                 help="What to do about personal identifiers."),
    click.option("--near-duplicate", type=click.FloatRange(0, 1), default=0.8,
                 show_default=True, help="Likeness from which on texts are near duplicates."),
    click.option("--seed", type=int, default=1, show_default=True, help="Source of chance."),
    click.option("--json", "as_json", is_flag=True, help="Write the manifest to stdout."),
)  # fmt: skip
"""Options that all ways to make a dataset share."""


row_options = options(
    click.option("--format", "form", default="auto", show_default=True,
                 type=click.Choice(ROW_FORMATS),
                 help="Format of the files."),
    click.option("--column", "columns", multiple=True, metavar="NAME=COLUMN",
                 help="Where a column is called otherwise: question=query."),
    click.option("--validation", type=_PATH, help="File or folder with the validation split."),
    click.option("--skip-bad-rows", is_flag=True, help="Leave unusable rows out."),
)  # fmt: skip
"""Options of files with rows."""


@dataset_group.command("build")
@click.argument("sources", nargs=-1, required=True, type=_PATH)
@click.option("--out", required=True, type=_OUT, help="Folder to write.")
@row_options
@common_options
def build_command(out: Path, *, as_json: bool, **chosen: Any) -> None:
    """Make a dataset of your own files: chats, or questions with their passages.

    SOURCES are JSON lines, JSON, CSV, Parquet, or folders that Hugging Face's datasets
    saved. Rows have messages (system, user, assistant), or question, answer and context;
    an answer is copied from its context, or the word unanswerable.

    Example: assistant-convert dataset build support.jsonl --personal mask --out dataset
    """
    _make(lambda: _own(chosen), out, as_json=as_json)


@dataset_group.command("check")
@click.argument("sources", nargs=-1, required=True, type=_PATH)
@row_options
@common_options
def check_command(*, as_json: bool, **chosen: Any) -> None:
    """Check files as `build` would, and write nothing.

    Example: assistant-convert dataset check support.jsonl --skip-bad-rows --json
    """
    _make(lambda: _own(chosen), None, as_json=as_json)


@dataset_group.command("convert")
@click.argument("files", nargs=-1, required=True, type=_PATH)
@click.option("--format", "form", required=True, type=click.Choice(["squad", "cuad", "pubmedqa"]),
              help="Shape of the files.")  # fmt: skip
@click.option("--out", required=True, type=_OUT, help="Folder to write.")
@click.option("--passages", default="0.1,0.3,0.35,0.25", show_default=True, metavar="WEIGHTS",
              help="Weights of prompts with 1, 2, 3, ... passages.")  # fmt: skip
@click.option("--refusals", "refusal_share", type=click.FloatRange(0, 0.99), default=0.33,
              show_default=True, help="Share of refusals.")  # fmt: skip
@click.option("--synthetic", "synthetic_share", type=click.FloatRange(0, 1), default=0.0,
              show_default=True,
              help="Share of the added refusals that rules make from questions.")  # fmt: skip
@click.option("--windows", "window_share", type=click.FloatRange(0, 1), default=0.3,
              show_default=True, help="Share of prompts with cut passages.")  # fmt: skip
@click.option("--limit", type=click.IntRange(0), default=0,
              help="About how many training samples of each file; 0 is all.")  # fmt: skip
@click.option("--validation-limit", type=click.IntRange(0), default=1000, show_default=True,
              help="About how many validation samples; 0 is all.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True,
              help="How often each passage is shown.")  # fmt: skip
@click.option("--licence", default="", help="Licence of the files, for the manifest.")
@common_options
def convert_command(files: tuple[Path, ...], out: Path, *, as_json: bool, **chosen: Any) -> None:
    """Make a dataset of public question-answering sets, many questions to a prompt.

    Example: assistant-convert dataset convert --format squad train-v1.1.json.gz
    --never dev-v2.0.json --limit 20000 --out dataset
    """
    _make(lambda: _public(files, chosen), out, as_json=as_json)


@dataset_group.command("raft")
@click.option("--pairs", required=True, type=_PATH,
              help="Questions: question, answer (or document, page, start, end).")  # fmt: skip
@click.option("--library", default="", help="Name of the library [default: library].")
@click.option("--data-dir", type=_PATH, help="Folder with library, key and models.")
@click.option("--distractors", type=click.IntRange(0, 16), default=2, show_default=True,
              help="Hard negatives beside the right passage.")  # fmt: skip
@click.option("--without-oracle", type=click.FloatRange(0, 1), default=0.2, show_default=True,
              help="Share asked without the right passage: refusals.")  # fmt: skip
@click.option("--windows", "window_share", type=click.FloatRange(0, 1), default=0.5,
              show_default=True, help="Share of prompts cut as the laptop cuts.")  # fmt: skip
@click.option("--licence", default="", help="Licence of the documents, for the manifest.")
@click.option("--out", required=True, type=_OUT, help="Folder to write.")
@common_options
def raft_command(out: Path, *, as_json: bool, **chosen: Any) -> None:
    """Make a dataset of questions about the documents of a library.

    Each question is asked among what the library's own search finds. An answer must stand
    in one passage word for word; other pairs are left out and reported.

    Example: assistant-convert dataset raft --library contracts --pairs pairs.csv --out dataset
    """
    _make(lambda: _raft(chosen), out, as_json=as_json)


def _own(chosen: dict[str, Any]) -> DatasetSettings:
    columns = _columns(chosen.pop("columns"))
    form, held = chosen.pop("form"), chosen.pop("validation")
    sources = [SourceSettings(p, form, columns=columns) for p in chosen.pop("sources")]
    if held is not None:
        sources = [replace(source, split="train") for source in sources]
        sources.append(SourceSettings(held, form, split="validation", columns=columns))
    return DatasetSettings(sources=tuple(sources), **chosen)


def _columns(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, column in pairs:
        if not equals or not column:
            raise click.BadParameter(f"'{name}' is not of the form NAME=COLUMN.")
    return {name: column for name, _, column in pairs}


def _public(files: tuple[Path, ...], chosen: dict[str, Any]) -> DatasetSettings:
    names = ("refusal_share", "synthetic_share", "window_share")
    grouped = {name: chosen.pop(name) for name in names}
    try:
        weights = tuple(float(weight) for weight in chosen.pop("passages").split(","))
    except ValueError:
        raise click.BadParameter("--passages takes numbers, as in 0,0.5,0.5.") from None
    form = chosen.pop("form")
    own = {name: chosen.pop(name) for name in ("limit", "repeat", "licence")}
    sources = tuple(SourceSettings(p, form, mixed=form != "cuad", **own) for p in files)
    return DatasetSettings(
        sources=sources, groups=GroupSettings(passages=weights, **grouped), **chosen
    )


def _raft(chosen: dict[str, Any]) -> DatasetSettings:
    names = ("pairs", "library", "data_dir", "distractors", "without_oracle", "window_share")
    own = {name: chosen.pop(name) for name in (*names, "licence")}
    return DatasetSettings(raft=RaftSettings(**own), **chosen)


def _make(settings: Callable[[], DatasetSettings], out: Path | None, *, as_json: bool) -> None:
    with running_step(as_json=as_json) as step:
        from convert.dataset.dataset_report import show
        from convert.dataset.dataset_step import make_dataset, run_dataset

        if out is None:
            manifest = make_dataset(settings(), step.progress, step.cancel)[0]
        else:
            manifest = run_dataset(settings(), out, step.progress, step.cancel)
        step.progress.end()
        if as_json:
            step.output.json(manifest)
        else:
            show(manifest, step.output)
