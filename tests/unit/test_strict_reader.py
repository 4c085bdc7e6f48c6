"""The one reader of TOML and JSON: what it takes, what it refuses, and what it says."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import SuiteError
from assistant.strict_reader import (
    BadInputError,
    Limits,
    MaybeSha256,
    Meta,
    MissingInputError,
    Sha256,
    canonical,
    fitted,
    read_canonical,
    read_file,
    read_json,
    read_toml,
    refused,
)

DIGEST = "0123456789abcdef" * 4


@dataclass(frozen=True, slots=True)
class Part:
    count: Annotated[int, Meta(ge=1, le=5)]
    share: Annotated[float, Meta(ge=0, le=1, description="a share from 0 to 1")] = 0.0

    def __post_init__(self) -> None:
        if self.count == 4:
            raise ValueError("four of them make no sense")


@dataclass(frozen=True, slots=True)
class Whole:
    parts: tuple[Part, ...]
    side: Literal["left", "right"] = "left"
    digest: MaybeSha256 = ""
    hashes: Mapping[str, Sha256] = field(default_factory=dict)
    free: Mapping[str, Any] = field(default_factory=dict)
    other: Part | None = None


def test_json_and_toml_become_frozen_classes() -> None:
    wanted = Whole((Part(1), Part(2, 1.0)), "right", DIGEST, other=Part(3))
    text = json.dumps(
        {
            "parts": [{"count": 1}, {"count": 2, "share": 1}],
            "side": "right",
            "digest": DIGEST,
            "other": {"count": 3},
        }
    )
    toml = f"""
        side = "right"
        digest = "{DIGEST}"
        parts = [{{count = 1}}, {{count = 2, share = 1}}]
        [other]
        count = 3
    """
    assert read_json(text.encode(), Whole) == wanted
    assert read_json(b"\xef\xbb\xbf" + text.encode(), Whole) == wanted
    assert read_toml(toml.encode(), Whole) == wanted
    assert read_json(b'{"parts": [], "free": {"a": {"b": [1]}}}', Whole).free == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "'parts' is missing"),
        ([], "expected object, got list"),
        ({"parts": {}}, "'parts': expected list, got object"),
        ({"parts": [{}]}, "'parts[0].count' is missing"),
        ({"parts": [{"count": "1"}]}, "'parts[0].count' is \"1\": expected whole number, got text"),
        ({"parts": [{"count": 1.0}]}, "'parts[0].count' is 1.0: expected whole number"),
        ({"parts": [{"count": True}]}, "'parts[0].count' is true: expected whole number"),
        ({"parts": [{"count": 1}, {"count": 6}]}, "'parts[1].count' is 6: expected whole"),
        ({"parts": [{"count": 4}]}, "'parts[0]': four of them make no sense"),
        ({"parts": [{"count": 1, "share": 2}]}, "is 2: expected a share from 0 to 1"),
        ({"parts": [], "side": "up"}, '\'side\' is "up": expected "left" or "right"'),
        ({"parts": [], "digest": "ab"}, "expected a SHA-256"),
        ({"parts": [], "digest": DIGEST + "\n"}, "expected a SHA-256"),
        ({"parts": [], "hashes": {"a": DIGEST.upper()}}, "'hashes[...]': expected a SHA-256"),
        ({"parts": [], "other": {"count": 1, "shore": 1}}, "'shore' is no key in 'other'"),
        ({"parts": [{"count": 1, "x": 1}]}, "'x' is no key in 'parts[0]' (they are: count, share)"),
        ({"parts": [], "more": 1}, "'more' is no key (they are: parts, side,"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(table: object, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_json(json.dumps(table).encode(), Whole)
    assert said in str(caught.value)
    with pytest.raises(BadInputError, match=r"."):
        fitted(table, Whole)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "it is no JSON (Expecting value, line 1, character 1)"),
        (b'{"a": 1\n "b": 2}', "line 2, character 2"),
        (b'{"a": "\xff"}', "byte 8 is no UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "byte 1 is no UTF-8"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' stands twice in it"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "'a' is inf, which is no number"),
        (b'{"a": [{"b": 9007199254740993}]}', "'a[0].b' is a number beyond 2**53"),
        (b'{"a": -' + b"9" * 100_000 + b"}", "beyond 2**53"),
        (b'{"a": "\\ud800"}', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b"[" * 50_000 + b"]" * 50_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested too deeply"),
        (b'{"a": "' + b"x" * (1 << 21) + b'"}', "'a' has 2,097,152 characters"),
    ],
)
def test_hostile_json_is_refused_whatever_the_type(raw: bytes, said: str) -> None:
    for kind in (dict[str, Any], Whole):
        with pytest.raises(BadInputError) as caught:
            read_json(raw, kind)
        assert said in str(caught.value)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a = ", "it is not valid TOML"),
        (b"a = 1\nb = ]", "line 2"),
        (b"a = 1\na = 2", "it is not valid TOML"),
        (b"a = nan", "'a' is nan, which is no number"),
        (b"a = [1, inf]", "'a[1]' is inf"),
        (b"a = 9007199254740993", "beyond 2**53"),
        (b"a = " + b"9" * 100_000, "not valid TOML"),
        (b"a = " + b"[" * 50_000, "nested too deeply"),
        (b".".join([b"a"] * 5_000) + b" = 1", "nested too deeply"),
        (b"a = '\xff'", "no UTF-8"),
    ],
)
def test_hostile_toml_is_refused_whatever_the_type(raw: bytes, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_toml(raw, dict[str, Any])
    assert said in str(caught.value)


def test_an_error_can_be_told_without_the_value() -> None:
    with pytest.raises(BadInputError) as caught:
        read_json(b'{"parts": [], "digest": "something secret"}', Whole)
    assert "secret" in str(caught.value)
    assert caught.value.discreet.startswith("'digest': expected a SHA-256")


def test_limits_are_the_callers() -> None:
    limits = Limits(depth=2, values=6, text=3)
    assert read_json(b'{"a": [1]}', dict[str, Any], limits=limits) == {"a": [1]}
    for raw in (b'{"a": [[1]]}', b'{"a": [1, 2, 3, 4]}', b'{"a": "long"}', b'{"long": 1}'):
        with pytest.raises(BadInputError):
            read_json(raw, dict[str, Any], limits=limits)


def test_keys_that_nobody_knows_are_skipped_on_demand_only() -> None:
    raw = b'{"parts": [{"count": 1, "x": 1}], "y": 2}'
    assert read_json(raw, Whole, more_keys=True) == Whole((Part(1),))
    with pytest.raises(BadInputError):
        read_json(raw, Whole)


def test_canonical_form_is_one_form() -> None:
    raw = canonical({"count": 1, "share": 0.5})
    assert read_canonical(raw, Part) == Part(1, 0.5)
    others = (
        b'{"count": 1, "share": 0.5}',
        b'{"share":0.5,"count":1}',
        raw + b"\n",
        b"\xef\xbb\xbf" + raw,
        raw.replace(b"0.5", b"0.50"),
        raw.replace(b"0.5", b"1"),  # a whole number where a decimal one is written
        raw.replace(b'"share"', b'"sh\\u0061re"'),
        b'{"count":1}',
    )
    for other in others:
        with pytest.raises(BadInputError, match="not in canonical form"):
            read_canonical(other, Part)


def test_files_are_read_only_if_they_are_plain_and_short(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"12345")
    assert read_file(plain, 5) == b"12345"
    with pytest.raises(BadInputError, match="more than 4 bytes"):
        read_file(plain, 4)
    with pytest.raises(MissingInputError):
        read_file(tmp_path / "missing", 5)
    with pytest.raises(BadInputError, match="name of a file"):
        read_file(Path("a\0b"), 5)
    with pytest.raises(BadInputError):
        read_file(tmp_path, 5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInputError, match="no plain file"):
        read_file(tmp_path / "pipe", 5)


def test_an_error_for_people_names_the_input_and_what_to_do() -> None:
    with (
        pytest.raises(SuiteError) as caught,
        refused(SuiteError, "questions.jsonl, line 3", hint="Mend it."),
    ):
        read_json(b'{"parts": 1}', Whole)
    assert caught.value.message == (
        "questions.jsonl, line 3: 'parts' is 1: expected list, got whole number."
    )
    assert caught.value.hint == "Mend it."


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(PLAIN | st.fixed_dictionaries({"parts": PLAIN, "side": PLAIN, "other": PLAIN}))
def test_nothing_but_a_bad_input_error_comes_out(value: object) -> None:
    try:
        found = fitted(value, Whole)
    except BadInputError:
        return
    assert isinstance(found, Whole)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for read in (read_json, read_toml):
        with contextlib.suppress(BadInputError):
            assert isinstance(read(raw, dict[str, Any]), dict)
