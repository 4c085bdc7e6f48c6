"""The layout, the manifest's rules, and whose signature counts."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from assistant.bundle.file_layout import HEAD_BYTES, MAGIC
from assistant.bundle.manifest import BundleFile, decode, encode
from assistant.bundle.signatures import is_signed, key_id, public_of, same_fingerprint, sign, spoken
from assistant.bundle.verify_bundle import open_bundle
from assistant.errors import BundleError, Cancelled, UntrustedKeyError
from assistant.strict_reader import canonical
from assistant.types import CancelToken
from tests.unit.bundle.bundle_files import (
    CONTENT,
    OTHER_SECRET,
    accepted,
    files_of,
    find_key,
    put,
    resigned_table,
    signed_raw,
    tiny_bundle,
    tiny_manifest,
)

# RFC 8032, section 7.1: secret, public, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
            "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
            "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_the_standard(
    secret: str, public: str, message: str, signature: str
) -> None:
    key, text = bytes.fromhex(secret), bytes.fromhex(message)
    assert public_of(key).hex() == public
    assert sign(key, text).hex() == signature
    assert is_signed(bytes.fromhex(public), text, bytes.fromhex(signature))


def test_a_signature_in_another_form_is_refused() -> None:
    """S + L verifies where the check of RFC 8032 (S < L) is left out."""
    secret, message = bytes(range(32)), b"text"
    good = sign(secret, message)
    scalar = int.from_bytes(good[32:], "little") + GROUP_ORDER
    assert not is_signed(public_of(secret), message, good[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("public", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"", bytes(31)])
def test_weak_public_keys_are_refused(public: bytes) -> None:
    assert not is_signed(public, b"", public + bytes(64 - len(public)))


def test_words_are_proquints() -> None:
    """127.0.0.1 is lusab-babad in the paper."""
    assert spoken(bytes([127, 0, 0, 1] * 4)) == "-".join(["lusab", "babad"] * 4)
    identity = key_id(b"x" * 32)
    assert same_fingerprint(identity, spoken(identity).replace("-", " ").upper())
    assert same_fingerprint(identity, identity.hex())
    assert not same_fingerprint(identity, spoken(identity)[:-6])
    assert not same_fingerprint(identity, "")
    assert not same_fingerprint(identity, "größe\ud800"[:5])


def test_a_whole_bundle_is_read(tmp_path: Path) -> None:
    data = tiny_bundle()
    with open_bundle(put(tmp_path, data), find_key) as bundle:
        assert bundle.manifest == tiny_manifest()
        assert bundle.texts("card")[0][1] == "# Tiny\n"
        assert bundle.member(bundle.manifest.payload).read() == CONTENT["model.gguf"][1]
    assert data[HEAD_BYTES:].startswith(encode(tiny_manifest()))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no bundle"),
        (b"PK\x03\x04" + bytes(200), "no bundle"),
        (MAGIC, "cut off"),
        (tiny_bundle()[:-1], "cut off"),
        (tiny_bundle()[: HEAD_BYTES + 5], "cut off"),
        (tiny_bundle() + b"x", "stand after its end"),
        (tiny_bundle()[:-1] + b"x", "model.gguf was changed"),
        (tiny_bundle()[:8] + b"\x02" + tiny_bundle()[9:], "layout has version 2"),
        (tiny_bundle()[:12] + b"\xff" * 4 + tiny_bundle()[16:], "head makes no sense"),
        (tiny_bundle(program="99.0.0"), "needs version 99.0.0"),
        (tiny_bundle(signer="0" * 64), "another signer"),
        (tiny_bundle(version=4), "renamed"),
        (tiny_bundle().replace(b'"rank":32', b'"rank":33'), "signature is wrong"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=reason):
        accepted(put(tmp_path, data))


def test_a_stranger_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(UntrustedKeyError, match="stranger"):
        accepted(put(tmp_path, tiny_bundle(secret=OTHER_SECRET)))
    # His signature under the identity of the trusted key:
    mine, his = tiny_bundle(), tiny_bundle(secret=OTHER_SECRET)
    with pytest.raises(BundleError, match="signature is wrong"):
        accepted(put(tmp_path, mine[:48] + his[48:112] + mine[112:]))


def test_a_renamed_bundle_is_refused_and_told_its_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"tiny-v3\.bundle"):
        accepted(put(tmp_path, tiny_bundle(), "tiny-v9.bundle"))


def test_no_plain_file_is_no_bundle(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tiny-v3.bundle")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "tiny-v3.bundle"):
        with pytest.raises(BundleError):
            accepted(path)


def test_verifying_can_be_cancelled(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with (
        pytest.raises(Cancelled),
        open_bundle(put(tmp_path, tiny_bundle()), find_key, cancel=token),
    ):
        pass


def test_content_that_changes_after_the_check_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path, tiny_bundle())
    with open_bundle(path, find_key) as bundle:
        path.write_bytes(tiny_bundle().replace(b"# Tiny", b"# Evil"))
        with pytest.raises(BundleError, match="changed while"):
            bundle.texts("card")


def bad_file(**changes: Any) -> dict[str, Any]:
    entry = replace(BundleFile("card.md", "card", 7, "0" * 64), **changes)
    return {"files": [asdict(entry), *(asdict(f) for f in files_of(CONTENT)[1:])]}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "script"},
        {"kind": "adapter"},
        {"name": "../evil"},
        {"name": "Tiny"},
        {"name": "x" * 49},
        {"version": 0},
        {"version": True},
        {"version": 3.0},
        {"version": 2**31},
        {"created": "yesterday"},
        {"signer": "0" * 63},
        {"signer": "A" * 64},
        {"program": "1.0"},
        {"program": "1.0.0\n"},
        {"title": "x" * 201},
        {"title": 5},
        {"gate": {"evaluated": 1, "passed": True, "forced": ""}},
        {"gate": None},
        {"base": {"name": "x"}},
        {"prompt": None},
        {"files": []},
        {"files": [asdict(f) for f in files_of(CONTENT)[:2]]},
        {"files": [asdict(f) for f in (*files_of(CONTENT), files_of(CONTENT)[2])]},
        bad_file(name="../card.md"),
        bad_file(name="card.exe"),
        bad_file(name="con.md"),
        bad_file(name="card.md\0"),
        bad_file(name="\u0441ard.md"),
        bad_file(name="model.gguf"),
        bad_file(role="licence"),
        bad_file(role="library"),
        bad_file(size=0),
        bad_file(size=-1),
        bad_file(size=2**45),
        bad_file(sha256="f" * 63 + "\n"),
        {"lineage": [{}]},
        {"lineage": {}},
        {"lineage": [asdict(s) for s in tiny_manifest().lineage] * 65},
        {"sources": [{"name": 1, "licence": "", "attribution": ""}]},
        {"extra": 1},
    ],
)
def test_a_signed_manifest_out_of_order_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    table = {**json.loads(encode(tiny_manifest())), **changes}
    with pytest.raises(BundleError, match="manifest"):
        decode(canonical(table))
    with pytest.raises(BundleError):
        accepted(put(tmp_path, resigned_table(table)))


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"kind":NaN}',
        b'{"kind":1e999}',
        b'{"kind":' + b"9" * 5000 + b"}",
        b'{"kind":"model","kind":"model"}',
        encode(tiny_manifest()) + b" ",
        encode(tiny_manifest()).replace(b'"kind"', b'"\\u006bind"'),
        encode(tiny_manifest()).replace(b'"rank":32', b'"rank":32.000'),
        encode(tiny_manifest()).replace(b'"rank":32', b'"rank":18014398509481984'),
        encode(tiny_manifest()).replace(b'"rank":32', b'"rank":' + b"[" * 20 + b"]" * 20),
        encode(tiny_manifest()).replace(b'"rank":32', b'"rank":"' + b"x" * 20_000 + b'"'),
    ],
    ids=lambda raw: raw[:12].hex(),
)
def test_signed_json_in_bad_form_is_refused(raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        accepted(put(tmp_path, signed_raw(raw)))


def test_the_manifest_reads_back_as_it_was_written() -> None:
    raw = encode(tiny_manifest())
    assert encode(decode(raw)) == raw
    assert canonical(json.loads(raw)) == raw
    with pytest.raises(BundleError):
        encode(tiny_manifest(name="No Name"))
    with pytest.raises(BundleError):
        encode(replace(tiny_manifest(), lineage=({"a": float("nan")},)))
