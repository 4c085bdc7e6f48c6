"""Install a verified bundle, all of it or nothing.

The payload is copied into a folder with a temporary name and hashed on the way, tried
there, and only then given its name. The minimum version is raised before that last step: a
crash in between leaves a minimum version without a model, and the same bundle may come again.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.bundle.install_checks import check_fit
from assistant.bundle.manifest import TEXT_ROLES, TIME_FORMAT
from assistant.bundle.payload_extract import Installation
from assistant.bundle.payload_install import install_chat, install_reader
from assistant.bundle.prebuilt_library import LibraryAccess, install_library
from assistant.bundle.rollback_guard import MinimumVersion, MinimumVersions
from assistant.bundle.trust_tables import locked, write_bytes
from assistant.bundle.trusted_keys import TrustStore
from assistant.bundle.verify_bundle import OpenBundle, Progress
from assistant.config import Settings
from assistant.errors import BundleError, Cancelled
from assistant.models.model_install import quiet
from assistant.types import CancelToken

PAPERS_FOLDER = "bundles"
MANIFEST_FILE = "manifest.json"
_NO_KEYS = LibraryAccess()


@dataclass(frozen=True, slots=True)
class InstalledBundle:
    """The result of an import. `already`: this very bundle was installed before."""

    name: str
    kind: str
    already: bool
    papers: Path


def import_bundle(
    bundle: OpenBundle,
    settings: Settings,
    *,
    library: LibraryAccess = _NO_KEYS,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> InstalledBundle:
    """Install a verified bundle under `<name>-v<version>`; the model in use stays in use.

    `library` tells how to come to the keys of a library. Raises
    `OlderBundleError`, `BundleError`, `ModelError` or a `StoreError` when it can't be
    installed; nothing is changed then. Raises `Cancelled` on cancel.
    """
    manifest = bundle.manifest
    trust = TrustStore(settings.data_dir)
    papers = settings.data_dir / PAPERS_FOLDER / manifest.installed_name
    with locked(trust.folder):
        fit = check_fit(bundle, settings, trust)
        if not fit.installed:
            with (
                _papers(bundle, papers),
                _minimum_version(bundle, MinimumVersions(trust.folder)) as raise_minimum_version,
            ):
                job = Installation(bundle, settings, raise_minimum_version, progress, cancel)
                if manifest.kind == "library":
                    install_library(job, library)
                elif manifest.kind == "reader":
                    install_reader(job)
                else:
                    install_chat(job, fit.base)
    return InstalledBundle(manifest.installed_name, manifest.kind, fit.installed, papers)


@contextmanager
def _minimum_version(bundle: OpenBundle, versions: MinimumVersions) -> Iterator[Callable[[], None]]:
    """Give a function that raises the minimum version; undo that if the block fails."""
    manifest = bundle.manifest
    before = versions.find(manifest.name)
    raised = MinimumVersion(
        name=manifest.name,
        kind=manifest.kind,
        version=manifest.version,
        label=manifest.label,
        installed_name=manifest.installed_name,
        signer=manifest.signer,
        manifest_sha256=bundle.digest,
        imported_at=datetime.now(UTC).strftime(TIME_FORMAT),
    )
    try:
        yield lambda: versions.put(raised, manifest.name)
    except BaseException:
        if versions.find(manifest.name) == raised:
            versions.put(before, manifest.name)
        raise


@contextmanager
def _papers(bundle: OpenBundle, folder: Path) -> Iterator[None]:
    """Keep manifest, card, licences and records beside the model; take them back on failure."""
    there = folder.exists()
    try:
        write_bytes(folder / MANIFEST_FILE, bundle.raw_manifest)
        for entry in bundle.manifest.files:
            if entry.role in TEXT_ROLES:
                write_bytes(folder / entry.name, bundle.raw(entry))
        yield
    except BaseException as error:
        if not there:
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)
        if isinstance(error, KeyboardInterrupt):
            raise Cancelled from error
        if isinstance(error, OSError):
            raise BundleError(f"{folder} can't be written: {error.strerror or error}.") from error
        raise
