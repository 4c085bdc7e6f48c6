"""Get llama.cpp's own converter from the source distribution of llama-cpp-python.

The wheel holds no conversion scripts, its sdist does (vendor/llama.cpp): a converter of the
very version that will run the model, so it knows the same architectures. The sdist's
SHA-256 is pinned here for each version; only the scripts are taken out of the archive, into
a cache, and nothing of it is built. It is fetched (with pip, from its index) only when a
person asks for that: otherwise a file that was carried here is named.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from assistant.errors import ModelError, UsageError
from convert.atomic_output import disk_errors
from convert.step_record import file_sha256

PINNED = {"0.3.36": "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"}
"""SHA-256 of the sdist of each llama-cpp-python whose converter is known to match."""

SDIST_VARIABLE = "ASSISTANT_CONVERTER_SDIST"
CACHE_VARIABLE = "ASSISTANT_CONVERTER_CACHE"
MODEL_SCRIPT = "convert_hf_to_gguf.py"
LORA_SCRIPT = "convert_lora_to_gguf.py"
_SUMS = "SHA256SUMS"
_INSIDE = "vendor/llama.cpp"
_WANTED_FILES = (MODEL_SCRIPT, LORA_SCRIPT, "LICENSE")
_WANTED_FOLDERS = ("conversion", "gguf-py/gguf")
_MAX_FILE = 4 << 20
_MAX_FILES = 1000
_FETCH_SECONDS = 900

# pip insists on a project's metadata before it hands over an sdist, and runs the project's
# build backend for it. This stands in for that backend: nothing of the sdist is executed,
# and no build tools are fetched.
_BACKEND = """
import pathlib

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory) / "llama_cpp_python-{version}.dist-info"
    folder.mkdir()
    text = "Metadata-Version: 2.1\\nName: llama-cpp-python\\nVersion: {version}\\n"
    (folder / "METADATA").write_text(text)
    return folder.name
"""


def installed_version() -> str:
    """Return the version of llama-cpp-python in use. Raises `ModelError`."""
    try:
        return version("llama-cpp-python")
    except PackageNotFoundError as error:
        raise ModelError(
            "llama-cpp-python is not installed.",
            hint="Install this program with its workstation's part (docs/export.md).",
        ) from error


@dataclass(frozen=True, slots=True)
class Source:
    """Where the converter may come from: a file (or the one that ASSISTANT_CONVERTER_SDIST
    names), or pip's index if `fetch` allows that.
    """

    sdist: Path | None = None
    fetch: bool = False


def obtain(source: Source | None = None, *, cache: Path | None = None) -> Path:
    """Return the folder with the converter that belongs to the llama-cpp-python in use.

    It comes from the cache, or from `source` into the cache. Raises `ModelError` for a
    version that is not pinned and for a file whose hash is another, `UsageError` if there
    is no file.
    """
    wanted = installed_version()
    digest = _pinned(wanted)
    cache = cache or _default_cache()
    folder = cache / f"llama.cpp-of-{wanted}-{digest[:16]}"
    if _is_whole(folder):
        return folder
    source = source or Source()
    named = source.sdist or _from_environment()
    if named is not None:
        return _unpacked(named, digest, folder)
    if not source.fetch:
        raise UsageError(
            f"llama.cpp's converter is not here; it is in llama_cpp_python-{wanted}.tar.gz.",
            hint="Name that file with --converter-sdist FILE, or let pip fetch it once with "
            "--fetch-converter (76 MB, from pip's index; nothing of yours is sent).",
        )
    with tempfile.TemporaryDirectory() as scratch:
        return _unpacked(_fetch(wanted, digest, Path(scratch)), digest, folder)


def _pinned(wanted: str) -> str:
    if wanted not in PINNED:
        raise ModelError(
            f"No converter is pinned for llama-cpp-python {wanted}.",
            hint=f"Install one of: {', '.join(PINNED)}; or add the SHA-256 of its sdist to "
            "convert/export/converter_source.py.",
        )
    return PINNED[wanted]


def _default_cache() -> Path:
    from platformdirs import user_cache_path

    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("airgap-assistant") / "converter"


def _from_environment() -> Path | None:
    named = os.environ.get(SDIST_VARIABLE)
    return Path(named) if named else None


def _is_whole(folder: Path) -> bool:
    """Whether the cache holds the scripts that were unpacked, and no file besides."""
    try:
        listed = (folder / _SUMS).read_text(encoding="utf-8").splitlines()
        sums = {name: digest for digest, name in (line.split("  ", 1) for line in listed)}
        there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    except (OSError, ValueError):
        return False
    return there == {*sums, _SUMS} and all(file_sha256(folder / n) == s for n, s in sums.items())


def _unpacked(sdist: Path, digest: str, folder: Path) -> Path:
    """Check the archive's hash, take the scripts out of it, put them into the cache."""
    if not sdist.is_file():
        raise UsageError(f"There is no file {sdist}.", hint="Name the sdist (.tar.gz).")
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder.parent))
        try:
            # Hashed and read through one descriptor: the file can't be exchanged in between.
            with sdist.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
                if found != digest:
                    raise ModelError(
                        f"{sdist} is not the pinned source of llama-cpp-python "
                        f"{installed_version()}: its SHA-256 is {found}, not {digest}.",
                        hint="Get the file again from a source that you trust.",
                    )
                file.seek(0)
                _extract(file, temporary, sdist)
            if folder.exists():
                shutil.rmtree(folder)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _extract(file: object, temporary: Path, sdist: Path) -> None:
    sums: list[str] = []
    try:
        with tarfile.open(fileobj=file, mode="r:gz") as archive:  # type: ignore[call-overload]
            for member in archive:
                name = _wanted(member)
                if name is None:
                    continue
                if member.size > _MAX_FILE or len(sums) >= _MAX_FILES:
                    raise ModelError(f"{sdist} holds more than a converter: {member.name!r}.")
                data = archive.extractfile(member)
                content = data.read(_MAX_FILE) if data is not None else b""
                target = temporary / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}")
    except (tarfile.TarError, EOFError) as error:
        raise ModelError(f"{sdist} is damaged: {error}.") from error
    if not (temporary / MODEL_SCRIPT).is_file() or not (temporary / LORA_SCRIPT).is_file():
        raise ModelError(f"{sdist} holds no converter of llama.cpp.")
    (temporary / _SUMS).write_text("\n".join(sums) + "\n", encoding="utf-8")


