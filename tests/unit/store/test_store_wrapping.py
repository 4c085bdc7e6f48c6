"""The wrapped key file, the recovery key and the passphrase: what is accepted, what is not."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import NewerStoreError, PassphraseError, WrongKeyError
from assistant.store import StoreKey
from assistant.store.key_wrap import MIB, Cost, WrappedKey, new_wrapped_key, parse
from assistant.store.passphrase import LONGEST_BYTES, SHORTEST, check_new, prepared
from assistant.store.recovery_key import ALPHABET, new_recovery_key, recovery_secret

CHEAP = Cost(1, 8 * MIB)
KEY = StoreKey(bytes(range(32)))
SECRET = b"six plain words for a test"
RECOVERY = new_recovery_key()


def made() -> WrappedKey:
    with_passphrase = new_wrapped_key().with_slot(KEY, "passphrase", SECRET, CHEAP)
    return with_passphrase.with_slot(KEY, "recovery", recovery_secret(RECOVERY), CHEAP)


FILE = made().to_bytes()
CONTENT: dict[str, Any] = json.loads(FILE)


def test_both_secrets_open_it_and_no_other() -> None:
    read = parse(FILE)
    assert read.unwrap("passphrase", SECRET) == KEY
    assert read.unwrap("recovery", recovery_secret(RECOVERY)) == KEY
    assert read.unwrap("passphrase", SECRET + b"!") is None
    assert read.unwrap("recovery", recovery_secret(new_recovery_key())) is None
    assert read.unwrap("passphrase", recovery_secret(RECOVERY)) is None


def test_nothing_secret_stands_in_the_file() -> None:
    for secret in (KEY.reveal(), KEY.hex().encode(), SECRET, RECOVERY.encode(), SECRET[:8]):
        assert secret not in FILE


def test_a_new_slot_replaces_the_old_secret_only() -> None:
    changed = parse(parse(FILE).with_slot(KEY, "passphrase", b"another", CHEAP).to_bytes())
    assert changed.unwrap("passphrase", SECRET) is None
    assert changed.unwrap("passphrase", b"another") == KEY
    assert changed.unwrap("recovery", recovery_secret(RECOVERY)) == KEY


def test_default_cost_is_what_the_documentation_says() -> None:
    assert (Cost().passes, Cost().memory) == (3, 64 * MIB)


@settings(max_examples=60)
@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_a_flipped_bit_opens_nothing_or_changes_nothing(place: int, bit: int) -> None:
    raw = bytearray(FILE)
    raw[place] ^= 1 << bit
    try:
        read = parse(bytes(raw))
    except (WrongKeyError, NewerStoreError):
        return
    # White space, or a capital that means the same, may differ; the key may not.
    slots = [read.unwrap("passphrase", SECRET), read.unwrap("recovery", recovery_secret(RECOVERY))]
    assert set(slots) <= {KEY, None}
    assert None in slots or read == parse(FILE)


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_noise_is_no_key_file(raw: bytes) -> None:
    with pytest.raises(WrongKeyError):
        parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        ("format",),
        ("version",),
        ("number",),
        ("slots",),
        ("slots", 0),
        ("slots", 0, "argon2id"),
        ("slots", 0, "argon2id", "memory"),
        ("slots", 0, "argon2id", "passes"),
        ("slots", 0, "salt"),
        ("slots", 1, "sealed"),
        ("slots", 1, "kind"),
        ("strange",),
    ]
)


@settings(max_examples=300)
@given(PLACES, JSON)
def test_any_other_value_is_refused(place: tuple[Any, ...], value: Any) -> None:
    content = json.loads(FILE)
    *way, last = place
    inner = content
    for step in way:
        inner = inner[step]
    if last in inner if isinstance(inner, dict) else True:
        if inner[last] == value and type(inner[last]) is type(value):
            return
        if type(inner[last]) is int and type(value) is int:
            return  # another number may be allowed; see the test of the limits
    inner[last] = value
    with pytest.raises((WrongKeyError, NewerStoreError)):
        parse(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("passes", "memory"),
    [(0, 64 * MIB), (17, 64 * MIB), (3, 8 * MIB - 1), (3, 100 * 2**30), (-1, 64 * MIB)],
)
def test_a_file_can_not_ask_for_all_memory(passes: int, memory: int) -> None:
    content = json.loads(FILE)
    content["slots"][0]["argon2id"] = {"passes": passes, "memory": memory}
    with pytest.raises(WrongKeyError, match=r"limits|number"):
        parse(json.dumps(content).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b'{"format": "airgap-assistant keys", "version": 1, "version": 1}',
        b'{"format": NaN}',
        b"[" * 100_000,
        b'{"version": ' + b"9" * 5000 + b"}",
        json.dumps({**CONTENT, "slots": CONTENT["slots"] * 2}).encode(),
        json.dumps({**CONTENT, "slots": CONTENT["slots"][1:]}).encode(),
        json.dumps({**CONTENT, "slots": CONTENT["slots"][::-1]}).encode(),
        json.dumps({**CONTENT, "version": True}).encode(),
        FILE[:-20],
        b"",
        b"\xff\xfe",
    ],
    ids=range(11),  # what is random in the files is in no test's name
)
def test_odd_files_are_refused(raw: bytes) -> None:
    with pytest.raises(WrongKeyError):
        parse(raw)


def test_a_newer_version_is_named_as_such() -> None:
    with pytest.raises(NewerStoreError):
        parse(json.dumps({**CONTENT, "version": 2}).encode())


# The recovery key ------------------------------------------------------------------------


def test_a_recovery_key_is_read_as_people_write_it() -> None:
    wanted = recovery_secret(RECOVERY)
    assert recovery_secret(RECOVERY.lower().replace("-", " ")) == wanted
    assert recovery_secret(f"  {RECOVERY.replace('0', 'o').replace('1', 'l')}\n") == wanted


def test_every_wrong_character_is_noticed_in_its_group() -> None:
    plain = RECOVERY.replace("-", "")
    for place, other in itertools.product(range(len(plain)), ALPHABET):
        if other != plain[place]:
            wrong = plain[:place] + other + plain[place + 1 :]
            with pytest.raises(PassphraseError, match=f"group {place // 6 + 1} "):
                recovery_secret(wrong)


def test_swapped_characters_and_groups_are_noticed() -> None:
    for _ in range(20):
        groups = new_recovery_key().split("-")
        for number, group in enumerate(groups):
            for place in range(5):
                swapped = group[:place] + group[place + 1] + group[place] + group[place + 2 :]
                if swapped != group:
                    wrong = [*groups[:number], swapped, *groups[number + 1 :]]
                    with pytest.raises(PassphraseError):
                        recovery_secret("".join(wrong))
        with pytest.raises(PassphraseError):
            recovery_secret("".join([groups[1], groups[0], *groups[2:]]))


@given(st.text(max_size=60))
def test_other_text_is_no_recovery_key(text: str) -> None:
    with pytest.raises(PassphraseError):
        recovery_secret(text)


def test_recovery_keys_are_random() -> None:
    assert len({new_recovery_key() for _ in range(200)}) == 200


# The passphrase --------------------------------------------------------------------------


def test_the_same_letters_typed_otherwise_are_the_same() -> None:
    assert prepared("caf\u00e9\u00a0au lait") == prepared("cafe\u0301 au lait")
    assert prepared("Stra\u00dfe") != prepared("Strasse")
    assert prepared("\ufb01sh") != prepared("fish")  # not NFKC
    assert prepared(" a ") != prepared("a")


@pytest.mark.parametrize("text", ["", "a\nb", "a\x00b", "a\x1bb", "a\ud800b", "a\u0378b"])
def test_what_can_not_be_typed_is_refused(text: str) -> None:
    with pytest.raises(PassphraseError):
        prepared(text)


def test_length_counts_and_nothing_else() -> None:
    assert check_new("only lower case words") == b"only lower case words"
    for weak in ("a" * 40, "abababababababababab", "x" * (SHORTEST - 1), "Tr0ub4dor&3"):
        with pytest.raises(PassphraseError):
            check_new(weak)
    with pytest.raises(PassphraseError):
        prepared("\u00e9" * LONGEST_BYTES)
