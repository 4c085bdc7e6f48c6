"""What is not packed: what is missing, failed, not made by the steps, or can't be run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.bundle.signatures import key_id
from assistant.bundle.trusted_keys import TrustedKey
from assistant.bundle.verify_bundle import open_bundle
from assistant.errors import ModelError, UsageError
from convert.evaluate.release_gate import GateError
from convert.step_record import file_sha256
from tests.convert.bundle_material import evaluation, finished_run
from tests.convert.test_bundle_pack import pack
from tests.unit.models.gguf_files import toy_model


@pytest.fixture
def workstation(tmp_path: Path) -> dict[str, Any]:
    return finished_run(tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": ""}, "lacks key"),
        ({"version": 0}, "lacks version"),
        ({"licence": ""}, "lacks licence"),
        ({"licences": ()}, "licence must travel"),
        ({"sources": ()}, "No data source"),
        ({"licences": ("/absent",)}, "can't be read"),
        ({"key": "/absent.key"}, "can't be read"),
    ],
)
def test_what_is_missing_is_said(
    workstation: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        pack(workstation, **changes)
    assert not workstation["out"].exists()


def test_a_failed_or_missing_evaluation_is_refused_unless_forced(
    workstation: dict[str, Any], tmp_path: Path
) -> None:
    contents = workstation["contents"]
    digest = file_sha256(contents.payload)
    failed = evaluation(tmp_path / "failed", digest, passed=False)
    for report, reason in ((failed, "F1 not below"), (None, "not evaluated")):
        workstation["contents"] = replace(contents, evaluation=report)
        with pytest.raises(GateError, match=reason):
            pack(workstation)
    other = evaluation(tmp_path / "other", "b" * 64)
    workstation["contents"] = replace(contents, evaluation=other)
    with pytest.raises(UsageError, match="not about the file"):
        pack(workstation)
    workstation["contents"] = replace(contents, evaluation=failed)
    path = pack(workstation, force_without_gate="a trial for the IT department")
    with open_bundle(path, finder(workstation)) as bundle:
        gate = bundle.manifest.gate
        assert (gate.passed, gate.forced) == (False, "a trial for the IT department")
        assert "gate was NOT passed" in bundle.texts("card")[0][1]


def finder(workstation: dict[str, Any]) -> Any:
    public = workstation["public"]

    def find(identity: bytes) -> TrustedKey:
        assert identity == key_id(public.public)
        return TrustedKey(public.public.hex(), "ward", "trusted", "", "")

    return find


def test_a_file_that_the_steps_did_not_make_is_refused(workstation: dict[str, Any]) -> None:
    contents = workstation["contents"]
    contents.payload.write_bytes(toy_model(weight=0.5))
    evaluation(contents.evaluation, file_sha256(contents.payload))
    with pytest.raises(UsageError, match="made by none"):
        pack(workstation)


def test_a_model_that_the_laptop_could_not_run_is_not_packed(workstation: dict[str, Any]) -> None:
    contents = workstation["contents"]
    contents.payload.write_bytes(toy_model()[:-64])
    workstation["contents"] = replace(contents, steps=(), evaluation=None)
    with pytest.raises(ModelError, match="truncated"):
        pack(workstation, force_without_gate="try")
