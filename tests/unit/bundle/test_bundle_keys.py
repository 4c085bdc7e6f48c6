"""Keys: made, carried, trusted after a look, succeeded, revoked; and the commands for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.bundle.public_key_file import PublicKey, read_key
from assistant.bundle.trusted_keys import TrustStore
from assistant.cli.main import cli
from assistant.errors import BundleError, UntrustedKeyError, UsageError
from convert.bundle.signing_keys import SigningKey, generate, read_signing_key
from tests.unit.bundle.bundle_files import CONTENT, put, tiny_bundle
from tests.unit.test_docs import REFERENCE

SCHEMAS = REFERENCE.json_schema()["commands"]


@pytest.fixture
def ward(tmp_path: Path) -> tuple[SigningKey, PublicKey, Path]:
    public, secret_file, public_file = generate(tmp_path / "keys" / "ward")
    return read_signing_key(secret_file), public, public_file


def run(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["bundle", *arguments, "--data-dir", str(tmp_path / "data")])


def parsed(result: Result, command: str) -> dict[str, Any]:
    document = json.loads(result.stdout)
    validate(document, SCHEMAS[command])
    return document


def code(result: Result) -> str:
    assert result.exit_code not in (0, 1), result.output
    return str(json.loads(result.stdout)["error"]["code"])


def test_a_secret_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    public, secret_file, public_file = generate(tmp_path / "ward")
    assert secret_file.stat().st_mode & 0o777 == 0o600
    key = read_signing_key(secret_file)
    assert key.public == public.public
    assert read_key(public_file) == public
    assert key.secret.hex() not in repr(key)
    assert key.secret.hex() not in public_file.read_text()
    before = secret_file.read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        generate(tmp_path / "ward.key")
    public_file.unlink()
    with pytest.raises(UsageError, match="never overwritten"):
        generate(tmp_path / "ward")
    assert secret_file.read_bytes() == before
    secret_file.chmod(0o640)
    with pytest.raises(UsageError, match="Other users"):
        read_signing_key(secret_file)
    with pytest.raises(UsageError, match="no signing key"):
        read_signing_key(secret(tmp_path, b'{"format":1,"secret":"00"}'))


def secret(folder: Path, content: bytes) -> Path:
    path = folder / "bad.key"
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_successor_retires_the_key_that_signed_it(
    tmp_path: Path, ward: tuple[SigningKey, PublicKey, Path]
) -> None:
    old, old_public, _ = ward
    store = TrustStore(tmp_path / "data")
    store.trust(old_public)
    new_public, _, new_file = generate(tmp_path / "ward-2027", predecessor=old)
    assert store.predecessor(read_key(new_file)) == store.find(old.identity)
    store.trust(new_public)
    assert store.find(new_public.identity).status == "trusted"
    with pytest.raises(UntrustedKeyError, match="retired"):
        store.find(old.identity)


def test_a_forged_succession_is_refused(
    tmp_path: Path, ward: tuple[SigningKey, PublicKey, Path]
) -> None:
    old, old_public, _ = ward
    store = TrustStore(tmp_path / "data")
    store.trust(old_public)
    evil, _, _ = generate(tmp_path / "evil")
    forged = PublicKey("next", evil.created, evil.public, old.identity, bytes(64))
    with pytest.raises(BundleError, match="not true"):
        store.predecessor(forged)
    with pytest.raises(BundleError, match="not true"):
        store.trust(forged)
    # A good succession, put on another key:
    good, _, _ = generate(tmp_path / "good", predecessor=old)
    moved = PublicKey("next", evil.created, evil.public, good.endorsed_by, good.endorsement)
    with pytest.raises(BundleError, match="not true"):
        store.predecessor(moved)
    # An endorsement by a key that nobody trusts counts for nothing.
    assert TrustStore(tmp_path / "other").predecessor(good) is None
    store.revoke("ward", "")
    assert store.predecessor(good) is None


def test_a_revoked_key_stays_revoked(
    tmp_path: Path, ward: tuple[SigningKey, PublicKey, Path]
) -> None:
    _, public, _ = ward
    store = TrustStore(tmp_path / "data")
    store.trust(public)
    for reference in ("nobody", "", public.identity.hex()[:4]):
        with pytest.raises(UsageError, match="No key is named"):
            store.revoke(reference, "")
    assert store.revoke(public.words, "stolen").status == "revoked"
    with pytest.raises(UntrustedKeyError, match="revoked: stolen"):
        store.find(public.identity)
    with pytest.raises(BundleError, match="was revoked"):
        store.trust(public)


def test_two_keys_of_one_name_can_not_be_mistaken(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "data")
    store.trust(generate(tmp_path / "a", "ward")[0])
    with pytest.raises(UsageError, match="Another key"):
        store.trust(generate(tmp_path / "b", "ward")[0])


def test_nobody_is_asked_without_a_terminal(
    tmp_path: Path, ward: tuple[SigningKey, PublicKey, Path]
) -> None:
    _, public, file = ward
    assert code(run(tmp_path, "keys", "trust", str(file), "--json")) == "usage"
    assert code(run(tmp_path, "keys", "trust", str(file), "--yes", "--json")) == "usage"
    wrong = run(tmp_path, "keys", "trust", str(file), "--fingerprint", "lusab babad", "--json")
    assert code(wrong) == "untrusted_key"
    assert run(tmp_path, "keys", "list").exit_code == 0
    assert not (tmp_path / "data").exists()
    said = public.words.replace("-", " ")
    done = run(tmp_path, "keys", "trust", str(file), "--fingerprint", said, "--json")
    assert parsed(done, "bundle keys trust")["keys"][0]["words"] == public.words
    listed = parsed(run(tmp_path, "keys", "list", "--json"), "bundle keys list")
    assert [key["status"] for key in listed["keys"]] == ["trusted"]
    table = (tmp_path / "data" / "trust" / "keys.json").stat()
    assert table.st_mode & 0o777 == 0o600


def test_a_successor_is_accepted_without_comparing(
    tmp_path: Path, ward: tuple[SigningKey, PublicKey, Path]
) -> None:
    old, public, file = ward
    run(tmp_path, "keys", "trust", str(file), "--fingerprint", public.words)
    _, _, new_file = generate(tmp_path / "next", predecessor=old)
    assert run(tmp_path, "keys", "trust", str(new_file), "--yes").exit_code == 0
    revoked = run(tmp_path, "keys", "revoke", "ward", "--reason", "old", "--json")
    assert parsed(revoked, "bundle keys revoke")["key"]["status"] == "revoked"


def test_inspect_and_import_of_a_stranger_say_whose_key_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, tiny_bundle())
    for command in ("inspect", "import"):
        result = run(tmp_path, command, str(path), "--json")
        assert code(result) == "untrusted_key"
        assert result.exit_code == 7
    assert "not trusted here: " in json.loads(result.stdout)["error"]["message"]


def test_inspect_shows_lineage_scores_and_card(
    tmp_path: Path, ward: tuple[SigningKey, PublicKey, Path]
) -> None:
    key, public, file = ward
    run(tmp_path, "keys", "trust", str(file), "--fingerprint", public.words)
    hostile = b"# Card\n\x1b]52;c;aGk=\x07 \xe2\x80\xaegnp \xff\n"
    data = tiny_bundle({**CONTENT, "card.md": ("card", hostile)}, secret=key.secret)
    path = put(tmp_path, data)
    document = parsed(run(tmp_path, "inspect", str(path), "--json"), "bundle inspect")
    assert document["manifest"]["lineage"][0]["outputs"] == {"adapter": "d" * 64}
    assert document["key"]["name"] == "ward"
    shown = run(tmp_path, "inspect", str(path))
    assert shown.exit_code == 0
    assert "\x1b" not in shown.output
    assert "<U+202E>" in shown.output
    for word in ("tiny-v3", "train", "SQuAD 2.0: CC BY-SA 4.0", "third"):
        assert word in shown.output
