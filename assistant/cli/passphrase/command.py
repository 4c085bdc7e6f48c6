"""`assistant passphrase` and `assistant rekey`: the key of a library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from assistant.cli.options import Invocation, command_options
from assistant.cli.schema import PassphraseChangedJson, PassphraseStatusJson
from assistant.console.output import Output
from assistant.console.progress import progress_bar
from assistant.errors import UsageError
from assistant.unlock import secret_inputs
from assistant.unlock.unlock import WITHOUT, LibraryUnlocker

if TYPE_CHECKING:
    from assistant.store import KeyMode

_MIB = 2**20


@click.group()
def passphrase() -> None:
    """Set or change the passphrase of a library, or get in with its recovery key.

    Nothing secret is ever given as an argument. In a terminal it is asked for, without
    showing it. A script names private files (mode 600), whose first line counts:
    ASSISTANT_PASSPHRASE_FILE, ASSISTANT_NEW_PASSPHRASE_FILE, ASSISTANT_RECOVERY_FILE; or
    descriptors: ASSISTANT_PASSPHRASE_FD, ASSISTANT_NEW_PASSPHRASE_FD.
    """


@passphrase.command()
@command_options
def status(invocation: Invocation) -> None:
    """Tell how the library is opened, without opening it.

    \b
    Example:
      assistant passphrase status --library ward-3
    """
    found = _status(invocation)
    output = invocation.output
    if output.as_json:
        output.json(found)
        return
    output.line(f"Library '{found.library}': {found.mode}.")
    if found.mode == "passphrase":
        memory = found.argon2id_memory // _MIB
        output.line(f"Argon2id: {found.argon2id_passes} passes over {memory} MiB.")
        output.line(f"Recovery key: {'there is one' if found.recovery_key else 'none'}.")
        if found.failed_tries:
            wait = f", next in {found.wait_seconds:.0f} s" if found.wait_seconds else ""
            output.line(f"Wrong tries since the last right one: {found.failed_tries}{wait}.")
    if found.mode == "key file":
        output.line(WITHOUT)
    if found.rekey_interrupted:
        output.line("A rekey was interrupted; the next unlocking finishes or undoes it.")


@passphrase.command(name="set")
@command_options
def set_(invocation: Invocation) -> None:
    """Give a passphrase to a library that has none.

    Its key lay in the open, so the whole library is encrypted anew under another one, and
    the key file is overwritten and removed. That needs room for a second copy.

    \b
    Example:
      assistant passphrase set
    """
    from assistant.audit import rekeying
    from assistant.store import set_passphrase

    asking = _asking(invocation, "key file")
    text = asking.new_passphrase(secret_inputs.NEW_PASSPHRASE, secret_inputs.PASSPHRASE)
    show = asking.shower()
    with (
        rekeying(invocation.settings, asking.keys.key_file()) as rekeyed,
        _progress(invocation.output) as report,
    ):
        rekeyed(set_passphrase(asking.keys, text, show=show, progress=report))
    _changed(invocation, ["passphrase", "key", "recovery key"], asking.recovery)


@passphrase.command()
@command_options
def change(invocation: Invocation) -> None:
    """Change the passphrase. The recovery key stays as it is.

    The key under it stays too: somebody who had a copy of the files and knew the old
    passphrase is kept out only by `assistant rekey`.

    \b
    Examples:
      assistant passphrase change
      ASSISTANT_PASSPHRASE_FILE=old ASSISTANT_NEW_PASSPHRASE_FILE=new assistant passphrase change
    """
    from assistant.audit import changing

    asking = _asking(invocation, "passphrase")
    key = asking.unlock()
    text = asking.new_passphrase(secret_inputs.NEW_PASSPHRASE)
    with changing(invocation.settings, "passphrase", "change"):
        asking.keys.change(key, text)
    _changed(invocation, ["passphrase"], "kept")


@passphrase.command()
@command_options
def recover(invocation: Invocation) -> None:
    """Get in with the recovery key when the passphrase is forgotten, and choose a new one.

    \b
    Example:
      assistant passphrase recover
    """
    from assistant.audit import changing

    asking = _asking(invocation, "passphrase")
    given = secret_inputs.given_recovery_key()
    if given is None:
        terminal = asking.need_terminal("The recovery key is needed.")
        given = terminal.secret("Recovery key (is not shown): ")
    key = asking.recover(given)
    text = asking.new_passphrase(secret_inputs.NEW_PASSPHRASE)
    with changing(invocation.settings, "passphrase", "recover"):
        asking.keys.change(key, text)
    _changed(invocation, ["passphrase"], "kept")


@passphrase.command(name="recovery-key")
@command_options
def recovery_key(invocation: Invocation) -> None:
    """Make a new recovery key; the old one opens nothing any more.

    \b
    Example:
      assistant passphrase recovery-key
    """
    from assistant.audit import changing

    asking = _asking(invocation, "passphrase")
    key = asking.unlock()
    show = _needed(asking.shower(note=False))
    with changing(invocation.settings, "passphrase", "recovery-key"):
        asking.keys.renew_recovery(key, show)
    _changed(invocation, ["recovery key"], asking.recovery)


@click.command()
@command_options
def rekey(invocation: Invocation) -> None:
    """Encrypt the whole library anew under another key, with a new recovery key.

    The passphrase stays: change it first if somebody knows it. Needs room for a second copy
    of the library, which has to be closed everywhere else. If this is killed, the library
    opens with the old key or the new one, and the same passphrase.

    \b
    Example:
      assistant rekey --library ward-3
    """
    from assistant.audit import rekeying
    from assistant.store import rekey as rekey_store

    asking = _asking(invocation, "passphrase")
    asking.keeps_secret = True
    key = asking.unlock()
    show = _needed(asking.shower(note=False)) if asking.keys.wrapped().has("recovery") else None
    secret = asking.keys.secret_that_opens(asking.secret, key)
    with rekeying(invocation.settings, key) as rekeyed, _progress(invocation.output) as report:
        rekeyed(rekey_store(asking.keys, key, secret, show=show, progress=report))
    _changed(invocation, ["key", "recovery key"] if show else ["key"], asking.recovery)


def _asking(invocation: Invocation, wanted: str) -> LibraryUnlocker:
    """Return who asks. Raises `UsageError` if the library is not opened in the way `wanted`."""
    asking = LibraryUnlocker(invocation.settings, invocation.output)
    mode = _mode(asking.keys.mode())
    name = invocation.settings.library
    if mode == "new library":
        raise UsageError(
            f"There is no library '{name}' yet.",
            hint="It gets a passphrase when the first document is added: assistant add PATH",
        )
    if mode != wanted:
        has = mode == "passphrase"
        raise UsageError(
            f"The library '{name}' has {'a' if has else 'no'} passphrase.",
            hint=f"Use: assistant passphrase {'change' if has else 'set'}",
        )
    return asking


def _needed(show: Callable[[str], None] | None) -> Callable[[str], None]:
    if show is None:
        raise UsageError(
            "A new recovery key has to be written down, and nobody is there to do it.",
            hint="Run this in a terminal, or name a new private file for it: "
            f"{secret_inputs.RECOVERY_FILE}=PATH",
        )
    return show


def _mode(mode: KeyMode) -> str:
    from assistant.store import KeyMode

    names = {KeyMode.NEW: "new library", KeyMode.PASSPHRASE: "passphrase"}
    return names.get(mode, "key file")


def _status(invocation: Invocation) -> PassphraseStatusJson:
    keys = LibraryUnlocker(invocation.settings, invocation.output).keys
    mode = _mode(keys.mode())
    wrapped = keys.wrapped() if mode == "passphrase" else None
    cost = next((slot.cost for slot in wrapped.slots if slot.cost), None) if wrapped else None
    return PassphraseStatusJson(
        library=invocation.settings.library,
        mode=mode,
        recovery_key=wrapped is not None and wrapped.has("recovery"),
        argon2id_passes=cost.passes if cost else 0,
        argon2id_memory=cost.memory if cost else 0,
        failed_tries=keys.attempts.failed(),
        wait_seconds=round(keys.attempts.wait(), 1),
        rekey_interrupted=keys.paths.next.exists(),
    )


@contextmanager
def _progress(output: Output) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told (bytes done, bytes in all)."""
    with progress_bar(output) as report:
        yield lambda done, total: report("encrypting anew", done, total)


def _changed(invocation: Invocation, changed: list[str], recovery: str) -> None:
    if recovery == "none":
        changed = [what for what in changed if what != "recovery key"]
    name = invocation.settings.library
    if invocation.output.as_json:
        invocation.output.json(PassphraseChangedJson(name, changed, recovery))
    else:
        invocation.output.line(f"Library '{name}': changed {', '.join(changed)}.")
