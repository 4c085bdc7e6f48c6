"""The scripted session that `assistant prove-offline` watches, in a locked-down process.

    python -m assistant.cli.prove.journey < plan.json

The real commands run one after the other in this process, which is locked down by the first
of them just as `assistant` is. Then the process itself, with every engine loaded, tries to
get out. One JSON object goes to standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from assistant import lockdown
from assistant.cli.main import cli
from assistant.cli.sandbox import arm
from assistant.config import Settings, load_settings
from assistant.console.output import Output
from assistant.prove.journey import ESCAPES, Step, try_escape
from assistant.sample_library import SAMPLE_QUESTION, sample_paths


def main() -> None:
    """Read the plan, make the journey, report."""
    plan = json.load(sys.stdin)
    settings = load_settings()
    arm()
    steps = [_run(name, arguments) for name, arguments in _commands(settings.data_dir)]
    report = {
        "steps": [step.facts for step in steps],
        "escapes": [try_escape(name, plan) for name in ESCAPES],
        **_process(settings),
    }
    sys.stdout.write(json.dumps(report) + "\n")


def _commands(data_dir: Path) -> list[tuple[str, list[str]]]:
    """Return the commands of the journey: (what it shows, arguments)."""
    exported = str(data_dir / "exported.audit")
    wanted = [
        ("ingest", ["add", *map(str, sample_paths())]),
        ("models", ["models", "list"]),
        ("search", ["search", SAMPLE_QUESTION]),
        ("ask", ["ask", "--reading", "together", SAMPLE_QUESTION]),  # reader and chat model
        ("export", ["docs"]),
        ("audit verify", ["audit", "verify"]),
        ("audit export", ["audit", "export", exported]),
    ]
    return [(name, command) for name, command in wanted if command[0] in cli.commands]


def _run(name: str, arguments: list[str]) -> Step:
    """Run one command in this process, as `assistant ... --json` would."""
    began = time.monotonic()
    out = io.StringIO()
    status: Any = 0
    try:
        with contextlib.redirect_stdout(out):
            status = cli([*arguments, "--json"], prog_name="assistant", standalone_mode=False)
    except SystemExit as ended:
        status = ended.code
    milliseconds = round(1000 * (time.monotonic() - began))
    return Step(name, status if isinstance(status, int) else 0, out.getvalue(), milliseconds)


def _process(settings: Settings) -> dict[str, Any]:
    """Say what this process is, after all that, with the library open once more.

    Closed, the store lets go of its extension for vectors, which is to be listed as well.
    """
    from assistant.cli.wiring import open_workspace
    from assistant.prove import inventory
    from assistant.unlock.unlock import LibraryUnlocker

    workspace = open_workspace(settings, LibraryUnlocker(settings, Output(as_json=True)))
    try:
        libraries = inventory.loaded_libraries()
    finally:
        workspace.close()
    return {
        "lockdown": inventory.lockdown_facts(lockdown.current()),
        "status": inventory.process_state(),
        "sockets": inventory.open_sockets(),
        "libraries": libraries,
        "process": os.getpid(),
    }


if __name__ == "__main__":
    main()
