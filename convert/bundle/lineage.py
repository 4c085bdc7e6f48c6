"""Make the lineage in a manifest from the steps' records, with nothing private in it.

A bundle leaves the workstation. Paths are cut down to their last part, and of the figures
only numbers are taken: a record may name folders, patients or clients, a bundle must not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from assistant.bundle.manifest import Source, Step
from assistant.errors import UsageError
from convert.step_record import StepRecord, read_record

_DEEPEST = 9
_LONGEST_LIST = 100
_LONGEST_TEXT = 400
_LARGEST = 2**53
_ROOTED = re.compile(r"(?:[/~]|\.{1,2}/|[A-Za-z]:[\\/]|\\\\)")
_SLASHED = re.compile(r"[^\s:]*[/\\][^\s:]*")


def read_steps(folders: Iterable[Path]) -> list[StepRecord]:
    """Read the record of each folder, oldest first. Raises `UsageError` if one has none."""
    found = []
    for folder in folders:
        record = read_record(folder)
        if record is None:
            raise UsageError(
                f"{folder} has no step.json: no step of this program was finished there.",
                hint="Name the folders that dataset, train, merge, export, adapter and "
                "evaluate wrote.",
            )
        found.append(record)
    return sorted(found, key=lambda record: record.finished_at)


def require_made_by(payload: str, records: Iterable[StepRecord], what: Path) -> None:
    """Raise `UsageError` unless a step put out the payload (its SHA-256)."""
    if not any(payload in record.outputs.values() for record in records):
        raise UsageError(
            f"{what} was made by none of the given steps (no record has its SHA-256).",
            hint="Name the folder of the step that wrote it; if the file was changed since, "
            "run that step again.",
        )


def sources_of(records: Iterable[StepRecord], given: Sequence[Source]) -> tuple[Source, ...]:
    """Return the data that went in: what is given, then what the dataset's record names.

    Raises `UsageError` for data whose licence nobody said.
    """
    found = {source.name: source for source in given}
    for record in records:
        rows = record.settings.get("sources", []) if record.step == "dataset" else []
        for row in rows if isinstance(rows, list) else []:
            name = _text(str(row.get("name") or row.get("path") or "data"))
            licence = str(row.get("licence") or "")
            if name not in found:
                found[name] = Source(name, licence, "")
    silent = [source.name for source in found.values() if not source.licence.strip()]
    if silent:
        raise UsageError(
            f"The licence of the data '{silent[0]}' is not known, so the card can't say it.",
            hint="Say it in the recipe (licence = ... under [[dataset.sources]]), or here: "
            f'--source "{silent[0]}|LICENCE|ATTRIBUTION". For your own: "confidential".',
        )
    return tuple(found.values())


def require_sources(sources: Sequence[Source]) -> None:
    """Raise `UsageError` if no data are named: then the card can't say what went in."""
    if not sources:
        raise UsageError(
            "No data source is named, so the card can't say what went in.",
            hint='Name each: --source "NAME|LICENCE|ATTRIBUTION", or sources = [...] in the '
            'recipe. For your own: "own documents|confidential".',
        )


def to_steps(records: Iterable[StepRecord]) -> tuple[Step, ...]:
    """Return the lineage as it goes into a manifest."""
    return tuple(
        Step(
            step=_text(record.step),
            finished_at=_text(record.finished_at),
            inputs=_hashes(record.inputs),
            outputs=_hashes(record.outputs),
            settings=plain(record.settings),
            versions={_text(key): _text(value) for key, value in record.versions.items()},
            figures=numbers(record.figures),
        )
        for record in records
    )


def plain(value: Any, depth: int = 0) -> Any:
    """Return settings in a form that can be carried: bounded, paths cut to their last part."""
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value[:_LONGEST_LIST]]
    return _number(value) if isinstance(value, bool | int | float | None) else _text(str(value))


def numbers(value: Any, depth: int = 0) -> Any:
    """Return the numbers among figures, under their names; texts are left out."""
    if isinstance(value, Mapping):
        kept = {
            _text(str(key)): numbers(item, depth + 1)
            for key, item in value.items()
            if not isinstance(item, str) and depth < _DEEPEST
        }
        return {key: item for key, item in kept.items() if item not in ({}, [])}
    if isinstance(value, list | tuple):
        whole = len(value) <= _LONGEST_LIST
        return [_number(item) for item in value if isinstance(item, int | float)] if whole else []
    return _number(value) if isinstance(value, bool | int | float | None) else {}


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    return value


def _hashes(table: Mapping[str, str]) -> dict[str, str]:
    return {_text(name): value for name, value in table.items()}


def _text(text: str) -> str:
    """Cut a path to its last part, and any text to a few hundred characters."""
    if "://" not in text and (_ROOTED.match(text) or _SLASHED.fullmatch(text)):
        name = PureWindowsPath(text).name if "\\" in text else PurePosixPath(text).name
        text = name or text[-1:]
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."
