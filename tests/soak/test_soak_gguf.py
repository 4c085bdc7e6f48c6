"""10,000 mutated GGUF files: none is accepted, and none brings the program down.

Two gates stand before llama.cpp in the process that holds documents, and each is counted:

* the *pin*: an installed model, a bundle and the catalogue name the SHA-256 of a file. Every
  mutation must be refused there, be it in the header or in a weight.
* the *header check*, which is alone where nobody knows the file's hash (`models add`). A file
  whose structure lies (counts, lengths, types, offsets, shapes, duplicates, values that no
  model has) must be refused. What a random bit makes of a text (a letter of a token, of a
  name) is a whole file that says something else; the check can't know better. Those go to the
  child, as any unknown file does.

The child that loads what is left may refuse or crash: the main process must see either as an
answer. Each such file is really loaded, in a locked fork of `load_server.py`.
"""

from __future__ import annotations

import collections
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models.gguf_header import read_header, why_not_chat
from assistant.models.verified_file import PinnedFile, held
from tests.soak.gguf_mutations import BAD_VALUES, GOOD, HEADER, mutations, walk, with_pairs
from tests.soak.scale import count

KEEP = os.environ.get("ASSISTANT_KEEP_CRASHES", "")
"""A folder for the files that made llama.cpp crash, to be looked at."""
AIMED = ("aimed", "metadata", "structure", "tensors")
TRIALS = count(10_000, least=400)


def accepts(path: Path) -> bool:
    """Whether the header check lets a file through; it may raise `ModelError` only."""
    try:
        return why_not_chat(read_header(path)) == ""
    except ModelError:
        return False


def is_pinned(path: Path, sha256: str) -> bool:
    try:
        with held(PinnedFile(path, sha256)):
            return True
    except ModelError:
        return False


@contextmanager
def loader() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.soak.load_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield server
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait() == 0


def ask(server: subprocess.Popen[str], path: Path) -> str:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(f"{path}\n")
    server.stdin.flush()
    return server.stdout.readline().strip()


def test_no_mutated_gguf_is_accepted_and_none_crashes(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(GOOD)
    sha256 = hashlib.sha256(GOOD).hexdigest()
    assert accepts(path)
    assert is_pinned(path, sha256)
    tried: collections.Counter[str] = collections.Counter()
    ended: collections.Counter[str] = collections.Counter()
    with loader() as server:
        assert ask(server, path) == "loaded"
        for kind, data in mutations(random.Random(5), TRIALS):
            path.write_bytes(data)
            tried[kind] += 1
            assert not is_pinned(path, sha256), kind
            if not accepts(path):
                continue
            if kind in AIMED:
                pytest.fail(f"a file of the kind '{kind}' was accepted: {differences(data)}")
            # Changed weights have a good header: one in ten is enough to see llama.cpp cope.
            if kind == "flip" or tried[kind] % 10 == 0:
                same_structure(data)
                said = ask(server, path)
                ended[said] += 1
                if said.startswith("crashed") and KEEP:
                    Path(KEEP, f"{sum(ended.values())}.gguf").write_bytes(data)
    print(dict(tried), dict(ended))
    assert sum(tried.values()) == TRIALS
    assert ended["loaded"] > 0, "nothing but the good file was ever loaded: the check is idle"


def differences(data: bytes) -> str:
    found = walk(data)
    odd = [key for key in found.keys if found.keys[key] != HEADER.keys.get(key)]
    return f"{odd} {set(found.tensors) ^ set(HEADER.tensors)}"[:500]


def same_structure(data: bytes) -> None:
    """By the other parser: what was let through has the good file's tensors and lists."""
    found = walk(data)
    assert [row[1:] for row in found.tensors] == [row[1:] for row in HEADER.tensors]
    assert len(found.keys) == len(HEADER.keys)
    for name in found.keys.keys() & HEADER.keys.keys():
        (kind, value), (good_kind, good_value) = found.keys[name], HEADER.keys[name]
        assert kind == good_kind, name
        if kind == 9:
            inner = value[1] if isinstance(value[1], int) else len(value[1])
            wanted = good_value[1] if isinstance(good_value[1], int) else len(good_value[1])
            assert (value[0], inner) == (good_value[0], wanted), name


@pytest.mark.parametrize("key", BAD_VALUES)
def test_each_value_that_no_model_has_is_refused(key: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    for value in BAD_VALUES[key]:
        path.write_bytes(with_pairs({key: value}))
        assert not accepts(path), (key, value)
    path.write_bytes(with_pairs({}))
    assert accepts(path), "the file is refused for another reason than its values"
