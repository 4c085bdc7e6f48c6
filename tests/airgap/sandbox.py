"""Run commands as on a bare machine: other files, another user, no network, no compiler.

A new root is put together in namespaces of its own: the system's libraries, one Python and
the folder with the archive, read-only; an empty home that belongs to an unprivileged user.
The checkout, pip's caches, ensurepip and everything in Python's site-packages are not there,
the compilers are masked, and the only network interface is the loopback.

As a script (inside `unshare`, as root): builds the root, becomes the user, runs the command.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

USER = 54321
HOME = "/home/visitor"
STICK = "/media/stick"
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "usr", "etc")
_MASKED = re.compile(
    r"(.*-)?(gcc|g\+\+|cc|c\+\+|c[89]9|cpp|clang|clang\+\+|tcc|ld|ld\.\w+|as)(-[\d.]+)?"
    r"|(cmake|ninja|make|g?make|pip|uv|git|curl|wget|ssh)[\d.]*"
)
_ISOLATE = ("unshare", "--net", "--mount", "--ipc", "--pid", "--fork", "--kill-child",
            "--propagation", "private")  # fmt: skip


def usable() -> bool:
    """Tell whether this machine lets us make such a root."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    done = subprocess.run([*_ISOLATE, "mount", "-t", "tmpfs", "none", "/mnt"], check=False)
    return done.returncode == 0


class Sandbox:
    """A bare machine whose home outlives the single command."""

    def __init__(self, stick: Path, home: Path, *, home_size: str = "") -> None:
        self._config = {"stick": str(stick), "home": str(home), "home_size": home_size}
        stick.chmod(0o755)  # pytest makes its folders for their owner alone
        home.mkdir(parents=True, exist_ok=True)
        os.chown(home, USER, USER)

    def run(self, *command: str, timeout: int = 600) -> subprocess.CompletedProcess[str]:
        config = json.dumps({**self._config, "command": command})
        return subprocess.run(
            check=False,
            args=[*_ISOLATE, sys.executable, "-I", __file__, config],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def python(self, *arguments: str, timeout: int = 600) -> subprocess.CompletedProcess[str]:
        """Run the bare machine's Python, which is this one without anything installed."""
        return self.run(base_python(), "-I", *arguments, timeout=timeout)


def base_python() -> str:
    """Return the interpreter that the test's environment was made with."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def _main(config: Mapping[str, str]) -> None:
    root = Path("/mnt")
    _mount("-t", "tmpfs", "-o", "mode=0755", "none", str(root))
    for name in _SYSTEM:
        _show(Path("/", name), root)
    prefix = Path(sys.base_prefix).resolve()
    if not (root / prefix.relative_to("/")).exists():
        _bind(prefix, root)
    _bind(Path(config["stick"]), root, STICK)
    _hide(root, prefix)
    home = root / HOME.lstrip("/")
    home.mkdir(parents=True)
    if config["home_size"]:
        options = f"size={config['home_size']},mode=0700,uid={USER},gid={USER}"
        _mount("-t", "tmpfs", "-o", options, "none", str(home))
    else:
        _mount("--bind", config["home"], str(home))
    for name, mode in (("tmp", 0o1777), ("proc", 0o755), ("dev", 0o755)):
        (root / name).mkdir()
        (root / name).chmod(mode)
    _mount("-t", "proc", "none", str(root / "proc"))
    for name in ("null", "zero", "urandom", "random"):
        (root / "dev" / name).touch()
        _mount("--bind", f"/dev/{name}", str(root / "dev" / name))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False, capture_output=True)
    os.chroot(root)
    os.chdir(HOME)
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)
    environment = {"HOME": HOME, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    command = list(config["command"])
    os.execve(command[0], command, environment)


def _show(path: Path, root: Path) -> None:
    target = root / path.name
    if path.is_symlink():
        target.symlink_to(path.readlink())
    elif path.is_dir():
        _bind(path, root)


def _bind(path: Path, root: Path, place: str = "") -> None:
    target = root / (place or str(path)).lstrip("/")
    target.mkdir(parents=True, exist_ok=True)
    _mount("--bind", "-o", "ro", str(path), str(target))


def _hide(root: Path, prefix: Path) -> None:
    """Mask the compilers, and what came along with Python but is not its standard library."""
    for folder in ("usr/bin", "usr/local/bin"):
        place = root / folder
        for tool in sorted(place.iterdir()) if place.is_dir() else ():
            if _MASKED.fullmatch(tool.name) and not tool.is_symlink():
                _mount("--bind", "/dev/null", str(tool))
    inside = root / str(prefix).lstrip("/")
    for library in inside.glob("lib/python3*"):
        for name in ("ensurepip", "site-packages", "dist-packages"):
            if (library / name).is_dir():
                _mount("-t", "tmpfs", "-o", "ro", "none", str(library / name))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
