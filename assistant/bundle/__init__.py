"""Bundles: signed files that carry a model, an adapter or a library to this machine.

`verify_bundle` verifies, `bundle_install` installs, `trusted_keys.TrustStore` holds the
pinned keys. The workstation's side (`convert.bundle`) writes them with the same layout and
manifest.
"""
