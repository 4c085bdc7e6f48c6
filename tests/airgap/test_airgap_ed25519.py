"""The installer's own Ed25519 says what RFC 8032 and libsodium say."""

from __future__ import annotations

import random

import pytest

from assistant.bundle import signatures
from convert.airgap.installer import ed25519

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
            "f9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
            "f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
            "4dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
            "feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c664"
            "31e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]

# The points of small order in their canonical form, and some encodings that are not canonical.
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]
NOT_CANONICAL = [
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000080",
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_vectors_of_the_rfc(secret: str, public: str, message: str, signature: str) -> None:
    key, text, signed = (bytes.fromhex(part) for part in (public, message, signature))
    assert ed25519.is_signed(key, text, signed)
    assert signatures.sign(bytes.fromhex(secret), text) == signed
    assert not ed25519.is_signed(key, text + b"\0", signed)


def test_it_agrees_with_libsodium_on_good_and_changed_signatures() -> None:
    chance = random.Random(8032)
    verdicts = []
    for _ in range(60):
        secret, message = chance.randbytes(32), chance.randbytes(chance.randrange(80))
        public = signatures.public_of(secret)
        signed = bytearray(signatures.sign(secret, message))
        assert ed25519.is_signed(public, message, bytes(signed))
        signed[chance.randrange(64)] ^= 1 << chance.randrange(8)
        mine = ed25519.is_signed(public, message, bytes(signed))
        assert mine == signatures.is_signed(public, message, bytes(signed))
        verdicts.append(mine)
    assert not any(verdicts)


def test_a_signature_has_one_form_only() -> None:
    """S + L satisfies the same equation; accepting it would make signatures malleable."""
    _, public, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + ed25519.ORDER
    other = signature[:32] + scalar.to_bytes(32, "little")
    assert not ed25519.is_signed(public, message, other)


@pytest.mark.parametrize("point", SMALL + NOT_CANONICAL)
def test_weak_and_odd_points_are_refused_as_key_and_as_nonce(point: str) -> None:
    """With a key of small order, S = 0 and R = the key "sign" about every eighth message."""
    weak = bytes.fromhex(point)
    _, public, _, signature = (bytes.fromhex(part) for part in VECTORS[0])
    for number in range(16):
        message = bytes([number])
        for key, signed in ((weak, weak + bytes(32)), (public, weak + signature[32:])):
            assert not ed25519.is_signed(key, message, signed)
            assert not signatures.is_signed(key, message, signed)


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65])
def test_wrong_lengths_are_refused(length: int) -> None:
    _, public, message, signature = (bytes.fromhex(part) for part in VECTORS[0])
    assert not ed25519.is_signed(public[:length] if length < 32 else public + b"\0", message,
                                 signature)  # fmt: skip
    assert not ed25519.is_signed(public, message, (signature + b"\0")[:length])


def test_names_of_keys_are_those_of_bundles() -> None:
    public = bytes.fromhex(VECTORS[0][1])
    identity = ed25519.key_id(public)
    assert identity == signatures.key_id(public)
    assert ed25519.spoken(identity) == signatures.spoken(identity)
    said = ed25519.spoken(identity).upper().replace("-", " ")
    assert ed25519.is_fingerprint_of(identity, said)
    assert ed25519.is_fingerprint_of(identity, identity.hex())
    assert not ed25519.is_fingerprint_of(identity, said[:-1])
    assert not ed25519.is_fingerprint_of(identity, "")
