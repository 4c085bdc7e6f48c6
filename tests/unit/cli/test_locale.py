"""The real command where the locale knows only ASCII: names and words are what they are."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from assistant.console.output import Output

LOCALES = {
    "POSIX without UTF-8 mode": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "C": {"LANG": "C", "LC_ALL": "C"},
}


def run(locale: str, *arguments: str | bytes, **more: str) -> subprocess.CompletedProcess[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LC_") and k != "LANG"}
    return subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        env={**kept, **LOCALES[locale], **more},
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_names_with_accents_are_shown(locale: str, tmp_path: Path) -> None:
    data = tmp_path / "größe"
    data.mkdir()
    (data / "config.toml").write_text("threads = 0\n")
    done = run(locale, "doctor", "--data-dir", str(data))
    assert "größe" in done.stdout.decode("utf-8")
    assert b"Unexpected" not in done.stdout + done.stderr


@pytest.mark.parametrize("locale", LOCALES)
def test_errors_and_json_name_what_was_typed(locale: str) -> None:
    done = run(locale, "bundle", "inspect", "résumé.bundle")
    assert "résumé.bundle can't be read" in done.stderr.decode("utf-8")
    assert done.returncode == 7
    done = run(locale, "frobé", "--json")
    assert "frobé" in json.loads(done.stdout)["error"]["message"]
    assert done.returncode == 2


@pytest.mark.parametrize("locale", LOCALES)
def test_files_with_accents_are_opened(locale: str, tmp_path: Path) -> None:
    file = tmp_path / "prüfung.toml"
    file.write_text("this is no suite")
    done = run(locale, "eval", "run", str(file))
    assert "prüfung.toml" in (done.stdout + done.stderr).decode("utf-8")
    assert "No such" not in (done.stdout + done.stderr).decode("utf-8")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_name_that_is_no_utf8_is_shown_with_marks(locale: str) -> None:
    done = run(locale, "bundle", "inspect", b"raw\xff\xfe.bundle")
    assert "raw\N{REPLACEMENT CHARACTER}" in done.stderr.decode("utf-8")
    assert done.returncode == 7


def test_what_a_stream_asks_for_is_kept() -> None:
    """Who says that the output is ASCII gets ASCII."""
    done = run("C", "bundle", "inspect", "résumé.bundle", PYTHONIOENCODING="ascii")
    assert b"r\\xe9sum\\xe9.bundle" in done.stderr


@pytest.mark.parametrize("errors", ["strict", "surrogateescape", "ignore"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_gets_escapes_for_what_it_cannot_hold(stream: str, errors: str) -> None:
    raw = io.BytesIO()
    text = io.TextIOWrapper(raw, encoding="ascii", errors=errors)
    with redirect_stdout(text) if stream == "stdout" else redirect_stderr(text):
        output = Output(as_json=False)
        output.line("café \udcff") if stream == "stdout" else output.note("café \udcff")
    text.flush()
    assert raw.getvalue() == b"caf\\xe9 \\ufffd\n"
