"""What syncing unchanged files costs: python -m tests.bench.bench_sync [--json FILE].

Files of about two pages are synced into a new library by the real program with its default
embedder, then again; both times count from the start of the process to its end. Beside it, the
time that one look of `--watch` takes. A share of the files is then renamed, changed and deleted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from assistant.documents.file_discovery import FoundFile, discover
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_most,
    models_folder,
    publish,
)

WORDS = (
    "supplier buyer contract delivery warranty notice period invoice payment delay penalty goods "
    "agreement clause liability termination court interest price"
).split()


def write_files(folder: Path, count: int, chance: random.Random) -> None:
    """Write text files of six paragraphs, no two alike, twenty to a folder."""
    for number in range(count):
        path = folder / str(number // 20) / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        paragraphs = (" ".join(chance.choice(WORDS) for _ in range(60)) + "." for _ in range(6))
        path.write_text(f"Document {number}.\n\n" + "\n\n".join(paragraphs))


def sync(folder: Path, data: Path) -> tuple[float, float, dict[str, Any]]:
    """Run the program; return its seconds, its processors' seconds and what it reports."""
    command = [sys.executable, "-m", "assistant", "sync", str(folder), "--grace", "0", "--json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [*command, "--data-dir", str(data), "--no-passphrase"],
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, spent, json.loads(done.stdout)


def change(folder: Path, count: int) -> None:
    """Rename, change and delete one file in a hundred each."""
    files = sorted(folder.rglob("*.txt"))
    each = max(count // 100, 1)
    for path in files[:each]:
        path.rename(path.with_name(f"moved-{path.name}"))
    for path in files[each : 2 * each]:
        path.write_text(path.read_text() + "\n\nOne more paragraph.")
    for path in files[2 * each : 3 * each]:
        path.unlink()


def measure(count: int, folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    files, data = folder / "files", folder / "data"
    data.mkdir()
    (data / "models").symlink_to(models_folder())
    write_files(files, count, random.Random(3))
    time.sleep(2.5)  # what was changed just now is not trusted
    first = sync(files, data)
    same = sync(files, data)
    assert same[2]["unchanged"] == len(first[2]["added"]) == count
    began = time.monotonic()
    looked = [e.stamp for e in discover([files]).entries if isinstance(e, FoundFile)]
    look = time.monotonic() - began
    assert len(looked) == count
    change(files, count)
    changed = sync(files, data)
    each = max(count // 100, 1)
    assert len(changed[2]["moved"]) == len(changed[2]["added"]) == each
    assert sum(g["forgotten"] for g in changed[2]["gone"]) == each
    note = f"{count} files: {same[0]:.1f} s after {first[0]:.0f} s"
    cpu = f"{same[1]:.1f} s after {first[1]:.0f} s of processor time"
    figures = [
        at_most("sync of unchanged files / first sync", same[0] / first[0], 0.02, "", note),
        at_most("the same in processor time", same[1] / first[1], 0.02, "", cpu),
        Figure("sync with 1 % each renamed, changed, deleted / first", changed[0] / first[0]),
        Figure("one look of --watch", 1e6 * look / count, "µs a file", note="stat, no notices"),
    ]
    times = {"first": first[:2], "unchanged": same[:2], "changed": changed[:2], "look": look}
    return figures, {"files": count, "seconds, processor seconds": times}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    add_json_option(parser)
    options = parser.parse_args()
    if not models_folder().is_dir():
        print("There are no models: make setup")
        sys.exit(EXIT_SKIPPED)
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        figures, details = measure(options.files, Path(folder))
    publish("sync of folders", figures, details, options.json)


if __name__ == "__main__":
    main()
