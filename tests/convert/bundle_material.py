"""What a bundle is packed of in tests: a finished run, with things in it that must not travel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from convert.bundle.request_check import Contents
from convert.bundle.settings import BundleSettings, sources_from
from convert.bundle.signing_keys import generate
from convert.step_record import file_sha256, write_record
from tests.unit.models.gguf_files import toy_model

SOURCES = sources_from(
    [{"name": "SQuAD 2.0", "licence": "CC BY-SA 4.0", "attribution": "Wikipedia authors"}]
)


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "count": 40}


def evaluation(folder: Path, model: str, adapter: str = "", *, passed: bool = True) -> Path:
    """Write a report in the shape of `convert.evaluate`, with things that must not travel."""
    folder.mkdir(parents=True, exist_ok=True)
    finding = {"demand": "squad: F1 not below the base's", "met": passed, "figures": "0.1 -> 0.6"}
    report = {
        "format": 1,
        "settings": {"squad": ["/home/drsmith/patients/held-out.json"], "count": 40},
        "sets": [{"name": "squad, whole", "sha256": "a" * 64, "answerable": 40}],
        "contenders": [
            {
                "name": "tuned",
                "sha256": {"model": model, "adapter": adapter},
                "results": {
                    "squad, whole": {"figures": {"f1": figure(0.6)}, "answers": "MRS JONES"}
                },
                "canaries": {"canaries": [{"name": "MRS JONES", "text": "SECRET-77"}]},
                "gate": {"passed": passed, "findings": [finding]},
            }
        ],
        "gate": {"passed": passed},
    }
    (folder / "evaluation.json").write_text(json.dumps(report))
    write_record(
        folder,
        "evaluate",
        inputs={},
        settings={"squad": ["/home/drsmith/patients/held-out.json"]},
        outputs={"evaluation.json": folder / "evaluation.json"},
        figures={"tuned": {"squad, whole": {"f1": 0.6, "note": "MRS JONES"}}},
    )
    return folder


def finished_run(tmp_path: Path) -> dict[str, Any]:
    """A finished run: export and evaluation of a toy model, a key, a licence."""
    public, secret_file, public_file = generate(tmp_path / "keys" / "ward")
    export = tmp_path / "run" / "export"
    export.mkdir(parents=True)
    model = export / "model-Q8_0.gguf"
    model.write_bytes(toy_model())
    write_record(
        export,
        "export",
        inputs={},
        settings={"model": Path("/home/drsmith/patients/merged").as_posix()},
        outputs={"Q8_0": model},
        figures={"Q8_0": {"bytes": 1, "nan": float("nan")}},
    )
    report = evaluation(tmp_path / "run" / "evaluation", file_sha256(model))
    (tmp_path / "LICENSE").write_text("Apache License 2.0\n")
    settings = BundleSettings(
        key=str(secret_file),
        name="discharge",
        version=1,
        label="first",
        title="Discharge letters",
        licence="Apache-2.0",
        licences=(str(tmp_path / "LICENSE"),),
        sources=SOURCES,
    )
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('# of Mrs JONES\n[dataset]\nsource = "/home/drsmith/patients/letters.csv"\n')
    contents = Contents("model", model, steps=(export,), evaluation=report, recipe=recipe)
    return {
        "settings": settings,
        "contents": contents,
        "out": tmp_path / "carry",
        "public": public,
        "public_file": public_file,
    }
