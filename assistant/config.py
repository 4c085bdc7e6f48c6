"""Settings: defaults, then `config.toml` in the data folder, then flags.

The data folder is `ASSISTANT_DATA_DIR`, or the platform's place for user data.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

from assistant.errors import ConfigError
from assistant.strict_reader import (
    BadInputError,
    MissingInputError,
    fitted,
    read_file,
    read_toml,
    refused,
)
from assistant.types import AUTO, STRATEGIES, WITHDRAWN, ModelProfile

APP_NAME = "airgap-assistant"
DATA_DIR_VARIABLE = "ASSISTANT_DATA_DIR"
CONFIG_FILE = "config.toml"
DEFAULT_LIBRARY = "library"
NO_CHAT_MODEL = "-"
"""As the chat model: none is used. No model can have this name."""


_LIBRARY_NAME = re.compile(r"\w[\w .-]{0,63}")
_LONGEST_CONFIG = 1 << 20
LIMITS: dict[str, tuple[float, float]] = {
    "threads": (0, 512),
    "context_length": (0, 1 << 20),
    "max_answer_tokens": (0, 8192),
    "search_hits": (1, 100),
    "prompt_passages": (0, 32),
    "prompt_passage_tokens": (0, 1 << 20),
    "temperature": (0.0, 2.0),
    "max_file_mb": (1, 2048),
    "parse_seconds": (1, 3600),
    "parse_memory_mb": (256, 65536),
    "auto_lock_minutes": (0, 24 * 60),
}
"""Least and greatest value of each number."""


NO_READER = "none"
"""The setting `reader` that answers without a reader."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Unknown keys in the file are refused, so that a typo is noticed.

    Raises `ConfigError` for a value out of its limits, and for a library name that is
    more than a plain name: it becomes a file name in the data folder and nowhere else.
    """

    data_dir: Path
    """Folder that holds the library, its key, the models and `config.toml`."""

    library: str = DEFAULT_LIBRARY
    """Name of the library: the store is `<data_dir>/<library>.db`."""

    chat_model: str = ""
    """Name of the chat model in use; "" is the catalogue's default. With "-" none is used:
    answers are then sentences of the documents."""

    embedder: str = ""
    """Name of the embedder in use; "" is the catalogue's default. With a slash in it, the
    folder of an embedder that the workstation exported."""

    reader: str = ""
    """Folder of an extractive reader that the workstation exported; "" takes the one that came
    with the program, "none" answers without one."""

    threads: int = 0
    """Threads of the chat model and the embedder; 0 is one for each physical core."""

    context_length: int = 0
    """Tokens of context to allocate for the chat model (memory grows with it). Here and in the
    next ones that say so, 0 leaves it to the model's profile (`assistant models tune-in`)."""

    max_answer_tokens: int = 0
    """Longest answer of the chat model, in tokens; 0 is the profile's."""

    search_hits: int = 8
    """Passages that a search returns."""

    prompt_passages: int = 0
    """Most passages that are shown to the chat model; 0 is the profile's. As many are searched, if
    that is more than `search_hits`."""

    prompt_passage_tokens: int = 0
    """Token budget of all passages in the prompt together; 0 is the profile's."""

    reading: str = AUTO
    """How passages are read: "reader", "together", "map-reduce" or "extract"; with "auto"
    each question's words decide. See docs/reading.md."""

    temperature: float = 0.0
    """Sampling temperature of a chat model that writes freely; 0 is greedy and repeatable."""

    max_file_mb: int = 100
    """Largest file that is read, in MiB."""

    parse_seconds: int = 60
    """Processor time that parsing one file may take."""

    parse_memory_mb: int = 1024
    """Address space that parsing one file may take, in MiB."""

    auto_lock_minutes: int = 15
    """Minutes without a key or the mouse after which the app locks a library that has a
    passphrase; 0 is never."""

    keep_conversations: bool = True
    """Whether the app keeps questions and answers in the encrypted library (`assistant
    conversations`). Ctrl+T leaves nothing of one conversation."""

    document_folders: str = ""
    """Folders that the app may read documents from, with ":" (Windows: ";") between them. ""
    stands for what is visible in the home folder, removable media, and the folder the app was
    started in. A command that names files reads those and no others."""

    audit_content: bool = False
    """Whether the audit log also holds the text of questions and the names of documents. The
    log is not encrypted: with this on, whoever has the data folder can read them there."""

    def __post_init__(self) -> None:
        if not _LIBRARY_NAME.fullmatch(self.library) or not _encodable(self.library):
            raise ConfigError(
                f"{self.library[:80]!r} can't be the name of a library.",
                hint="A name has 1 to 64 letters, digits, spaces, dots, dashes and underscores, "
                "and begins with a letter or digit.",
            )
        if self.reading not in (AUTO, *STRATEGIES):
            raise ConfigError(
                f"'reading' is {self.reading[:40]!r}, which is no way of reading.",
                hint=WITHDRAWN.get(
                    self.reading, f"Choose one of: {', '.join((AUTO, *STRATEGIES))}."
                ),
            )
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if not math.isfinite(value) or not least <= value <= most:
                raise ConfigError(
                    f"'{name}' is {value}, out of its limits.",
                    hint=f"Choose from {least:g} to {most:g}.",
                )

    @property
    def store_path(self) -> Path:
        return self.data_dir / f"{self.library}.db"

    @property
    def key_path(self) -> Path:
        return self.data_dir / f"{self.library}.key"

    @property
    def audit_path(self) -> Path:
        return self.data_dir / f"{self.library}.audit"

    @property
    def wrapped_key_path(self) -> Path:
        return self.data_dir / f"{self.library}.keys"

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    def for_model(self, profile: ModelProfile) -> Settings:
        """Return a copy in which the profile of a chat model fills in what is left to it."""
        return replace(
            self,
            context_length=self.context_length or profile.context_length,
            max_answer_tokens=self.max_answer_tokens or profile.answer_tokens,
            prompt_passages=self.prompt_passages or profile.passages,
            prompt_passage_tokens=self.prompt_passage_tokens or profile.passage_tokens,
        )

    def with_changes(self, **changes: Any) -> Settings:
        """Return a copy with the given fields replaced; None keeps a field."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})


def default_data_dir() -> Path:
    """Return the data folder: the environment's, else the platform's."""
    named = os.environ.get(DATA_DIR_VARIABLE)
    if named:
        try:
            return Path(named).expanduser().absolute()
        except RuntimeError as error:
            raise ConfigError(
                f"{DATA_DIR_VARIABLE} is {named!r}: {error}", hint="Name a folder by its full path."
            ) from error
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def load_settings(data_dir: Path | None = None) -> Settings:
    """Read the settings of a data folder. Raises `ConfigError`; writes nothing."""
    folder = data_dir or default_data_dir()
    path = folder / CONFIG_FILE
    with refused(ConfigError, str(path), hint="Mend the file, or move it away."):
        try:
            table = read_toml(read_file(path, _LONGEST_CONFIG), dict[str, Any])
        except MissingInputError:
            return Settings(data_dir=folder)
        if "data_dir" in table:
            raise BadInputError("'data_dir' can't be set here, as it is where this file lies")
        if table.pop("reranker", ""):
            raise BadInputError("'reranker' was taken out: the 'reader' weighs what is found")
        return fitted({"data_dir": folder, **table}, Settings)


def _encodable(name: str) -> bool:
    """Tell whether a name can be a file name (a lone surrogate or a NUL can't)."""
    return name.isprintable() and not any(0xD800 <= ord(c) < 0xE000 for c in name)
