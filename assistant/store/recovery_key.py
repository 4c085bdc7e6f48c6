"""The recovery key: 150 random bits on paper.

Six groups of six characters in Crockford's Base32 (no I, L, O, U; what people write instead
of 1 and 0 is understood). The last character of a group checks the group and its place: a
wrong character, two neighbours swapped and groups in another order are always noticed, and
the group is named. (A weighted sum over GF(32): with weights that are different and not
zero, one error can't cancel itself.)
"""

from __future__ import annotations

import re
import secrets

from assistant.errors import PassphraseError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS = 6
GROUP_LENGTH = 6
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_MODULUS = 0b100101  # x^5 + x^2 + 1: GF(32)


def new_recovery_key() -> str:
    """Make a recovery key: "XXXXXX-XXXXXX-..."."""
    groups = []
    for place in range(GROUPS):
        values = [secrets.randbelow(32) for _ in range(GROUP_LENGTH - 1)]
        groups.append("".join(ALPHABET[v] for v in (*values, _check(values, place))))
    return "-".join(groups)


def recovery_secret(text: str) -> bytes:
    """Return the bytes of a recovery key as typed. Raises `PassphraseError` for a mistake."""
    plain = re.sub(r"[\s-]+", "", text[:400]).upper().translate(_READ_AS)
    if len(plain) != GROUPS * GROUP_LENGTH:
        raise PassphraseError(
            f"A recovery key has {GROUPS} groups of {GROUP_LENGTH} characters; this has "
            f"{len(plain)} characters.",
            hint="Copy it from the paper as it stands there.",
        )
    for place in range(GROUPS):
        group = plain[place * GROUP_LENGTH : (place + 1) * GROUP_LENGTH]
        values = [ALPHABET.find(character) for character in group]
        if min(values) < 0 or _check(values[:-1], place) != values[-1]:
            raise PassphraseError(
                f"There is a mistake in group {place + 1} of the recovery key.",
                hint="Compare that group with the paper.",
            )
    return plain.encode("ascii")


def _check(values: list[int], place: int) -> int:
    total = place + 1
    weight = 2
    for value in values:
        total ^= _times(value, weight)
        weight = _times(weight, 2)
    return total


def _times(a: int, b: int) -> int:
    """Multiply in GF(32)."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0b100000:
            a ^= _MODULUS
        b >>= 1
    return product
