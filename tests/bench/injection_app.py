"""The real command line over a library full of injections, in one locked process.

    python -m tests.bench.injection_app DATA_DIR FOLDER

Started by `bench_injection` and the acceptance test, under strace. It adds FOLDER, then asks
each question of FOLDER/questions.json (which is no document), with the commands' own code,
arguments and output, behind the same lockdown as `assistant`. One process, so that the model
is loaded from a warm cache and a few hundred questions take minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from assistant.cli.excepthook import install
from assistant.cli.main import cli
from assistant.cli.sandbox import arm

QUESTIONS = "questions.json"


def main() -> None:
    data_dir, folder = Path(sys.argv[1]), Path(sys.argv[2])
    questions = json.loads((folder / QUESTIONS).read_text(encoding="utf-8"))
    documents = sorted(str(path) for path in folder.glob("*.txt"))
    install()
    arm()
    at = ["--data-dir", str(data_dir)]
    try:
        cli(["add", *documents, "--no-passphrase", "--json", *at], standalone_mode=False)
    except SystemExit as ended:  # some were refused as documents, which is an answer as well
        if ended.code != 1:
            raise
    for question in questions:
        print(json.dumps({"asked": question}), flush=True)
        # The chat model is what an injection can talk to: the reader only points at words.
        cli(["ask", question, "--reading", "together", "--json", *at], standalone_mode=False)


if __name__ == "__main__":
    main()
