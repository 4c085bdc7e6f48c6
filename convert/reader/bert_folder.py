"""The folder of a BERT that a reader is trained from: checked, and its tokenizer copied."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError
from assistant.models.installed_readers import CONFIG_FILE
from convert.embedder.model_folder import read_plain

CONFIG = "config.json"
_TOKENIZER = "tokenizer.json"
_TOKENIZER_FILES = (_TOKENIZER, "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


@dataclass(frozen=True, slots=True)
class BertFolder:
    """A BERT: `positions` is the most tokens that it can read."""

    folder: Path
    positions: int


def check_bert(folder: Path, max_tokens: int = 0) -> BertFolder:
    """Check a folder without loading the model.

    Raises `ModelError` for a hub's name, an exported reader (int8), weights that are no
    safetensors, code of the model's own, a missing tokenizer, anything but a BERT, and one
    that reads fewer than `max_tokens`.
    """
    if (folder / CONFIG_FILE).is_file():
        raise ModelError(
            f"{folder} is an exported reader (int8), which can't learn any more.",
            hint="Bring it back to 32 bits first: assistant-convert reader restore --help",
        )
    config = read_plain(folder)
    positions = config.get("max_position_embeddings")
    if config.get("model_type") != "bert" or not isinstance(positions, int):
        raise ModelError(
            f"{folder} is no BERT, but {config.get('model_type')!r}.",
            hint="Start from a BERT such as all-MiniLM-L6-v2.",
        )
    if not (folder / _TOKENIZER).is_file():
        raise ModelError(f"{folder} has no {_TOKENIZER}.")
    if max_tokens > positions:
        raise ModelError(
            f"{folder} reads {positions} tokens, not {max_tokens}.",
            hint="Choose a smaller max_tokens.",
        )
    return BertFolder(folder, positions)


def copy_tokenizer(source: Path, target: Path) -> None:
    for name in _TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
