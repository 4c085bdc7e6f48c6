"""The common shape of what a bench reports: see README.md."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXIT_SKIPPED = 77
"""Exit status of a bench that can't run here (data or a tool is missing)."""


@dataclass(frozen=True)
class Figure:
    """One figure. `goal` is text such as ">= 0.71", or "" if there is none.

    `met` is None where there is no goal or nothing was measured.
    """

    name: str
    value: float | None
    unit: str = ""
    goal: str = ""
    met: bool | None = None
    note: str = ""


def at_most(name: str, value: float, limit: float, unit: str = "", note: str = "") -> Figure:
    """A figure whose goal is not to exceed `limit`."""
    return Figure(name, value, unit, f"<= {limit:g}", value <= limit, note)


def at_least(name: str, value: float, limit: float, unit: str = "", note: str = "") -> Figure:
    """A figure whose goal is to reach `limit`."""
    return Figure(name, value, unit, f">= {limit:g}", value >= limit, note)


def shared_data() -> Path:
    """Return the folder of the evaluation data; it need not exist."""
    return Path(os.environ.get("ASSISTANT_SHARED_DATA") or ROOT.parent / "shared" / "data")


def models_folder() -> Path:
    """The folder of installed models: `ASSISTANT_TEST_MODELS`, or what `make` set up."""
    return Path(os.environ.get("ASSISTANT_TEST_MODELS") or ROOT / ".run" / "models").absolute()


def add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, help="write the figures to this file")


def publish(
    name: str, figures: Sequence[Figure], details: dict[str, Any], target: Path | None
) -> None:
    """Print the figures, and write them to `target` if one is given."""
    for figure in figures:
        verdict = {True: "met", False: "NOT MET", None: ""}[figure.met]
        value = "-" if figure.value is None else f"{figure.value:.4g}"
        print(f"{figure.name:58} {value:>10} {figure.unit:8} {figure.goal:10} {verdict}")
    if target:
        document = {"name": name, "figures": [asdict(f) for f in figures], "details": details}
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
