"""The calibration of a chat model: one reader of its stored form, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistant.bundle.manifest import decode, encode
from assistant.errors import BundleError
from assistant.models.catalogue import load_catalogue
from assistant.types import Calibration, Quoted
from tests.unit.bundle.bundle_files import tiny_manifest

QUOTED = Quoted("24 months", margin=-1.0, log_probability=-2.0, tokens=2)


def test_what_the_catalogue_keeps_is_read_and_given_back() -> None:
    entry = load_catalogue().default_adapter
    assert entry is not None
    found = Calibration.read(entry.calibration)
    assert found.quotes_only
    assert (found.refusal_threshold, found.list_threshold, found.doubt_weight) == (-1.2, -0.1, 0.3)
    assert found.confidence["intercept"] == -2.4813
    assert not found.others
    assert Calibration.read(found.stored()) == found


@pytest.mark.parametrize(
    "stored",
    [{}, {"refusal_threshold": 0.0, "list_threshold": 0.0}, {"quotes_only": 0.0},
     {"doubt_weight": -0.0, "of_a_newer_version": 3.5}, {"confidence_": 1.0}],
)  # fmt: skip
def test_a_signed_table_comes_back_to_the_letter(stored: dict[str, float]) -> None:
    assert repr(sorted(Calibration.read(stored).stored().items())) == repr(sorted(stored.items()))


@pytest.mark.parametrize(
    "odd",
    [None, [1], {"a": "1"}, {"a": None}, {"a": True}, {"a": float("nan")}, {"a": float("inf")},
     {"a": 10**400}, {"quotes_only": 0.5}, dict.fromkeys(map(str, range(65)), 1.0)],
)  # fmt: skip
def test_what_is_no_short_table_of_numbers_is_refused(odd: Any) -> None:
    with pytest.raises(ValueError, match=r"it is|is no|is neither"):
        Calibration.read(odd)


def test_the_threshold_of_lists_falls_back_on_the_plain_one() -> None:
    plain = Calibration(refusal_threshold=-0.7, doubt_weight=0.1)  # the doubt is -0.8
    assert not plain.refuses(QUOTED)
    assert not plain.refuses_part(QUOTED)
    own = replace(plain, list_threshold=-0.9)
    assert not own.refuses(QUOTED)
    assert own.refuses_part(QUOTED)
    strict = replace(own, refusal_threshold=-0.9, list_threshold=0.0)
    assert strict.refuses(QUOTED)
    assert not strict.refuses_part(QUOTED)


def test_a_model_that_writes_freely_leans_towards_refusing() -> None:
    assert Calibration().first_bias("No.") == ()
    assert Calibration(refusal_threshold=-1.5).first_bias("No.") == (("No.", 1.5),)


def test_a_manifest_keeps_its_calibration_to_the_letter() -> None:
    stored = {"refusal_threshold": 0.0, "quotes_only": 1.0, "of_a_newer_version": 2.5}
    raw = encode(tiny_manifest(calibration=stored))
    assert b'"refusal_threshold":0.0' in raw
    assert encode(decode(raw)) == raw
    for odd in (b'"refusal_threshold":0', b'"refusal_threshold":true'):
        with pytest.raises(BundleError, match="damaged"):
            decode(raw.replace(b'"refusal_threshold":0.0', odd))
