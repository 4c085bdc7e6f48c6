"""The rules for a passphrase, and its bytes.

Characters are prepared by the profile OpaqueString of RFC 8265: unusual spaces become
ordinary ones, and text is composed (NFC), so that an é typed on two keyboards is the same
passphrase. Not NFKC: it would make different characters (ﬁ and fi, ² and 2) equal, and so
passphrases weaker, which is why the RFC decided against it.

For a new one, NIST SP 800-63B-4 is followed: length counts, no rules about kinds of
characters, no expiry. 15 characters at least, as it asks where a passphrase stands alone:
whoever has a copy of the files can guess without any limit but the cost of Argon2id.
"""

from __future__ import annotations

import unicodedata

from assistant.errors import PassphraseError

SHORTEST = 15
LONGEST_BYTES = 1024
_FEWEST_DIFFERENT = 6


def prepared(text: str) -> bytes:
    """Return the bytes of a passphrase (RFC 8265, OpaqueString, as UTF-8).

    Raises `PassphraseError` for an empty or endless one, and for characters that a
    passphrase can't have: control characters, halves of pairs, and those that Unicode has
    not assigned (their composition could change with a later version).
    """
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Cn"):
            raise PassphraseError(
                f"A passphrase can't have the character U+{ord(character):04X}.",
                hint="Use letters, digits, signs and spaces of any language.",
            )
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
    secret = unicodedata.normalize("NFC", spaced).encode("utf-8")
    if not secret:
        raise PassphraseError("The passphrase is empty.", hint="Give one, or press Ctrl+C.")
    if len(secret) > LONGEST_BYTES:
        raise PassphraseError(
            f"The passphrase is longer than {LONGEST_BYTES} bytes.", hint="Take a shorter one."
        )
    return secret


def check_new(text: str) -> bytes:
    """Return the bytes of a passphrase that is to be used from now on.

    Raises `PassphraseError` for one that is too short or nearly one character over and over.
    """
    secret = prepared(text)
    length = len(unicodedata.normalize("NFC", text))
    if length < SHORTEST:
        raise PassphraseError(
            f"The passphrase has {length} characters; at least {SHORTEST} are needed.",
            hint="Take five or six words that have nothing to do with each other or with you; "
            "spaces count. No digits or signs are asked for.",
        )
    if len(set(text)) < _FEWEST_DIFFERENT:
        raise PassphraseError(
            f"The passphrase has only {len(set(text))} different characters.",
            hint="Take five or six words that have nothing to do with each other or with you.",
        )
    return secret
