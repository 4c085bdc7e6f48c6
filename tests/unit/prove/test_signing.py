"""A report that was changed in any way is refused; the key is the machine's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ProofError
from assistant.prove.signature import KEY_FILE, known_public_key, machine_key, seal, unseal

REPORT: dict[str, Any] = {"passed": False, "problems": ["a\u202eb"], "n": [1, {"b": 2, "a": "x"}]}


def sealed(tmp_path: Path) -> tuple[Path, bytes]:
    raw = seal(REPORT, machine_key(tmp_path))
    path = tmp_path / "proof.json"
    path.write_bytes(raw)
    return path, raw


def test_a_report_is_read_back_with_the_machines_key(tmp_path: Path) -> None:
    path, _ = sealed(tmp_path)
    opened = unseal(path)
    assert opened.report == REPORT
    assert opened.public_key == known_public_key(tmp_path)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    assert known_public_key(tmp_path) == ""
    first = bytes(machine_key(tmp_path))
    assert bytes(machine_key(tmp_path)) == first
    path = tmp_path / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("content", [b"", b"zz", b"ab" * 31, b"ab" * 33, b"\xff" * 64])
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(ProofError, match="can't be used"):
        machine_key(tmp_path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    machine_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(ProofError, match="others may read it"):
        machine_key(tmp_path)


def test_every_single_changed_byte_is_noticed(tmp_path: Path) -> None:
    """Each byte in turn gets another value. White space may change: it is not signed."""
    path, raw = sealed(tmp_path)
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        if changed[at : at + 1].isspace() and raw[at : at + 1].isspace():
            continue
        path.write_bytes(bytes(changed))
        try:
            opened = unseal(path)
        except ProofError:
            continue
        # Only the case of a hexadecimal digit can differ, and then nothing else does.
        assert opened.report == REPORT
        assert opened.public_key == known_public_key(tmp_path)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"format":1,"report":{},"signature":null}',
        b'{"format":2,"report":{},"signature":{"algorithm":"Ed25519"}}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(raw)
    with pytest.raises(ProofError, match="no signed report"):
        unseal(path)


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """One reader would see that it passed, another that it did not."""
    path, raw = sealed(tmp_path)
    path.write_bytes(raw.replace(b'"passed": false', b'"passed": true, "passed": false'))
    with pytest.raises(ProofError, match="no signed report"):
        unseal(path)


def test_a_report_signed_by_another_key_says_by_which(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = machine_key(tmp_path / "other")
    path = tmp_path / "proof.json"
    path.write_bytes(seal(REPORT, other))
    assert unseal(path).public_key == bytes(other.verify_key).hex()
    assert unseal(path).public_key != bytes(machine_key(tmp_path).verify_key).hex()


def test_a_small_order_key_signs_nothing(tmp_path: Path) -> None:
    """With the key 0...01 a signature of zeros holds for any text, if it is let pass."""
    zero = {"algorithm": "Ed25519", "public_key": "01" + "00" * 31, "signature": "00" * 64}
    path = tmp_path / "proof.json"
    path.write_text(json.dumps({"format": 1, "report": REPORT, "signature": zero}))
    with pytest.raises(ProofError):
        unseal(path)
