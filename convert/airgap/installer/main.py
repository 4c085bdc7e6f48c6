"""The installer's command line: `python3 ARCHIVE`, or `assistant-install ARCHIVE` later on."""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

from .archive import Archive, open_archive, sha256_of
from .ed25519 import is_fingerprint_of, key_id, spoken
from .machine import Machine, require_fit
from .prefix import Prefix, State
from .problems import AskedError, InstallError, RefusedError, StoppedError, shown, system_errors
from .steps import Installation, InstallOptions, require_newer

EXAMPLES = """
examples:
  python3 ARCHIVE                          install, asking before anything is written
  python3 ARCHIVE --verify-only            only check the archive and this machine
  python3 ARCHIVE --prefix ~/tools/assistant --yes --fingerprint "WORD-WORD-..."
  ~/airgap-assistant/bin/assistant-install NEWER-ARCHIVE      update
  ~/airgap-assistant/bin/assistant-install --uninstall        remove; your data stays

exit codes: 0 done; 1 not installed; 2 wrong usage; 3 unfit machine; 7 archive refused;
130 stopped.
"""
DEFAULT_PREFIX = "~/airgap-assistant"


def main(arguments: list[str] | None = None) -> int:
    """Run the installer; return the exit code. Errors are shown, with what to do."""
    given = _parser().parse_args(arguments)
    try:
        try:
            return _do(given)
        except KeyboardInterrupt:
            raise StoppedError("Stopped; what was there before is as it was.") from None
    except InstallError as error:
        sys.stderr.write(f"{error.title}: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"What to do: {error.hint}\n")
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 ARCHIVE",
        description="Install the assistant from this archive. Needs no network, no compiler "
        "and no administrator.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("archive", nargs="?", type=Path, help="archive [default: the one that is run]")
    add("--prefix", type=Path, default=Path(DEFAULT_PREFIX), metavar="FOLDER",
        help="folder to install into [default: %(default)s]")  # fmt: skip
    add("--data-dir", type=Path, metavar="FOLDER",
        help="folder for libraries and models [default: the program's own choice]")  # fmt: skip
    add("--fingerprint", default="", metavar="WORDS",
        help="the eight words (or 64 digits) of the key on your sheet")  # fmt: skip
    add("--accept-new-key", action="store_true",
        help="trust another key than so far; needs --fingerprint")  # fmt: skip
    add("--allow-downgrade", action="store_true", help="install an older version over a newer")
    add(
        "--allow-degraded",
        default="",
        metavar="WORDS",
        help="the words that accept a system which can't lock the program down in full",
    )
    add("--verify-only", action="store_true", help="check, and write nothing")
    add("--uninstall", action="store_true", help="remove the program; data stays")
    add("--yes", action="store_true", help="ask nothing (needs --fingerprint the first time)")
    return parser


def _do(given: argparse.Namespace) -> int:
    prefix = Prefix(_full(given.prefix))
    if given.uninstall:
        return _uninstall(prefix, asking=not given.yes)
    path = _archive_path(given.archive)
    with system_errors("Reading the archive", path), open_archive(path) as archive:
        state = prefix.state
        # Who signed it, and whether it may be installed, before a file of it is looked at.
        known = _require_trusted(archive, state, given)
        if given.verify_only:
            return _verify(archive, state, given)
        require_newer(archive, state, allow=given.allow_downgrade)
        require_fit(archive.manifest.platform, Machine.this())
        if not known:
            _ask_trust(archive, prefix.root, asking=not given.yes)
        data_dir = str(_full(given.data_dir)) if given.data_dir else ""
        wishes = InstallOptions(data_dir, given.allow_downgrade, given.allow_degraded)
        data = Installation(prefix, _say, _bar).install(archive, wishes)
    _say(f"Installed: {archive.manifest.title}")
    _say(f"  open it:    {prefix.root / 'bin' / 'assistant'}")
    _say(f"  try it:     {prefix.root / 'bin' / 'assistant'} sample")
    _say(f"  update:     {prefix.root / 'bin' / 'assistant-install'} NEWER-ARCHIVE")
    _say(f"  your data:  {data} (updates and removal leave it alone)")
    return 0


def _verify(archive: Archive, state: State, given: argparse.Namespace) -> int:
    archive.check(_bar)
    require_newer(archive, state, allow=given.allow_downgrade)
    require_fit(archive.manifest.platform, Machine.this())
    _show_identity(archive)
    _say(f"All {len(archive.manifest.files)} files are those that were signed, and fit here.")
    if not given.fingerprint and not state.public:
        _say("Compare both with your printed sheet: only that tells who made the archive.")
    return 0


def _require_trusted(archive: Archive, state: State, given: argparse.Namespace) -> bool:
    """Return whether the signer is known already; raise `RefusedError` if it is another."""
    identity = key_id(archive.public)
    if given.fingerprint and not is_fingerprint_of(identity, given.fingerprint):
        raise RefusedError(
            f"{archive.path} is signed by another key than you named: {spoken(identity)}.",
            "Compare the words with your sheet; if they differ, don't use this archive.",
        )
    if not state.public or state.public == archive.public.hex():
        return bool(given.fingerprint or state.public)
    if given.accept_new_key and given.fingerprint:
        return True
    raise RefusedError(
        f"{archive.path} is signed by another key than what is installed: {spoken(identity)}.",
        "If your sheet names this new key: --accept-new-key --fingerprint WORDS",
    )


def _ask_trust(archive: Archive, prefix: Path, *, asking: bool) -> None:
    if not asking or not sys.stdin.isatty():
        raise AskedError(
            "Nobody said which key to trust.",
            "Give the words of the key on your sheet: --fingerprint WORDS",
        )
    _show_identity(archive)
    _say(f"It will be installed into {prefix}.")
    if not _agreed("Do SHA-256 and key agree with your printed sheet? [yes/no] "):
        raise AskedError("You did not confirm it; nothing was written.")


def _show_identity(archive: Archive) -> None:
    _say(f"{archive.manifest.title} for {archive.manifest.platform.machine}")
    _say(f"  SHA-256:  {sha256_of(archive.path, _bar)}")
    _say(f"  key:      {spoken(key_id(archive.public))}")


def _uninstall(prefix: Prefix, *, asking: bool) -> int:
    prefix.require_installed()
    data = prefix.state.data_dir
    if asking and not (sys.stdin.isatty() and _agreed(f"Remove {prefix.root}? [yes/no] ")):
        raise AskedError("Nothing was removed.", "Confirm it, or say --yes.")
    with system_errors("Removing", prefix.root):
        prefix.remove()
    _say(f"Removed from {prefix.root}.")
    _say(f"Your libraries, their keys and the models stay in {data or 'your data folder'}.")
    return 0


def _archive_path(named: Path | None) -> Path:
    """Return the archive: the named one, else the zip that this code runs from."""
    running = Path(sys.argv[0]).absolute()
    path = named.absolute() if named is not None else running
    if named is None and not (running.is_file() and zipfile.is_zipfile(running)):
        raise AskedError("Name the archive.", "For example: assistant-install ARCHIVE")
    if not path.is_file():
        raise AskedError(f"{shown(str(path))} is not there.", "Name the archive by its path.")
    return path


def _full(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise AskedError(f"{path}: {error}", "Name the folder by its full path.") from error


def _agreed(question: str) -> bool:
    sys.stdout.write(question)
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _say(text: str) -> None:
    sys.stdout.write(shown(text) + "\n")
    sys.stdout.flush()


def _bar(what: str, done: int, total: int) -> None:
    """Show how far it is, where a person watches."""
    if sys.stderr.isatty() and total:
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r  {what}: {100 * done // total:3d} %{end}")
        sys.stderr.flush()
