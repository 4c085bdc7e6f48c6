"""Rows of Arrow and Parquet files, and of Hugging Face dataset folders, read by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from convert.dataset.data_files import Row, unreadable

_BATCH = 512
_SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation"}


def read_parquet(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file. Raises `UsageError` naming the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield from _rows(path, file.iter_batches(batch_size=_BATCH))
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, error) from error


def read_arrow(path: Path) -> Iterator[Row]:
    """Yield the rows of an Arrow file: a stream (as `save_to_disk` writes) or a file."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            try:
                batches = pa.ipc.open_stream(source)
            except pa.ArrowInvalid:
                source.seek(0)
                reader = pa.ipc.open_file(source)
                batches = (reader.get_batch(n) for n in range(reader.num_record_batches))
            yield from _rows(path, batches)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, error) from error


def read_folder(path: Path) -> Iterator[Row]:
    """Yield the rows of a dataset folder: Arrow or Parquet files, with splits below it.

    A folder called train, validation (valid, dev) or test becomes the row's column
    `__split__`; test splits are refused, as nothing of them may be trained on.
    """
    files = sorted(p for p in path.rglob("*") if p.suffix in (".arrow", ".parquet") and p.is_file())
    files = [p for p in files if not p.name.startswith(("cache-", "."))]
    if not files:
        raise UsageError(
            f"{path} holds no Arrow or Parquet files.",
            hint="Name a folder that datasets' save_to_disk wrote, or one of Parquet files.",
        )
    for file in files:
        split = _split(file.relative_to(path))
        if split == "test":
            raise UsageError(
                f"{file} belongs to a test split.", hint="Name the folder of a single split."
            )
        for where, row in read_parquet(file) if file.suffix == ".parquet" else read_arrow(file):
            yield where, ({**row, "__split__": split} if split else row)


def _split(relative: Path) -> str:
    """Tell a file's split: by its folder, or by its name ("train-00000-of-00002.parquet")."""
    for part in [*relative.parts[:-1], relative.stem.split("-")[0]]:
        word = part.lower()
        if word == "test":
            return "test"
        if word in _SPLITS:
            return _SPLITS[word]
    return ""


def _rows(path: Path, batches: Any) -> Iterator[Row]:
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            yield f"{path}, row {number}", row
