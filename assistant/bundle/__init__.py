"""Bundles: signed files that carry a model, an adapter or a library to this machine.

`verify.open_bundle` verifies, `importing.import_bundle` installs, `trust.TrustStore` holds the
pinned keys. The workstation's side (`convert.bundle`) writes them with the same layout and
manifest.
"""
