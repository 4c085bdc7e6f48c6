"""The form of a record, and that nothing else is taken for one."""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audit.chain import Chain, read_root
from assistant.audit.log_keys import AuditKeys, is_signature
from assistant.audit.log_record import BadRecordError, canonical, make_record, read_record
from assistant.audit.verify import LogWalk
from tests.unit.audit.library import KEYS, made_chain


def test_hash_and_seal_are_what_the_documentation_says() -> None:
    (line,) = made_chain(["begin"])
    table = json.loads(line)
    body = {k: v for k, v in table.items() if k not in ("hash", "mac")}
    text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(b"airgap audit record 1\n" + text).digest()
    assert table["hash"] == digest.hex()
    key = hmac.digest(bytes(range(1, 33)), b"airgap audit seal\x01", "sha256")
    assert table["mac"] == hmac.digest(key, digest, "sha256").hex()


def test_a_good_chain() -> None:
    walk = LogWalk(KEYS)
    lines = [(line.rstrip(b"\n"), True) for line in made_chain(["begin", "open", "ask"])]
    assert [r.action for r in walk.records(lines)] == ["begin", "open", "ask"]
    assert walk.report.verdict == "ok"
    assert isinstance(read_record(lines[0][0]).when, datetime)


DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
BAD_LINES = [
    b"",
    b"{}",
    b"null",
    b"[]",
    b"\xff\xfe",
    b'{"seq":0}',
    DEEP,
    b"[" * 60_000,
    b"9" * 5_000,
    b"x" * 70_000,
    made_chain(["begin"])[0].rstrip(b"\n").replace(b":", b": ", 1),
    made_chain(["begin"])[0].rstrip(b"\n").replace(b'"seq":0', b'"seq":0.0'),
    made_chain(["begin"])[0].rstrip(b"\n").replace(b'"seq":0', b'"seq":NaN'),
    made_chain(["begin"])[0].rstrip(b"\n").replace(b'"seq":0', b'"seq":0,"seq":0'),
    made_chain(["begin"])[0].rstrip(b"\n").replace(b'"seq":0', b'"seq":true'),
]


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_what_is_no_record(line: bytes) -> None:
    with pytest.raises(BadRecordError) as caught:
        read_record(line)
    assert len(str(caught.value)) < 120  # nothing of a hostile line is quoted


def _body(**changes: object) -> dict[str, object]:
    body: dict[str, object] = {
        "seq": 0,
        "time": "2026-01-01T00:00:00.000000Z",
        "session": "0011aabb",
        "action": "begin",
        "fields": {},
        "prev": "0" * 64,
    }
    return body | changes


DEEP_FIELDS = {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "2026-13-01T00:00:00.000000Z"},
        {"time": "now"},
        {"session": "0011AABB"},
        {"action": "Begin\x1b"},
        {"prev": "0" * 63},
        {"seq": -1},
        {"seq": 2**63},
        {"fields": []},
        {"fields": DEEP_FIELDS},
        {"fields": {"list": [0] * 5000}},
        {"fields": {"number": 2**70}},
        {"action": "open"},
        {"seq": 1},
    ],
)
def test_a_sealed_record_of_the_wrong_form(changes: dict[str, object]) -> None:
    """Even the right key does not make it good."""
    _, line = make_record(_body(**changes), KEYS)
    with pytest.raises(BadRecordError):
        Chain(KEYS).follow(line.rstrip(b"\n"))


def test_another_key_does_not_seal() -> None:
    (line,) = made_chain(["begin"], AuditKeys(bytes(32)))
    with pytest.raises(BadRecordError, match="key of this library"):
        Chain(KEYS).follow(line.rstrip(b"\n"))


def test_only_what_happens_while_locked_may_be_unsealed() -> None:
    (first, second) = made_chain(["begin", "ask"], None)
    chain = Chain(KEYS)
    with pytest.raises(BadRecordError, match="not sealed"):
        chain.follow(first.rstrip(b"\n"))
    chain.follow(made_chain(["begin"])[0].rstrip(b"\n"))
    with pytest.raises(BadRecordError):
        chain.follow(second.rstrip(b"\n"))


@pytest.mark.parametrize(
    "root", [{}, {"root": "x"}, {"a": 1}, {"root": 1, "pages": 1, "head_page": 1, "schema": 1}]
)
def test_a_root_of_the_wrong_form(root: dict[str, object]) -> None:
    record, line = make_record(_body(fields={"root": root}), KEYS)
    with pytest.raises(BadRecordError):
        read_root(record)
    walk = LogWalk(KEYS)
    list(walk.records([(line.rstrip(b"\n"), True)]))
    assert walk.report.verdict == "tampered"


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_record_or_refused(line: bytes) -> None:
    with pytest.raises(BadRecordError):
        read_record(line)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@settings(max_examples=300)
@given(
    key=st.sampled_from(["seq", "time", "session", "action", "fields", "prev", "hash", "mac"]),
    value=_JSON,
)
def test_any_value_in_any_part(key: str, value: object) -> None:
    table = json.loads(made_chain(["begin"])[0])
    same = table[key] == value and type(table[key]) is type(value)
    table[key] = value
    walk = LogWalk(KEYS)
    try:
        line = canonical(table)
    except ValueError:
        return
    records = list(walk.records([(line, True)]))
    assert bool(records) == (same or (walk.report.verdict == "ok"))
    assert same or walk.report.verdict == "tampered"


def test_keys_are_not_shown_and_not_pickled() -> None:
    assert repr(KEYS) == "AuditKeys(<hidden>)"
    with pytest.raises(TypeError):
        pickle.dumps(KEYS)
    with pytest.raises(ValueError, match="32 bytes"):
        AuditKeys(b"short")


def test_identifiers_say_only_what_is_equal() -> None:
    assert KEYS.identifier("name", "a.pdf") == KEYS.identifier("name", "a.pdf")
    assert KEYS.identifier("name", "a.pdf") != KEYS.identifier("question", "a.pdf")
    assert KEYS.identifier("name", "a.pdf") != AuditKeys(bytes(32)).identifier("name", "a.pdf")
    assert len(KEYS.identifier("name", "lone \ud800")) == 32


def test_signatures() -> None:
    signature = KEYS.sign(b"content")
    assert is_signature(KEYS.public_key, b"content", signature)
    assert not is_signature(KEYS.public_key, b"other", signature)
    assert not is_signature(KEYS.public_key, b"content", "zz")
    assert not is_signature("", b"content", signature)
