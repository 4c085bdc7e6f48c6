"""From the steps' folders to a bundle that a laptop imports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.bundle.bundle_install import import_bundle
from assistant.bundle.prebuilt_library import LibraryAccess
from assistant.bundle.trusted_keys import TrustStore
from assistant.bundle.verify_bundle import open_bundle
from assistant.cli.main import cli
from assistant.config import Settings
from assistant.engine.engine_loader import embedder_identity
from assistant.errors import Cancelled, UsageError
from assistant.models.installed_models import list_models
from assistant.store import KeyFile, StoreKey, open_store
from assistant.types import CancelToken
from convert.bundle.pack import run_bundle
from convert.bundle.packed_library import TransferKeys
from convert.bundle.request_check import Contents
from convert.bundle.signing_keys import read_signing_key
from convert.cli.bundle import bundle_group
from convert.step_record import file_sha256, read_record
from tests.convert.bundle_material import finished_run


@pytest.fixture
def workstation(tmp_path: Path) -> dict[str, Any]:
    return finished_run(tmp_path)


def pack(workstation: dict[str, Any], **changes: Any) -> Path:
    settings = replace(workstation["settings"], **changes)
    return run_bundle(settings, workstation["contents"], workstation["out"])


def test_what_is_packed_is_what_the_laptop_imports(
    workstation: dict[str, Any], tmp_path: Path
) -> None:
    path = pack(workstation)
    assert path.name == "discharge-v1.bundle"
    record = read_record(path.parent)
    assert record is not None
    assert record.outputs == {path.name: file_sha256(path)}
    assert list(path.parent.glob(".*")) == []
    # On the laptop, by its own commands:
    data = ["--data-dir", str(tmp_path / "laptop"), "--json"]
    runner, public = CliRunner(), workstation["public"]
    trust = ["bundle", "keys", "trust", str(workstation["public_file"])]
    assert runner.invoke(cli, [*trust, "--fingerprint", public.words, *data]).exit_code == 0
    done = runner.invoke(cli, ["bundle", "import", str(path), *data])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    # Nobody was asked; the only model there is the one in use.
    assert (document["name"], document["active"]) == ("discharge-v1", True)
    assert document["manifest"]["gate"] == {"evaluated": True, "passed": True, "forced": ""}
    assert [step["step"] for step in document["manifest"]["lineage"]] == ["export", "evaluate"]
    done = runner.invoke(cli, ["bundle", "import", str(path), "--yes", *data])
    document = json.loads(done.stdout)
    assert (document["already"], document["active"]) == (True, True)
    [info] = [m for m in list_models(Settings(data_dir=tmp_path / "laptop")) if m.role == "chat"]
    assert (info.title, info.licence, info.active) == ("Discharge letters", "Apache-2.0", True)
    papers = tmp_path / "laptop" / "bundles" / "discharge-v1"
    card = (papers / "card.md").read_text()
    for said in ("SQuAD 2.0: CC BY-SA 4.0 (Wikipedia authors)", "0.6", "gate was passed", "first"):
        assert said in card


def test_nothing_private_travels(workstation: dict[str, Any]) -> None:
    content = pack(workstation).read_bytes()
    for private in (b"drsmith", b"patients", b"JONES", b"SECRET-77"):
        assert private not in content
    assert b'"letters.csv"' in content
    secret = read_signing_key(Path(workstation["settings"].key)).secret
    assert secret not in content
    assert secret.hex().encode() not in content
    assert b"held-out.json" in content  # a file's name alone is part of the lineage


def test_a_version_is_packed_once_and_a_cancel_leaves_nothing(workstation: dict[str, Any]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        run_bundle(
            workstation["settings"], workstation["contents"], workstation["out"], cancel=token
        )
    path = pack(workstation)
    before = path.read_bytes()
    assert pack(workstation) == path  # nothing changed, so nothing to do
    with pytest.raises(UsageError, match="packed once"):
        pack(workstation, label="other")
    assert path.read_bytes() == before


def test_a_library_is_packed_without_its_key(workstation: dict[str, Any], tmp_path: Path) -> None:
    laptop = Settings(data_dir=tmp_path / "laptop")
    source, key = tmp_path / "wards.db", StoreKey.random()
    store = open_store(source, key, create=True, embedder=embedder_identity(laptop))
    log = Path(f"{source}-wal")
    log.write_bytes(b"x")
    workstation["contents"] = Contents("library", source)
    with pytest.raises(UsageError, match="is in use"):
        pack(workstation)
    log.write_bytes(b"")
    store.close()
    path = pack(workstation, name="wards", licences=())
    assert key.hex().encode() not in path.read_bytes()
    TrustStore(laptop.data_dir).trust(workstation["public"])
    (tmp_path / "wards.key").write_text(key.hex())
    with open_bundle(path, TrustStore(laptop.data_dir).find) as bundle:
        done = import_bundle(bundle, laptop, library=LibraryAccess(key_file=tmp_path / "wards.key"))
    assert laptop.with_changes(library=done.name).store_path.is_file()
    shown: list[str] = []
    workstation["contents"] = Contents("library", source, sealing=TransferKeys(key, shown.append))
    path = pack(workstation, name="sealed", licences=())
    assert not list(path.parent.glob(".carried-*"))
    assert shown[0].encode() not in path.read_bytes()
    with open_bundle(path, TrustStore(laptop.data_dir).find) as bundle:
        done = import_bundle(bundle, laptop, library=LibraryAccess(lambda: shown[0]))
    there = laptop.with_changes(library=done.name)
    own = KeyFile(there.key_path).get(create=False)
    open_store(there.store_path, own, create=False, embedder=embedder_identity(laptop)).close()
    with pytest.raises(UsageError, match="is there already"):
        pack(workstation, name="sealed", licences=())
    assert len(shown) == 1, "a transfer key was shown for a bundle that is not made"
    plain_file = tmp_path / "plain.db"
    plain_file.write_bytes(b"SQLite format 3\0" + bytes(4096))
    workstation["contents"] = Contents("library", plain_file)
    with pytest.raises(UsageError, match="not encrypted"):
        pack(workstation, name="plain")


def test_the_commands_make_a_key_pack_and_look(workstation: dict[str, Any], tmp_path: Path) -> None:
    runner, settings, contents = CliRunner(), workstation["settings"], workstation["contents"]
    made = runner.invoke(bundle_group, ["keygen", str(tmp_path / "k" / "clinic"), "--json"])
    key = json.loads(made.stdout)
    assert Path(key["secret_file"]).stat().st_mode & 0o777 == 0o600
    arguments = ["--name", "discharge", "--version", "2", "--licence", "Apache-2.0", "--json"]
    arguments += ["--model", str(contents.payload), "--step", str(contents.steps[0])]
    arguments += ["--evaluation", str(contents.evaluation), "--licence-file", settings.licences[0]]
    arguments += ["--key", key["secret_file"], "--out", str(tmp_path / "out")]
    refused = runner.invoke(bundle_group, ["pack", *arguments, "--source", "SQuAD"])
    assert json.loads(refused.stdout)["error"]["code"] == "usage"
    done = runner.invoke(bundle_group, ["pack", *arguments, "--source", "SQuAD 2.0|CC BY-SA 4.0"])
    assert done.exit_code == 0, done.output
    path = json.loads(done.stdout)["bundle"]
    looked = runner.invoke(bundle_group, ["inspect", path, "--key", key["public_file"]])
    assert looked.exit_code == 0, looked.output
    assert "SQuAD 2.0: CC BY-SA 4.0" in looked.output
    stranger = str(workstation["public_file"])
    assert runner.invoke(bundle_group, ["inspect", path, "--key", stranger]).exit_code == 7
