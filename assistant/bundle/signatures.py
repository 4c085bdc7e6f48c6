"""Ed25519 (RFC 8032) through libsodium, and the names and texts that are signed.

Each kind of signed text begins with a label of its own (domain separation), so that a
signature made for one purpose can never be shown for another.
"""

from __future__ import annotations

import hashlib
import hmac

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.exceptions import TypeError as NaclTypeError
from nacl.exceptions import ValueError as NaclValueError
from nacl.signing import SigningKey, VerifyKey

PUBLIC_BYTES = 32
SECRET_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 32

MANIFEST_LABEL = b"airgap-assistant bundle manifest v1\0"
SUCCESSION_LABEL = b"airgap-assistant key succession v1\0"
_ID_LABEL = b"airgap-assistant key id v1\0"

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_SPOKEN_BYTES = 16


def key_id(public: bytes) -> bytes:
    """Return the 32 bytes by which a public key is named: a SHA-256 with a label."""
    return hashlib.sha256(_ID_LABEL + public).digest()


def public_of(secret: bytes) -> bytes:
    """Return the public key (32 bytes) of a secret one (32 bytes)."""
    return bytes(SigningKey(secret).verify_key)


def sign(secret: bytes, message: bytes) -> bytes:
    """Return the signature (64 bytes) of `message` by a secret key (32 bytes)."""
    return bytes(SigningKey(secret).sign(message).signature)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that of `message` by the owner of `public`.

    libsodium refuses signatures that are not in canonical form and public keys of small
    order, so nobody can make a second valid signature from a first one.
    """
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(public).verify(message, signature)
    except (BadSignatureError, CryptoError, NaclTypeError, NaclValueError):
        return False
    return True


def spoken(identity: bytes) -> str:
    """Return the first 128 bits of a key's identity as eight words that can be read aloud.

    The words are proquints (Wilkerson 2009, arXiv:0901.4016): 16 bits are five letters,
    consonants and vowels in turn.
    """
    head = identity[:_SPOKEN_BYTES]
    pairs = (int.from_bytes(head[at : at + 2], "big") for at in range(0, len(head), 2))
    return "-".join(_word(number) for number in pairs)


def same_fingerprint(identity: bytes, said: str) -> bool:
    """Tell whether a person's `said` names this key: the eight words or all 64 digits."""
    plain = "".join(said.lower().replace("-", " ").replace(":", " ").split())
    known = (identity.hex(), spoken(identity).replace("-", ""))
    # Compared as bytes: a person may type anything, and compare_digest takes ASCII text only.
    return any(hmac.compare_digest(plain.encode(), text.encode()) for text in known)


def _word(number: int) -> str:
    return (
        _CONSONANTS[number >> 12]
        + _VOWELS[number >> 10 & 3]
        + _CONSONANTS[number >> 6 & 15]
        + _VOWELS[number >> 4 & 3]
        + _CONSONANTS[number & 15]
    )
