"""The texts for the person who carries the archive: a note inside, a sheet to print."""

from __future__ import annotations

from assistant.bundle.signatures import key_id, spoken
from convert.airgap.installer.manifest import Manifest


def readme(manifest: Manifest) -> bytes:
    """Return README.txt of the archive."""
    pythons = ", ".join(manifest.platform.pythons)
    return f"""{manifest.title}, for {manifest.platform.system} on {manifest.platform.machine}

This archive installs the assistant on a machine without a network. It needs Python
({pythons}), no compiler and no administrator. Leave it packed; compare its SHA-256 with
your printed sheet (sha256sum ARCHIVE), then run it:

    python3 -I ARCHIVE
    python3 -I ARCHIVE --help

  wheels/, models/, tools/   what is installed, and pip, which installs it
  requirements.txt           the SHA-256 of every wheel, which pip checks again
  sbom.cdx.json              everything in here, with licences and known vulnerabilities
                             (CycloneDX 1.6)
  licences/                  the licence texts of every component
  SHA256SUMS                 for sha256sum --check, after unpacking
  manifest.json, .sig        the list of all files, and its Ed25519 signature
  __main__.py, airgap_installer/   the installer: Python's standard library alone
""".encode("ascii")


def sheet(
    manifest: Manifest, name: str, size: int, sha256: str, key_name: str, public: bytes
) -> str:
    """Return the sheet that goes to the other machine by another way than the archive."""
    identity = key_id(public)
    groups = " ".join(sha256[at : at + 8] for at in range(0, len(sha256), 8))
    return f"""CHECK SHEET - print it, carry it apart from the archive

Archive      {name}
             {manifest.title}, {size:,} bytes
SHA-256      {sha256}
             {groups}

Signed by    {key_name}
Key (words)  {spoken(identity)}
Key (hex)    {identity.hex()}

On the machine without a network:
1. Compare the SHA-256 (every group), BEFORE anything of the archive is run:
     sha256sum {name}
   (macOS: shasum -a 256 {name})
2. Install; compare the words of the key when it asks:
     python3 -I {name}
   or without questions:
     python3 -I {name} --yes --fingerprint {spoken(identity)}
3. It ends with "Installed". Open it: ~/airgap-assistant/bin/assistant
"""
