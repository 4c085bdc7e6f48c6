"""The process as the shell sees it: outputs that fail, wrong usage, early ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.console.reporting import as_assistant_error


def run(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `assistant` (as `$A`) in a shell."""
    return subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, "A": f"{sys.executable} -m assistant", **environment},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        "$A docs >/dev/full",
        "$A docs --json >/dev/full",
        "$A --help >/dev/full",
        "$A docs --json >&-",
        "$A doctor --json >/dev/full",
    ],
)
def test_an_output_that_fails_is_an_error_not_a_crash(command: str) -> None:
    done = run(command)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["ask --json", "search x --limit 0 --json", "frob --json"])
def test_wrong_usage_is_json_too(command: str) -> None:
    done = run(f"$A {command}")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"


def test_a_reader_that_has_enough_is_no_failure() -> None:
    done = run("($A --help; echo $? >&2) | head -1")
    assert done.stderr.strip() == "0"


def test_an_output_without_unicode_gets_escapes(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("threads = 0\n")
    done = run(
        f"$A docs --data-dir '{tmp_path}/größe' --library nonéxistent; $A doctor"
        f" --data-dir '{tmp_path}/größe'",
        PYTHONIOENCODING="ascii",
    )
    assert "Traceback" not in done.stderr
    assert "gr\\xf6\\xdfe" in done.stdout


def test_an_empty_argument_does_not_add_the_current_folder() -> None:
    assert run("$A add ''").returncode == 2


def test_looking_at_a_library_does_not_make_one(tmp_path: Path) -> None:
    done = run(f"$A docs --json --data-dir '{tmp_path}/data' --library typo")
    assert done.returncode == 0
    assert json.loads(done.stdout)["documents"] == []
    assert not (tmp_path / "data").exists()
    assert run(f"$A ask what --data-dir '{tmp_path}/data'").returncode == 2


def test_what_we_did_not_foresee_shows_no_content() -> None:
    try:
        raise RuntimeError("the secret text of a document")  # noqa: TRY301
    except RuntimeError as error:
        shown = as_assistant_error(error)
    assert "secret" not in str(shown)
    assert "RuntimeError at test_process.py" in shown.message
