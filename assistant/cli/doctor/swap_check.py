"""Check whether memory can be swapped to an unencrypted disk."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_ADVICE = (
    "Text of documents can get there. Turn swap off (swapoff -a, and its line in /etc/fstab), "
    "or encrypt it (dm-crypt with a random key); hibernation writes all of memory as well."
)


def swap_finding(
    swaps: Path = Path("/proc/swaps"), blocks: Path = Path("/sys/block")
) -> tuple[Literal["ok", "warn"], str, str]:
    """Return (status, detail, remedy) for the swap areas of this machine (proc(5)).

    Compressed memory (zram) and dm-crypt devices are fine; whatever can't be told apart
    from a plain disk is not.
    """
    try:
        lines = swaps.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    except OSError:
        return "warn", "this system does not say whether it swaps to a disk", _ADVICE
    names = [line.split()[0] for line in lines if line.strip()]
    plain = [name for name in names if not _safe(name, blocks)]
    if plain:
        shown = ", ".join(plain)
        return "warn", f"on, and may not be encrypted: {shown}", _ADVICE
    return "ok", f"encrypted or in memory: {', '.join(names)}" if names else "off", ""


def _safe(name: str, blocks: Path) -> bool:
    device = Path(name).name
    if device.startswith("zram"):
        return True
    try:
        if not device.startswith("dm-"):
            device = Path(name).resolve().name
        uuid = (blocks / device / "dm" / "uuid").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return uuid.startswith("CRYPT-")
