"""Load the base of a reranker, and write the tuned one.

No cross-encoder comes with pip: a BERT that was trained as an embedder gets a new head of
one number over its first token. A folder that has such a head already keeps it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from convert.base_model import read_json, write_json
from convert.embedder.model_folder import WEIGHTS, read_plain

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

    Raises `ModelError` for a hub's name, weights that are no safetensors, code of the
    model's own, a missing tokenizer, anything but a BERT, and one that reads fewer than
    `max_tokens`.
    """
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


def load_cross_encoder(base: BertFolder, max_tokens: int, scratch: Path) -> Any:
    """Load a base as sentence-transformers' CrossEncoder with one output.

    Only its plain BERT files are copied to `scratch` and loaded: the modules of an
    embedder (pooling, normalisation) would be loaded with it. Raises `ModelError`.
    """
    from sentence_transformers import CrossEncoder

    copy_tokenizer(base.folder, scratch)
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(base.folder / name, scratch / name)
    try:
        return CrossEncoder(
            str(scratch),
            num_labels=1,
            max_length=max_tokens,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as error:  # it raises whatever its parts raise
        raise ModelError(f"{base.folder} can't be loaded: {error}.") from error


def bert_of(model: Any) -> Any:
    """Return the transformers model inside a CrossEncoder."""
    from transformers import PreTrainedModel

    return next(part for part in model.modules() if isinstance(part, PreTrainedModel))


def write_cross_encoder(model: Any, base: Path, folder: Path) -> None:
    """Write weights, configuration and the base's own tokenizer as a plain BERT folder."""
    from safetensors.torch import save_file

    inner = bert_of(model)
    weights = {n: t.detach().cpu().contiguous().clone() for n, t in inner.state_dict().items()}
    save_file(weights, str(folder / WEIGHTS), metadata={"format": "pt"})
    config = {
        **read_json(base / CONFIG),
        "architectures": [type(inner).__name__],
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
    }
    write_json(folder / CONFIG, config)
    copy_tokenizer(base, folder)


def copy_tokenizer(source: Path, target: Path) -> None:
    for name in _TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
