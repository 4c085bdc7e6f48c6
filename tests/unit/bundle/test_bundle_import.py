"""Importing into a data folder: real tiny models, tried in a real child process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assistant.bundle.bundle_install import InstalledBundle, import_bundle
from assistant.bundle.install_checks import _require_room, same_base
from assistant.bundle.manifest import Base, Prompt
from assistant.bundle.prebuilt_library import LibraryAccess
from assistant.bundle.rollback_guard import MinimumVersions
from assistant.bundle.trusted_keys import TrustStore
from assistant.bundle.verify_bundle import open_bundle
from assistant.config import Settings
from assistant.engine.engine_loader import load_chat
from assistant.errors import (
    AssistantError,
    BundleError,
    Cancelled,
    ModelError,
    OlderBundleError,
)
from assistant.models.installed_models import active_chat_name, list_models, remove_model, use_model
from assistant.models.model_install import Progress, quiet
from assistant.types import CancelToken
from tests.unit.bundle.bundle_files import CONTENT, put, tiny_bundle, trusting
from tests.unit.models.gguf_files import CHATML, toy_model

PROMPT = Prompt(1, "system", "chatml", hashlib.sha256(CHATML.encode()).hexdigest())


@cache
def model_content(weight: float = 0.0) -> dict[str, tuple[str, bytes]]:
    return {**CONTENT, "model.gguf": ("model", toy_model(weight=weight))}


def model_bundle(weight: float = 0.0, **changes: Any) -> bytes:
    return tiny_bundle(model_content(weight), **{"prompt": PROMPT, "base": None, **changes})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(data_dir=tmp_path / "data")
    trusting(found.data_dir)
    return found


def bring(
    settings: Settings,
    data: bytes,
    name: str = "tiny-v3",
    *,
    key: Path | None = None,
    library: LibraryAccess | None = None,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> InstalledBundle:
    path = put(settings.data_dir.parent / "stick", data, f"{name}.bundle")
    trust = TrustStore(settings.data_dir)
    with open_bundle(path, trust.find) as bundle:
        access = library or LibraryAccess(key_file=key)
        return import_bundle(bundle, settings, library=access, progress=progress, cancel=cancel)


def left_over(settings: Settings) -> list[str]:
    """Everything in the data folder but the tables of trust."""
    return sorted(
        str(path.relative_to(settings.data_dir))
        for path in settings.data_dir.rglob("*")
        if path.is_file() and path.parent.name != "trust"
    )


def test_a_model_is_installed_tried_and_not_yet_used(settings: Settings) -> None:
    done = bring(settings, model_bundle())
    assert done.name == "tiny-v3"
    assert not done.already
    [info] = [m for m in list_models(settings) if m.role == "chat"]
    assert (info.name, info.title, info.licence, info.problem) == (
        "tiny-v3",
        "Tiny",
        "Apache-2.0",
        "",
    )
    assert (done.papers / "card.md").read_bytes() == CONTENT["card.md"][1]
    assert json.loads((done.papers / "manifest.json").read_bytes())["version"] == 3
    use_model(done.name, settings)
    chat = load_chat(settings)
    assert chat.name == "tiny-v3"
    # The very same bundle again: nothing to do.
    assert bring(settings, model_bundle()).already


def test_older_and_other_bundles_of_a_version_are_refused_for_ever(settings: Settings) -> None:
    bring(settings, model_bundle())
    older = model_bundle(0.5, version=2)
    other = model_bundle(0.5)
    for data, name in ((older, "tiny-v2"), (other, "tiny-v3")):
        with pytest.raises(OlderBundleError):
            bring(settings, data, name)
    remove_model("tiny-v3", settings)
    for data, name in ((older, "tiny-v2"), (other, "tiny-v3")):
        with pytest.raises(OlderBundleError):
            bring(settings, data, name)
    # A newer one goes beside it; and what was removed by mistake may come back.
    assert not bring(settings, model_bundle()).already
    bring(settings, model_bundle(0.5, version=4), "tiny-v4")
    assert {m.name for m in list_models(settings) if m.role == "chat"} == {"tiny-v3", "tiny-v4"}
    with pytest.raises(OlderBundleError, match="version 3"):
        bring(settings, model_bundle())


def test_tables_that_are_gone_or_damaged_open_no_way(settings: Settings) -> None:
    floors = settings.data_dir / "trust" / "floors.json"
    for damage in (b"", b"{}", b'{"format":1,"floors":[{}]}', b"[" * 9000):
        floors.write_bytes(damage)
        with pytest.raises(BundleError, match=r"floors\.json"):
            bring(settings, model_bundle())
    floors.unlink()
    with pytest.raises(BundleError, match="is missing"):
        bring(settings, model_bundle())
    (settings.data_dir / "trust" / "keys.json").write_bytes(b'{"format":1,"keys":{}}')
    with pytest.raises(BundleError, match=r"keys\.json"):
        bring(settings, model_bundle())
    assert left_over(settings) == []


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (model_bundle(prompt=replace(PROMPT, version=2)), BundleError, "prompts of version 2"),
        (model_bundle(prompt=replace(PROMPT, template="gguf")), BundleError, "chat template"),
        (
            model_bundle(prompt=replace(PROMPT, template_sha256="0" * 64)),
            BundleError,
            "chat template",
        ),
        (tiny_bundle(prompt=PROMPT), ModelError, "tiny-v3.bundle"),
        (
            tiny_bundle(
                {**CONTENT, "model.gguf": ("model", toy_model()[:-64])}, prompt=PROMPT, base=None
            ),
            ModelError,
            "truncated",
        ),
        (
            tiny_bundle(
                {
                    "card.md": CONTENT["card.md"],
                    "licence-1.txt": CONTENT["licence-1.txt"],
                    "adapter.gguf": ("adapter", b"GGUF"),
                },
                kind="adapter",
                base=Base("base", "e" * 64),
            ),
            BundleError,
            "not installed",
        ),
    ],
    ids=["prompts", "style", "template", "no GGUF", "cut GGUF", "no base"],
)
def test_what_does_not_fit_leaves_nothing(
    data: bytes, error: type[AssistantError], reason: str, settings: Settings
) -> None:
    with pytest.raises(error, match=reason):
        bring(settings, data)
    assert left_over(settings) == []
    assert MinimumVersions(settings.data_dir / "trust").find("tiny") is None


def test_another_model_of_that_name_is_not_overwritten(settings: Settings) -> None:
    folder = settings.models_dir / "tiny-v3"
    folder.mkdir(parents=True)
    (folder / "model.gguf").write_bytes(b"mine")
    with pytest.raises(BundleError, match="Something else"):
        bring(settings, model_bundle())
    assert (folder / "model.gguf").read_bytes() == b"mine"


@pytest.mark.parametrize("stage", ["Copying", "Testing"])
def test_a_cancel_at_any_stage_leaves_nothing(stage: str, settings: Settings) -> None:
    token = CancelToken()

    def report(what: str, done: int, total: int) -> None:
        if what == stage:
            token.cancel()

    with pytest.raises(Cancelled):
        bring(settings, model_bundle(), progress=report, cancel=token)
    assert left_over(settings) == []
    assert MinimumVersions(settings.data_dir / "trust").find("tiny") is None
    assert active_chat_name(settings) == ""


def test_a_failure_after_the_floor_was_raised_lowers_it_again(settings: Settings) -> None:
    """The name is taken between the check and the last step."""
    bring(settings, model_bundle())

    def report(what: str, done: int, total: int) -> None:
        if what == "Testing":
            (settings.models_dir / "tiny-v4" / "x").mkdir(parents=True, exist_ok=True)

    with pytest.raises(ModelError, match="appeared meanwhile"):
        bring(settings, model_bundle(0.5, version=4), "tiny-v4", progress=report)
    floor = MinimumVersions(settings.data_dir / "trust").find("tiny")
    assert floor is not None
    assert floor.version == 3


def test_too_little_room_is_said_before_anything_is_copied(settings: Settings) -> None:
    with pytest.raises(BundleError, match="no room"):
        _require_room(settings, 1 << 60)


def test_a_base_is_known_by_its_bytes_or_by_what_it_is_made_from() -> None:
    base = Base("x", "a" * 64, "b" * 64)
    assert same_base(base, "a" * 64, "c" * 64)
    assert same_base(base, "d" * 64, "b" * 64)
    assert not same_base(base, "d" * 64, "c" * 64)
    assert not same_base(Base("x", "a" * 64), "d" * 64, "")
