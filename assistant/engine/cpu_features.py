"""Report the CPU features of the machine and which of them the engines use."""

from __future__ import annotations

import contextlib
import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from assistant.engine.thread_count import physical_cores
from assistant.errors import EngineError
from assistant.models.trial_process import Limits, run_probe

# What a build for "any x86-64 processor of the last ten years" (or any 64-bit ARM) uses.
_PORTABLE_X86 = ("SSE3", "SSSE3", "AVX", "AVX2", "F16C", "FMA", "BMI2")
_PORTABLE_ARM = ("NEON", "ARM_FMA")
_OPTIONS = ("LLAMAFILE", "OPENMP", "ACCELERATE", "REPACK")
_PORTABLE = frozenset((*_PORTABLE_X86, *_PORTABLE_ARM, *_OPTIONS))
_FLAG_OF = {
    "SSE3": "pni", "SSSE3": "ssse3", "AVX": "avx", "AVX2": "avx2", "F16C": "f16c", "FMA": "fma",
    "BMI2": "bmi2", "AVX_VNNI": "avx_vnni", "AVX512": "avx512f", "AVX512_VBMI": "avx512_vbmi",
    "AVX512_VNNI": "avx512_vnni", "AVX512_BF16": "avx512_bf16", "AMX_INT8": "amx_int8",
    "DOTPROD": "asimddp", "MATMUL_INT8": "i8mm", "SVE": "sve",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CpuReport:
    """Processor, memory (bytes) and engines of this machine.

    `llama_features` are the instruction sets and options that the llama.cpp build uses,
    `missing` those of them that this processor lacks (it would crash); `portable` is
    False for a build that runs only on processors like the one it was built on.
    `cores` counts physical cores that may be used. `problem` says why llama.cpp could
    not be asked, "" if it could.
    """

    model: str
    cores: int
    flags: tuple[str, ...]
    llama_features: tuple[str, ...]
    llama_version: str
    onnxruntime_version: str
    portable: bool
    missing: tuple[str, ...]
    memory_total: int
    memory_available: int
    problem: str = ""


def cpu_report() -> CpuReport:
    """Look at the machine. llama.cpp is asked in a child: a wrong build would crash us."""
    model, flags = _processor(Path("/proc/cpuinfo"))
    total, available = _memory(Path("/proc/meminfo"))
    features, problem = _llama_features()
    return CpuReport(
        model=model,
        cores=physical_cores(),
        flags=flags,
        llama_features=features,
        llama_version=_version("llama-cpp-python"),
        onnxruntime_version=_version("onnxruntime"),
        portable=not problem and not not_portable(features),
        missing=missing_flags(features, flags),
        memory_total=total,
        memory_available=available,
        problem=problem,
    )


def not_portable(features: tuple[str, ...]) -> tuple[str, ...]:
    """Return the features of a build that not every laptop has."""
    return tuple(name for name in features if name not in _PORTABLE)


def missing_flags(features: tuple[str, ...], flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the features that a processor with `flags` lacks; none if flags are unknown."""
    if not flags:
        return ()
    return tuple(n for n in features if n in _FLAG_OF and _FLAG_OF[n] not in flags)


@cache
def _llama_features() -> tuple[tuple[str, ...], str]:
    try:
        found = run_probe(["features"], Limits(memory=8 << 30, seconds=30))
    except EngineError as error:
        return (), error.message
    if "error" in found:
        return (), str(found["error"])
    return tuple(str(name) for name in found.get("features", [])), ""


def _processor(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return (model name, flags) of the first processor; flags are () if unknown."""
    fields: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    model = fields.get("model name") or platform.processor() or platform.machine()
    return model, tuple((fields.get("flags") or fields.get("Features") or "").split())


def _memory(path: Path) -> tuple[int, int]:
    """Return (total, available) bytes of memory; 0 for what is unknown."""
    amounts: dict[str, int] = {}
    try:
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            key, _, value = line.partition(":")
            amounts[key] = int(value.split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        if hasattr(os, "sysconf"):
            with contextlib.suppress(ValueError, OSError):
                return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), 0
    return amounts.get("MemTotal", 0), amounts.get("MemAvailable", 0)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
