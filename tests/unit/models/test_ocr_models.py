"""The OCR models: taken out of their wheel byte for byte, or not at all."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.errors import Cancelled, ModelError
from assistant.models.catalogue import OcrEntry, load_catalogue
from assistant.models.model_install import quiet
from assistant.models.ocr_models import has_ocr, install_ocr, ocr_folder, verify_ocr
from assistant.types import CancelToken

FINDS, READS = b"finds lines" * 50, b"reads lines" * 70


def entry() -> OcrEntry:
    return OcrEntry(
        "tiny-ocr",
        "Tiny",
        "Apache-2.0",
        "some-ocr==1.2",
        "some/det.onnx",
        hashlib.sha256(FINDS).hexdigest(),
        len(FINDS),
        "some/rec.onnx",
        hashlib.sha256(READS).hexdigest(),
        len(READS),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def wheel(folder: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(folder / "some_ocr-1.2-py3-none-any.whl", "w") as archive:
        for name, data in members.items():
            archive.writestr(f"some/{name}.onnx", data)
    return folder


def test_both_files_are_installed_and_found(settings: Settings, tmp_path: Path) -> None:
    wheel(tmp_path, det=FINDS, rec=READS)
    assert not has_ocr(entry(), settings)
    install_ocr(entry(), tmp_path, settings, quiet, CancelToken())
    assert has_ocr(entry(), settings)
    verify_ocr(entry(), settings)
    (tmp_path / "some_ocr-1.2-py3-none-any.whl").unlink()
    install_ocr(entry(), tmp_path, settings, quiet, CancelToken())  # undamaged: no wheel is needed


def test_what_was_damaged_is_installed_again(settings: Settings, tmp_path: Path) -> None:
    wheel(tmp_path, det=FINDS, rec=READS)
    install_ocr(entry(), tmp_path, settings, quiet, CancelToken())
    file = ocr_folder(entry(), settings) / "recognizer.onnx"
    file.write_bytes(READS[:-1] + b"!")
    with pytest.raises(ModelError, match="damaged or was changed"):
        verify_ocr(entry(), settings)
    install_ocr(entry(), tmp_path, settings, quiet, CancelToken())
    assert file.read_bytes() == READS


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"det": FINDS, "rec": READS[::-1]}, "another some/rec.onnx than is pinned"),
        ({"det": FINDS, "rec": READS + b"more"}, "grew"),
        ({"det": FINDS}, "does not hold some/rec.onnx"),
        ({}, "does not hold some/det.onnx"),
    ],
)
def test_another_wheel_leaves_nothing(
    members: dict[str, bytes], said: str, settings: Settings, tmp_path: Path
) -> None:
    wheel(tmp_path, **members)
    with pytest.raises(ModelError, match=said):
        install_ocr(entry(), tmp_path, settings, quiet, CancelToken())
    assert list(settings.models_dir.iterdir()) == []


def test_a_missing_wheel_is_named_and_a_cancel_leaves_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"does not hold the package some-ocr==1\.2") as caught:
        install_ocr(entry(), tmp_path, settings, quiet, CancelToken())
    assert "pip download" in caught.value.hint
    wheel(tmp_path, det=FINDS, rec=READS)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        install_ocr(entry(), tmp_path, settings, quiet, cancel)
    assert not has_ocr(entry(), settings)


def test_the_catalogue_pins_the_wheel_that_is_fetched() -> None:
    pinned = load_catalogue().default_ocr
    assert pinned is not None
    root = Path(__file__).resolve().parents[3]
    assert f"{pinned.package} " in (root / "requirements" / "models.txt").read_text()
    assert pinned.licence == "Apache-2.0"
