"""The log's keys, all derived from one secret in the encrypted store.

Whoever can open the library can make them, nobody else. They do not depend on the library's
own key or passphrase, so that the log can be checked after either was changed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NoReturn

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

SECRET_BYTES = 32
IDENTIFIER_DIGITS = 32


class AuditKeys:
    """Keys for sealing records (HMAC-SHA256), for identifiers, and for signing exports (Ed25519).

    Each is HMAC-SHA256 of the secret over its purpose (RFC 5869's expand step with one block).
    """

    __slots__ = ("_identifier", "_seal", "_signing")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"the log's secret has {SECRET_BYTES} bytes, not {len(secret)}")
        self._seal = _derived(secret, b"seal")
        self._identifier = _derived(secret, b"identifier")
        self._signing = SigningKey(_derived(secret, b"sign"))

    def __repr__(self) -> str:
        return "AuditKeys(<hidden>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the log's keys are not pickled")

    def seal(self, digest: bytes) -> str:
        """Return the HMAC of a record's hash, in 64 hexadecimal digits."""
        return hmac.digest(self._seal, digest, "sha256").hex()

    def is_seal(self, digest: bytes, mac: str) -> bool:
        return hmac.compare_digest(self.seal(digest).encode(), mac.encode())

    def identifier(self, kind: str, text: str) -> str:
        """Return what stands in the log for `text`: equal for equal texts, and no more.

        Without the key nobody can tell whether a guessed text is meant.
        """
        content = kind.encode() + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._identifier, content, "sha256").hex()[:IDENTIFIER_DIGITS]

    @property
    def public_key(self) -> str:
        """The Ed25519 key with which exports can be checked without the passphrase."""
        return bytes(self._signing.verify_key).hex()

    def sign(self, content: bytes) -> str:
        return bytes(self._signing.sign(content).signature).hex()


def is_signature(public_key: str, content: bytes, signature: str) -> bool:
    """Tell whether `signature` (hexadecimal) is the key's over `content`."""
    try:
        VerifyKey(bytes.fromhex(public_key)).verify(content, bytes.fromhex(signature))
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, b"airgap audit " + purpose + b"\x01", hashlib.sha256)
