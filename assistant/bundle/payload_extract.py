"""Taking the payload out of a bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from assistant.bundle.verify_bundle import OpenBundle, Progress, changed
from assistant.models.model_install import copy_hashed
from assistant.types import CancelToken

RaiseFloor = Callable[[], None]
"""Raises the version floor; called when all checks are done, before the payload appears."""


def copy_payload(
    bundle: OpenBundle, target: Path, progress: Progress, cancel: CancelToken | None
) -> None:
    """Copy the payload, and check once more that these are the bytes that were signed.

    Raises `BundleError` if they changed meanwhile, `Cancelled` on cancel.
    """
    entry = bundle.manifest.payload
    source = cast("IO[bytes]", bundle.member(entry))
    if copy_hashed(source, target, entry.size, progress, cancel) != entry.sha256:
        raise changed()
