"""One installation: its input, and the steps that all kinds of payload share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from assistant.bundle.manifest import BundleFile
from assistant.bundle.verify_bundle import OpenBundle, Progress, changed
from assistant.config import Settings
from assistant.models.model_install import copy_hashed
from assistant.types import CancelToken


@dataclass(frozen=True, slots=True)
class Installation:
    """A verified bundle on its way into a data folder.

    `raise_minimum_version` makes the bundle's version the oldest that is accepted from now on;
    it is called when all checks are done, before the payload appears.
    """

    bundle: OpenBundle
    settings: Settings
    raise_minimum_version: Callable[[], None]
    progress: Progress
    cancel: CancelToken | None = None

    def copy(self, target: Path, entry: BundleFile | None = None) -> None:
        """Copy a file (by default the payload), checking once more that it is what was signed.

        Raises `BundleError` if they changed meanwhile, `Cancelled` on cancel.
        """
        entry = entry or self.bundle.manifest.payload
        source = cast("IO[bytes]", self.bundle.member(entry))
        if copy_hashed(source, target, entry.size, self.progress, self.cancel) != entry.sha256:
            raise changed()
        self.progress("Testing", 0, 1)

    def checked(self) -> None:
        """All checks are done: raise the minimum version. Last chance for `Cancelled`."""
        self.raise_if_cancelled()
        self.raise_minimum_version()

    def raise_if_cancelled(self) -> None:
        if self.cancel is not None:
            self.cancel.raise_if_cancelled()
