"""Make the three measured cases of `assistant advise`: tests/fixtures/advise/.

    .venv-workstation/bin/python -m tests.bench.make_advise_cases [--only tariff style both]
        [--base FOLDER] [--arms ARM ...] [--out FOLDER] [--threads N]

Each case is measured through the real command line: its documents are added, its model is
tuned (by `assistant-convert`) and installed, `assistant eval --for-advice` asks every arm.
What is committed are the runs and the answers; a test lets `assistant advise` read them. The
workstation's environment is needed. The two trainings take about three minutes each on two
quiet processor cores, the arms ten; what was done is kept in `.build/bench/advise`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from assistant.models.catalogue import load_catalogue
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, write_samples
from tests.bench.advise_cases import CaseData, cases
from tests.bench.report import EXIT_SKIPPED, ROOT, models_folder

WORK = ROOT / ".build" / "bench" / "advise"
FIXTURES = ROOT / "tests" / "fixtures" / "advise"
HELD_OUT = 12
TRAINING = {
    "samples_per_step": 16, "row_tokens": 512, "learning_rate": 1e-3, "rank": 32,
    "evaluate_steps": 0, "validation_samples": HELD_OUT, "score_samples": 0, "patience": 0,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="CASE")
    parser.add_argument("--base", type=Path, help="folder of the base, as `assistant-convert base`"
                        " makes it [default: made from the installed model]")  # fmt: skip
    parser.add_argument("--out", type=Path, default=FIXTURES)
    parser.add_argument("--arms", nargs="+", help="only these [default: all of --for-advice]")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if not (models_folder() / load_catalogue().default_chat.name / "model.gguf").is_file():
        print("skipped: the default models are missing (make models)")
        return EXIT_SKIPPED
    for case in cases():
        if not options.only or case.name in options.only:
            make(case, options)
    return 0


def make(case: CaseData, options: argparse.Namespace) -> None:
    """Measure one case, and write its run, its answers and what comes of them."""
    work = WORK / case.name
    data = prepared(case, work)
    base = load_catalogue().default_chat.name
    adapter = load_catalogue().default_names[0]
    if case.samples:
        adapter = f"{case.name}-tuned"
        if not (data / "models" / adapter).is_dir():
            gguf = tuned(case, work, options)
            assistant(data, "models", "add", gguf, "--base", base, "--name", adapter)
    assistant(data, "models", "use", adapter)
    threads = ("--threads", options.threads) if options.threads else ()
    run = work / "run"
    arms = [part for arm in options.arms or () for part in ("--arm", arm)] or ["--for-advice"]
    assistant(data, "eval", work / "suite.jsonl", *arms, "--out", run, *threads)
    target = options.out / case.name
    target.mkdir(parents=True, exist_ok=True)
    (target / "run.json").write_bytes((run / "run.json").read_bytes())
    (target / "answers.json").write_text(json.dumps(case.answers, indent=1) + "\n", "utf-8")
    assistant(data, "advise", "--run", run, "--answers", target / "answers.json")


def prepared(case: CaseData, work: Path) -> Path:
    """Return the data folder of a case, its documents added, the default models linked."""
    data = work / "data"
    (data / "models").mkdir(parents=True, exist_ok=True)
    for name in load_catalogue().default_names:
        link = data / "models" / name
        if not link.exists():
            link.symlink_to(models_folder() / name, target_is_directory=True)
    files = list(case.paths)
    for name, text in case.documents.items():
        path = work / name
        path.write_text(text, "utf-8")
        files.append(path)
    lines = "".join(json.dumps(entry) + "\n" for entry in case.suite)
    (work / "suite.jsonl").write_text(lines, "utf-8")
    assistant(data, "add", "--no-passphrase", *files)
    return data


def tuned(case: CaseData, work: Path, options: argparse.Namespace) -> Path:
    """Tune on the samples of a case; return the adapter as GGUF."""
    dataset, model = work / "dataset", work / "tuned"
    dataset.mkdir(exist_ok=True)
    write_samples(dataset / TRAIN_FILE, case.samples)
    write_samples(dataset / VALIDATION_FILE, case.samples[:HELD_OUT])
    gguf = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    base = options.base or WORK / "base"
    if not base.is_dir():
        convert("base", gguf, base)
    if not model.is_dir():
        settings = [f"{name}={value}" for name, value in TRAINING.items()]
        chosen = [part for setting in settings for part in ("--set", setting)]
        threads = ("--threads", options.threads) if options.threads else ()
        convert("train", base, dataset, "--out", model, "--epochs", case.epochs, *chosen, *threads)
    made = work / "adapter"
    shutil.rmtree(made, ignore_errors=True)
    convert("adapter", base, model / "adapter", made, "--name", f"{case.name}-tuned")
    return next(made.glob("*.gguf"))


def assistant(data: Path, *arguments: object) -> None:
    run(["assistant", *map(str, arguments)], {"ASSISTANT_DATA_DIR": str(data)})


def convert(*arguments: object) -> None:
    run(["convert.cli", *map(str, arguments)], {})


def run(command: list[str], more: dict[str, str]) -> None:
    """Run a module; its output is seen. Raises `CalledProcessError`."""
    print("==", *(Path(part).name if os.sep in part else part for part in command), flush=True)
    subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
