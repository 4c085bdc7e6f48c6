"""Bundles: signed files that carry a model, an adapter or a library to this machine.

`open_bundle` verifies, `import_bundle` installs, `TrustStore` holds the pinned keys. The
workstation's side (`convert.bundle`) writes them with the same layout and manifest.
"""

from assistant.bundle.bundle_install import Imported, import_bundle
from assistant.bundle.manifest import Manifest
from assistant.bundle.prebuilt_library import LibraryAccess
from assistant.bundle.public_key_file import PublicKey, read_key
from assistant.bundle.trusted_keys import TrustedKey, TrustStore
from assistant.bundle.verify_bundle import OpenBundle, open_bundle

__all__ = [
    "Imported",
    "LibraryAccess",
    "Manifest",
    "OpenBundle",
    "PublicKey",
    "TrustStore",
    "TrustedKey",
    "import_bundle",
    "open_bundle",
    "read_key",
]
