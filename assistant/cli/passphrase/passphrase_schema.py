"""The shapes of `assistant passphrase ... --json` and `assistant rekey --json`."""

from __future__ import annotations

from typing_extensions import TypedDict


class PassphraseStatusJson(TypedDict):
    """How a library is opened. `mode`: "new library", "passphrase" or "key file".

    `argon2id_passes` and `argon2id_memory` (bytes) are 0 without a passphrase;
    `failed_tries` counts since the last right one, `wait_seconds` is until the next may come.
    `rekey_interrupted`: the next unlocking finishes or undoes it.
    """

    format: int
    library: str
    mode: str
    recovery_key: bool
    argon2id_passes: int
    argon2id_memory: int
    failed_tries: int
    wait_seconds: float
    rekey_interrupted: bool


class PassphraseChangedJson(TypedDict):
    """What was changed. `recovery_key`: "kept", "shown" (terminal), "file" or "none"."""

    format: int
    library: str
    changed: list[str]
    recovery_key: str
