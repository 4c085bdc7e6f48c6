"""Run by `accelerate launch` in each of two processes: BASE DATASET FOLDER.

Trains sharded (FSDP, as the configuration says), and then replicated.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from convert.train.train_step import run_train
from tests.convert.train_data import TINY

TEAM = replace(TINY, max_steps=3, row_tokens=200, precision="float32", score_samples=3)
"""Rows so short that a step has several, and not an even number for each process."""


def main() -> None:
    torch.set_num_threads(1)
    base, dataset, folder = map(Path, sys.argv[1:])
    run_train(base, dataset, folder / "sharded", TEAM)
    del os.environ["ACCELERATE_USE_FSDP"]
    run_train(base, dataset, folder / "replicated", TEAM)


if __name__ == "__main__":
    main()
