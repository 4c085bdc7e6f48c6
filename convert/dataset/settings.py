"""Settings of the dataset step: the table [dataset] of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.errors import UsageError
from convert.dataset.group_settings import GroupSettings
from convert.dataset.raft_settings import RaftSettings
from convert.dataset.settings_tables import from_table

Format = Literal["auto", "chat", "jsonl", "csv", "json", "parquet", "folder", "squad", "cuad",
                 "pubmedqa"]  # fmt: skip
"""`auto` goes by the name of the file; the public shapes must be named. `chat` is JSON lines
(`jsonl`) under another name; `folder` is a Hugging Face dataset's folder."""

Split = Literal["auto", "train", "validation"]
Personal = Literal["report", "mask", "drop"]

COLUMNS = ("messages", "question", "answer", "context", "document", "page")


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One file or folder of data."""

    path: Path
    """File or folder."""

    format: Format = "auto"
    """Its shape (see `Format`)."""

    name: str = ""
    """Name in the manifest and in the samples' ids; the file's name by default."""

    licence: str = ""
    """Its licence, for the manifest and the model's card ("CC BY-SA 4.0")."""

    split: Split = "auto"
    """`train` or `validation` puts all of it into that split; `auto` splits by document."""

    validation_ratio: float | None = None
    """Share of its documents that are held out; the dataset's by default."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Names of columns where they differ: {question = "query", context = "passage"}. Known
    are messages, question, answer, context, document and page."""

    repeat: int = 1
    """How often each paragraph is shown, each time among others (not for conversations)."""

    limit: int = 0
    """About how many training samples are made of it; 0 is all (not for conversations)."""

    mixed: bool = True
    """Whether its passages may stand beside those of other documents. Set it to false where
    the questions are the same for every document, as CUAD's are."""

    def __post_init__(self) -> None:
        _one_of(self.format, get_args(Format), "format")
        _one_of(self.split, get_args(Split), "split")
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise UsageError(
                f"Unknown column '{unknown[0]}'.", hint=f"Choose from {', '.join(COLUMNS)}."
            )
        if self.validation_ratio is not None and not 0 <= self.validation_ratio <= 1:
            raise UsageError("'validation_ratio' must be from 0 to 1.")
        if self.repeat < 1 or self.limit < 0:
            raise UsageError("'repeat' must be 1 or more, 'limit' 0 or more.")

    @property
    def label(self) -> str:
        return self.name or self.path.name.split(".")[0] or "data"


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """Where the data come from, what is held out, and what is thrown away."""

    sources: tuple[SourceSettings, ...] = ()
    """[[dataset.sources]]: files and folders, each with its own settings."""

    raft: RaftSettings | None = None
    """[dataset.raft]: questions about the documents of a library."""

    groups: GroupSettings = field(default_factory=GroupSettings)
    """[dataset.groups]: how passages and questions are put together."""

    validation_ratio: float = 0.05
    """Share of documents (by a hash of their names) that are held out."""

    validation_documents: tuple[str, ...] = ()
    """Documents that are held out by name."""

    validation_limit: int = 1000
    """About how many validation samples are made of passages; 0 is all."""

    never: tuple[Path, ...] = ()
    """SQuAD-shaped files that are kept for evaluation: whatever shares a document, a question
    or a passage with them is dropped from both splits."""

    base: Path | None = None
    """Folder of the base model: its tokenizer counts the length of samples. Without it the
    length is estimated (4 characters for a token)."""

    context_length: int = 2048
    """Most tokens of a sample, prompt and answer together; a longer one is dropped."""

    personal: Personal = "report"
    """What is done about personal identifiers: reported only, masked ([EMAIL]), or the
    sample dropped."""

    near_duplicate: float = 0.8
    """From this share of common word triples (Jaccard) on, two conversations or passages are
    near duplicates; 1 looks for none."""

    skip_bad_rows: bool = False
    """Leave rows that can't be used out and report them, instead of stopping at the first."""

    seed: int = 1
    """Which samples are drawn, and their order: all chance of the step but the split's."""

    split_seed: int = 1
    """Which documents are held out. A second run on the same data keeps it and changes `seed`:
    else it trains on what the first one held out, and nothing is left to measure on."""

    def __post_init__(self) -> None:
        _one_of(self.personal, get_args(Personal), "personal")
        for name in ("validation_ratio", "near_duplicate"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(f"[dataset] '{name}' is {value}; it must be from 0 to 1.")
        if self.validation_limit < 0:
            raise UsageError("[dataset] 'validation_limit' must not be negative.")
        if self.context_length < 64:
            raise UsageError("[dataset] 'context_length' must be 64 or more.")

    @classmethod
    def from_table(cls, table: Mapping[str, Any], folder: Path) -> DatasetSettings:
        """Make settings of a recipe's table; relative paths are taken from `folder`.

        Raises `UsageError` naming table and key for what is unknown or unusable.
        """
        rest = dict(table)
        sources = rest.pop("sources", [])
        if not isinstance(sources, list) or not all(isinstance(s, dict) for s in sources):
            raise UsageError("[[dataset.sources]] must be a list of tables.")
        made: dict[str, Any] = {
            "sources": tuple(
                from_table(SourceSettings, s, "dataset.sources", folder) for s in sources
            )
        }
        nested: tuple[tuple[str, Any], ...] = (("raft", RaftSettings), ("groups", GroupSettings))
        for key, kind in nested:
            if key in rest:
                made[key] = from_table(kind, rest.pop(key), f"dataset.{key}", folder)
        plain = from_table(cls, rest, "dataset", folder)
        values = {name: getattr(plain, name) for name in cls.__slots__}
        return cls(**{**values, **made})

    def as_table(self) -> dict[str, Any]:
        """Return the settings as plain data for records; files by name only."""
        table: dict[str, Any] = _plain(asdict(self))
        return table


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.name if isinstance(value, Path) else value


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise UsageError(f"'{name}' is {value!r}.", hint=f"Choose from {', '.join(allowed)}.")
