"""Verifying Ed25519 signatures (RFC 8032, section 5.1.7) with Python's integers alone.

The archive's native code, PyNaCl among it, must not be loaded before the archive has been
verified, so the check is made without it. It takes some milliseconds, once. It is as strict
as libsodium: S below the group's order, points in their one canonical form and not of small
order, and [S]B = R + [k]A without the cofactor. Only public values are handled, so that the
run time may depend on them.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
_SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""

_NEUTRAL: Point = (0, 1, 1, 0)
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_ID_LABEL = b"airgap-assistant key id v1\0"


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` (64 bytes) is that of `message` by the owner of `public`."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _decode(public), _decode(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= ORDER or _is_small(key) or _is_small(nonce):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return _same(_times(scalar, _BASE), _add(nonce, _times(challenge, key)))


def key_id(public: bytes) -> bytes:
    """Return the 32 bytes by which a public key is named, as `assistant.bundle` does."""
    return hashlib.sha256(_ID_LABEL + public).digest()


def spoken(identity: bytes) -> str:
    """Return the first 128 bits of an identity as eight words (proquints, arXiv:0901.4016)."""
    pairs = (int.from_bytes(identity[at : at + 2], "big") for at in range(0, 16, 2))
    return "-".join(_word(number) for number in pairs)


def is_fingerprint_of(identity: bytes, said: str) -> bool:
    """Tell whether a person's `said` names this key: the eight words or all 64 digits."""
    plain = "".join(said.lower().replace("-", " ").replace(":", " ").split())
    return plain in (identity.hex(), spoken(identity).replace("-", ""))


def _word(number: int) -> str:
    return (
        _CONSONANTS[number >> 12]
        + _VOWELS[number >> 10 & 3]
        + _CONSONANTS[number >> 6 & 15]
        + _VOWELS[number >> 4 & 3]
        + _CONSONANTS[number & 15]
    )


def _add(one: Point, other: Point) -> Point:
    """The complete addition of RFC 8032, section 5.1.4: right for every pair of points."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * _D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Point) -> Point:
    total = _NEUTRAL
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % P == 0


def _is_small(point: Point) -> bool:
    """Tell whether eight times the point is the neutral element."""
    return _same(_times(8, point), _NEUTRAL)


def _decode(raw: bytes) -> Point | None:
    """Return the point of 32 bytes, None if they are not the canonical form of one."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    x = _root(y)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _root(y: int) -> int | None:
    """Return an x with -x² + y² = 1 + dx²y², None if there is none (section 5.1.3)."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _SQRT_MINUS_1 % P
    return x if (x * x - square) % P == 0 else None


def _base() -> Point:
    y = 4 * pow(5, -1, P) % P
    x = _root(y) or 0
    x = P - x if x & 1 else x
    return x, y, 1, x * y % P


_BASE = _base()