def _wanted(member: tarfile.TarInfo) -> PurePosixPath | None:
    """Return where a member belongs, None if it is not wanted.

    Links, devices and names that lead out of the folder are never wanted.
    """
    path = PurePosixPath(member.name)
    parts = path.parts
    if not member.isreg() or path.is_absolute() or ".." in parts or len(parts) < 4:
        return None
    if "/".join(parts[1:3]) != _INSIDE:
        return None
    inside = PurePosixPath(*parts[3:])
    if str(inside) in _WANTED_FILES:
        return inside
    in_folder = any(str(inside).startswith(f"{folder}/") for folder in _WANTED_FOLDERS)
    return inside if in_folder and inside.suffix == ".py" else None


def _fetch(wanted: str, digest: str, scratch: Path) -> Path:
    """Let pip download the sdist, with its hash required. Raises `ModelError`."""
    backend = scratch / "backend" / "scikit_build_core"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build.py").write_text(_BACKEND.format(version=wanted), encoding="utf-8")
    required = scratch / "required.txt"
    required.write_text(f"llama-cpp-python=={wanted} --hash=sha256:{digest}\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-input", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
        "--require-hashes", "--dest", str(scratch / "sdist"), "-r", str(required),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(backend.parent)}
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_FETCH_SECONDS,
            check=False,
        )
        said = done.stderr.strip().splitlines()
    except subprocess.TimeoutExpired:
        said, done = [f"it took longer than {_FETCH_SECONDS} seconds"], None
    found = sorted((scratch / "sdist").glob("*.tar.gz"))
    if done is None or done.returncode != 0 or len(found) != 1:
        reason = next((line for line in reversed(said) if "ERROR" in line), (said or [""])[-1])
        raise ModelError(
            f"pip could not fetch llama-cpp-python {wanted}: {reason[:300]}",
            hint="Fetch llama_cpp_python-"
            f"{wanted}.tar.gz elsewhere and name it with --converter-sdist FILE.",
        )
    return found[0]
