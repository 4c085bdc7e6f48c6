"""The bundled embedder: same vectors as float32, nothing truncated, one text one vector."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from assistant.engine.embedder import OnnxEmbedder
from assistant.engine.engine_loader import embedder_identity, load_embedder
from assistant.errors import Cancelled, EngineError, ModelError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.types import CancelToken
from tests.unit.engine.make_embedder_reference import REFERENCE

ENTRY = load_catalogue().default_embedder


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(ENTRY, bundled_models_dir(), threads=2)


def test_vectors_are_close_to_float32(embedder: OnnxEmbedder) -> None:
    table = json.loads(REFERENCE.read_text(encoding="utf-8"))
    reference = np.array([np.frombuffer(base64.b64decode(row["vector"]), "<f4") for row in table])
    vectors = embedder.embed_documents([row["text"] for row in table])
    cosines = (vectors * reference).sum(axis=1)
    assert cosines.mean() >= 0.99
    assert cosines.min() >= 0.98
    mine, theirs = vectors @ vectors.T, reference @ reference.T
    assert np.abs(mine - theirs).max() < 0.08
    assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.995


def test_shape_type_and_length(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed_documents(["one", "two words", "three words here"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert embedder.embed_documents([]).shape == (0, 384)
    assert embedder.embed_query("one").shape == (384,)


def test_a_vector_does_not_depend_on_its_company(embedder: OnnxEmbedder) -> None:
    texts = [f"Clause {n}: " + "the parties agree " * n for n in range(1, 30)]
    together = embedder.embed_documents(texts)
    for row in (0, 13, 28):
        assert np.array_equal(together[row], embedder.embed_documents([texts[row]])[0])
    assert np.array_equal(embedder.embed_documents(texts[::-1])[::-1], together)


def test_nothing_is_truncated(embedder: OnnxEmbedder) -> None:
    limit = embedder.text_token_limit
    assert limit == 254
    fits = "word " * limit
    assert embedder.count_tokens([fits]) == [limit]
    assert embedder.embed_documents([fits]).shape == (1, 384)
    with pytest.raises(EngineError, match="256"):
        embedder.embed_documents(["fine", fits + "more"])


def test_a_long_query_is_the_mean_of_its_parts(embedder: OnnxEmbedder) -> None:
    half = "gastric ulcer " * 60
    limit = embedder.text_token_limit
    assert embedder.count_tokens([half])[0] < limit < embedder.count_tokens([half * 2])[0]
    vector = embedder.embed_query(half * 2 + "supply contract " * 100)
    assert np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)
    later = embedder.embed_query("supply contract")
    assert vector @ later > embedder.embed_query(half) @ later + 0.1
    assert embedder.embed_query("x" * 300_000).shape == (384,)


def test_special_tokens_in_a_text_do_no_harm(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed_documents(["[CLS] [SEP] [PAD] [MASK]", "\x00\ud800\u202e", ""])
    assert np.isfinite(vectors).all()


def test_cancel_stops_between_texts(embedder: OnnxEmbedder) -> None:
    cancel = CancelToken()
    threading.Timer(0.05, cancel.cancel).start()
    with pytest.raises(Cancelled):
        embedder.embed_documents(["word " * 250] * 2000, cancel)
    assert embedder.embed_query("still works").shape == (384,)


def test_many_threads_at_once(embedder: OnnxEmbedder) -> None:
    texts = [f"Text number {n}" for n in range(6)]
    expected = embedder.embed_documents(texts)
    same: list[bool] = []

    def work(number: int) -> None:
        vectors = [embedder.embed_query(texts[number]) for _ in range(5)]
        same.append(all(np.array_equal(vector, expected[number]) for vector in vectors))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 6


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_is_refused_before_it_is_parsed(name: str, tmp_path: Path) -> None:
    folder = tmp_path / ENTRY.folder
    shutil.copytree(bundled_models_dir() / ENTRY.folder, folder)
    with (folder / name).open("r+b") as file:
        file.seek(1000)
        file.write(b"!")
    with pytest.raises(ModelError, match=name) as caught:
        OnnxEmbedder(ENTRY, tmp_path, threads=1)
    assert caught.value.hint
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        OnnxEmbedder(ENTRY, tmp_path, threads=1)


def test_identity_is_known_without_loading() -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.config import Settings; "
        "from assistant.engine.engine_loader import embedder_identity; "
        "i = embedder_identity(Settings(data_dir=Path('x'))); "
        "assert i.dimension == 384, i; "
        "sys.exit(bool({'onnxruntime', 'tokenizers', 'llama_cpp', 'torch'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_no_network_library_is_imported() -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.config import Settings; "
        "from assistant.engine.engine_loader import load_embedder; "
        "load_embedder(Settings(data_dir=Path('x'))).embed_query('x'); "
        "bad = {'huggingface_hub', 'requests', 'urllib3', 'httpx', 'torch'} & set(sys.modules); "
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""


def test_settings_choose_the_embedder(tmp_path: Path, embedder: OnnxEmbedder) -> None:
    settings = Settings(data_dir=tmp_path)
    assert embedder_identity(settings) == embedder.identity
    assert embedder_identity(replace(settings, embedder=ENTRY.name)) == embedder.identity
    with pytest.raises(ModelError, match="nonesuch"):
        load_embedder(replace(settings, embedder="nonesuch"))
    with pytest.raises(ModelError, match="absent"):
        load_embedder(replace(settings, embedder=str(tmp_path / "absent")))
