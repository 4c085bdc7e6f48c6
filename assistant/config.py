"""Settings: defaults, then `config.toml` in the data folder, then flags.

The data folder is `ASSISTANT_DATA_DIR`, or the platform's place for user data.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from assistant.errors import ConfigError

APP_NAME = "airgap-assistant"
DATA_DIR_VARIABLE = "ASSISTANT_DATA_DIR"
CONFIG_FILE = "config.toml"
DEFAULT_LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Unknown keys in the file are refused, so that a typo is noticed."""

    data_dir: Path
    """Folder that holds the library, its key, the models and `config.toml`."""

    library: str = DEFAULT_LIBRARY
    """Name of the library: the store is `<data_dir>/<library>.db`."""

    chat_model: str = ""
    """Name of the chat model in use; "" is the catalogue's default."""

    embedder: str = ""
    """Name of the embedder in use; "" is the catalogue's default."""

    threads: int = 0
    """Threads of the chat model and the embedder; 0 is one for each physical core."""

    context_length: int = 2048
    """Tokens of context to allocate for the chat model (memory grows with it)."""

    max_answer_tokens: int = 160
    """Longest answer of the chat model, in tokens."""

    search_hits: int = 8
    """Passages that a search returns."""

    prompt_passages: int = 3
    """Most passages that are shown to the chat model."""

    prompt_passage_tokens: int = 420
    """Token budget of all passages in the prompt together."""

    temperature: float = 0.0
    """Sampling temperature of the chat model; 0 is greedy and repeatable."""

    max_file_mb: int = 100
    """Largest file that is read, in MiB."""

    parse_seconds: int = 60
    """Processor time that parsing one file may take."""

    parse_memory_mb: int = 1024
    """Address space that parsing one file may take, in MiB."""

    @property
    def store_path(self) -> Path:
        return self.data_dir / f"{self.library}.db"

    @property
    def key_path(self) -> Path:
        return self.data_dir / f"{self.library}.key"

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    def with_changes(self, **changes: Any) -> Settings:
        """Return a copy with the given fields replaced; None keeps a field."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})


def default_data_dir() -> Path:
    """Return the data folder: the environment's, else the platform's."""
    named = os.environ.get(DATA_DIR_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def load_settings(data_dir: Path | None = None) -> Settings:
    """Read the settings of a data folder. Raises `ConfigError`; writes nothing."""
    folder = data_dir or default_data_dir()
    path = folder / CONFIG_FILE
    try:
        raw = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(data_dir=folder)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}.") from error
    try:
        table = tomllib.loads(raw)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    return _checked(Settings(data_dir=folder), table, path)


def _checked(base: Settings, table: dict[str, Any], path: Path) -> Settings:
    known = {f.name: type(getattr(base, f.name)) for f in fields(base) if f.name != "data_dir"}
    for key, value in table.items():
        if key not in known:
            names = ", ".join(sorted(known))
            raise ConfigError(f"{path}: unknown setting '{key}'.", hint=f"Settings are: {names}.")
        wanted = known[key]
        if wanted is float and type(value) is int:
            table[key] = float(value)
        elif type(value) is not wanted:
            raise ConfigError(f"{path}: '{key}' must be of type {wanted.__name__}.")
        elif wanted is int and value < 0:
            raise ConfigError(f"{path}: '{key}' must not be negative.")
    return replace(base, **table)
