"""Settings of the dataset step: the table [dataset] of a recipe, and the tables in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from assistant.strict_reader import Meta
from convert.settings import Count, Positive, Seed, Settings, Share

Format = Literal["auto", "chat", "jsonl", "csv", "json", "parquet", "folder", "squad", "cuad",
                 "pubmedqa"]  # fmt: skip
"""`auto` goes by the name of the file; the public shapes must be named. `chat` is JSON lines
(`jsonl`) under another name; `folder` is a Hugging Face dataset's folder."""

Split = Literal["auto", "train", "validation"]
Personal = Literal["report", "mask", "drop"]

COLUMNS = ("messages", "question", "answer", "context", "document", "page")


@dataclass(frozen=True, slots=True)
class SourceSettings(Settings):
    """One file or folder of data."""

    TABLE: ClassVar[str] = "dataset.sources"

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

    validation_ratio: Share | None = None
    """Share of its documents that are held out; the dataset's by default."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Names of columns where they differ: {question = "query", context = "passage"}. Known
    are messages, question, answer, context, document and page."""

    repeat: Positive = 1
    """How often each paragraph is shown, each time among others (not for conversations)."""

    limit: Count = 0
    """About how many training samples are made of it; 0 is all (not for conversations)."""

    mixed: bool = True
    """Whether its passages may stand beside those of other documents. Set it to false where
    the questions are the same for every document, as CUAD's are."""

    def check(self) -> None:
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise ValueError(f"Unknown column '{unknown[0]}'; known are {', '.join(COLUMNS)}")

    @property
    def label(self) -> str:
        return self.name or self.path.name.split(".")[0] or "data"


@dataclass(frozen=True, slots=True)
class GroupSettings(Settings):
    """A group is one set of passages in one order, asked many questions.

    Training computes a group's passages once for all its questions.
    """

    TABLE: ClassVar[str] = "dataset.groups"

    passages: tuple[Annotated[float, Meta(ge=0)], ...] = (0.1, 0.3, 0.35, 0.25)
    """Weights of groups with 1, 2, 3, ... passages."""

    refusal_share: Share = 0.33
    """Share of refusals among all samples. Human-written unanswerable questions are always
    taken; others are added up to this share."""

    near_share: Share = 0.8
    """Share of the added refusals that ask about the same document (its nearest paragraphs
    that are not shown); the others ask about other documents."""

    synthetic_share: Share = 0.0
    """Share of the added refusals that are made by rules from an answerable question (see
    `convert.dataset.unanswerable_questions`)."""

    outside_share: Share = 0.15
    """Share of passages that come from another document, the nearest to the group's first."""

    bare_share: Share = 0.15
    """Share of passages that are taken as they come, though nothing may be asked of them."""

    window_share: Share = 0.3
    """Share of groups whose passages are cut to windows of whole sentences, as the laptop
    cuts them; what is asked about the rest becomes a refusal."""

    window_tokens: Positive = 350
    """Tokens (estimated at 4.4 characters) that all windows of a prompt have together."""

    longest_answer: Positive = 400
    """Characters. A longer answer would not fit the laptop's `max_answer_tokens`."""

    questions: Positive = 24
    """Most samples of one group."""

    def check(self) -> None:
        if sum(self.passages) <= 0:
            raise ValueError("'passages' needs weights of 0 or more, one of them above 0")
        if self.refusal_share >= 1:
            raise ValueError("'refusal_share' must be below 1")


@dataclass(frozen=True, slots=True)
class RaftSettings(Settings):
    """Questions about a user's own library (Zhang et al. 2024, RAFT)."""

    TABLE: ClassVar[str] = "dataset.raft"

    pairs: Path
    """JSON lines, JSON, CSV or Parquet: question, and answer (verbatim), document, page,
    start and end, or unanswerable."""

    library: str = ""
    """Name of the library; the default one if empty."""

    data_dir: Path | None = None
    """Folder with the library, its key and the models; the user's own by default."""

    distractors: Annotated[int, Meta(ge=0, le=16)] = 2
    """Hard negatives beside the passage that holds the answer."""

    without_oracle: Share = 0.2
    """Share of the answerable questions that are asked without the passage that holds the
    answer. They become refusals."""

    window_share: Share = 0.5
    """Share of the samples whose passages are cut to windows as the laptop cuts them
    (`assistant.answering.prompt_budget`); the others show whole passages. Needs a chat model."""

    search_depth: Annotated[int, Meta(le=1000)] = 60
    """How many hits of the retriever the negatives are chosen from."""

    licence: str = ""
    """Licence of the documents, for the manifest."""

    def check(self) -> None:
        if self.search_depth <= self.distractors:
            raise ValueError("'search_depth' must be over 'distractors'")


@dataclass(frozen=True, slots=True)
class DatasetSettings(Settings):
    """Where the data come from, what is held out, and what is thrown away."""

    TABLE: ClassVar[str] = "dataset"

    sources: tuple[SourceSettings, ...] = ()
    """[[dataset.sources]]: files and folders, each with its own settings."""

    raft: RaftSettings | None = None
    """[dataset.raft]: questions about the documents of a library."""

    groups: GroupSettings = field(default_factory=GroupSettings)
    """[dataset.groups]: how passages and questions are put together."""

    validation_ratio: Share = 0.05
    """Share of documents (by a hash of their names) that are held out."""

    validation_documents: tuple[str, ...] = ()
    """Documents that are held out by name."""

    validation_limit: Count = 1000
    """About how many validation samples are made of passages; 0 is all."""

    never: tuple[Path, ...] = ()
    """SQuAD-shaped files that are kept for evaluation: whatever shares a document, a question
    or a passage with them is dropped from both splits."""

    base: Path | None = None
    """Folder of the base model: its tokenizer counts the length of samples. Without it the
    length is estimated (4 characters for a token)."""

    context_length: Annotated[int, Meta(ge=64)] = 2048
    """Most tokens of a sample, prompt and answer together; a longer one is dropped."""

    personal: Personal = "report"
    """What is done about personal identifiers: reported only, masked ([EMAIL]), or the
    sample dropped."""

    near_duplicate: Share = 0.8
    """From this share of common word triples (Jaccard) on, two conversations or passages are
    near duplicates; 1 looks for none."""

    skip_bad_rows: bool = False
    """Leave rows that can't be used out and report them, instead of stopping at the first."""

    seed: Seed = 1
    """Which samples are drawn, and their order: all chance of the step but the split's."""

    split_seed: Seed = 1
    """Which documents are held out. A second run on the same data keeps it and changes `seed`:
    else it trains on what the first one held out, and nothing is left to measure on."""
