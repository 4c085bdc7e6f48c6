"""Find personal identifiers in texts, by precise patterns and their check digits.

What is found is a help to a person who decides, not a proof that nothing else is there: a
name without a title is not seen. Patterns are linear in the length of the text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from convert.dataset import check_digits

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = (
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTHS})[a-z]{{0,6}}\.?,? \d{{4}}"
    rf"|(?:{_MONTHS})[a-z]{{0,6}}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
)
_NAME = r"[A-Z\u00c0-\u00de][\w'\u2019-]{1,24}"


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier in a text: its kind and its span."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Detector:
    """`cheap` must stand in the text (any of it) for the pattern to be tried at all."""

    kind: str
    pattern: str
    check: Callable[[str], bool] = lambda _: True
    cheap: tuple[str, ...] = ()


def _any_ip(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def _no_section_number(text: str) -> bool:
    """Contracts number their clauses 5.1.2.1; addresses have a larger part somewhere."""
    return _any_ip(text) and any(int(part) > 19 for part in text.split("."))


def _is_phone(text: str) -> bool:
    return 8 <= len(check_digits.digits(text)) <= 15


_DETECTORS = (
    _Detector(
        "e-mail",
        r"(?<![\w.+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w-])",
        cheap=("@",),
    ),
    _Detector("iban", r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b", check_digits.is_iban),
    _Detector("card", r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])", check_digits.is_card),
    _Detector("ssn", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", check_digits.is_ssn),
    _Detector(
        "national id (UK)",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
        check_digits.is_nino,
    ),
    _Detector(
        "NHS number",
        r"(?i:\bNHS\b[^\n\d]{0,30})(?P<value>\d{3}[ -]?\d{3}[ -]?\d{4})\b",
        check_digits.is_nhs,
        cheap=("NHS", "nhs"),
    ),
    _Detector(
        "national id (FR)",
        r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b",
        check_digits.is_nir,
    ),
    _Detector("national id (ES)", r"\b(?:\d{8}|[XYZ]\d{7})-?[A-Z]\b", check_digits.is_dni),
    _Detector(
        "national id (DE)",
        r"(?i:steuer|tax|idnr)[^\n\d]{0,40}(?P<value>\d{2} ?\d{3} ?\d{3} ?\d{3})\b",
        check_digits.is_steuer_id,
    ),
    _Detector(
        "national id (IT)",
        r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b",
        check_digits.is_codice_fiscale,
    ),
    _Detector(
        "record number",
        r"(?i)\b(?:MRN|(?:patient|medical record|passport) (?:id|no|number))"
        r"\b[\s.:#]{0,4}(?P<value>(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,20})\b",
    ),
    _Detector(
        "date of birth",
        rf"(?i)\b(?:born(?: on)?|date of birth|d\.?o\.?b\.?|birth ?date|geb(?:oren|\.)?(?: am)?)"
        rf"[\s:,(]{{1,4}}(?P<value>{_DATE})",
    ),
    _Detector(
        "phone",
        r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){5,12}"
        r"|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}[.-]\d{3}[.-]\d{4})(?![\w-])",
        _is_phone,
    ),
    _Detector(
        "phone",
        r"(?i)\b(?:tel|telephone|phone|mobile|cell|fax|call)\b[\s.:#()a-z]{0,12}?"
        r"(?P<value>\(?\d[\d ()./-]{5,17}\d)(?![\w-])",
        _is_phone,
    ),
    _Detector(
        "ip address",
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)",
        _no_section_number,
        cheap=(".",),
    ),
    _Detector(
        "ip address",
        r"(?i)\b(?:ip|ipv4|host|server|client)(?: address)?[\s:=]{1,3}"
        r"(?P<value>(?:\d{1,3}\.){3}\d{1,3})(?![\w]|\.\d)",
        _any_ip,
        cheap=(".",),
    ),
    _Detector(
        "ip address",
        r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::|[0-9A-Fa-f]{1,4}|(?::[0-9A-Fa-f]{1,4}){1,6})"
        r"(?![\w:])",
        _any_ip,
        cheap=(":",),
    ),
    _Detector(
        "name",
        rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Frau|Mme|Sra?)\.? (?P<value>{_NAME}"
        rf"(?: (?:(?:van|von|de|der|da|di) )?{_NAME}){{0,2}})",
    ),
    _Detector(
        "name",
        rf"\b(?:[Pp]atient(?:'s)? [Nn]ame|[Ff]ull [Nn]ame|[Pp]atient|Name): ?"
        rf"(?P<value>{_NAME}(?: {_NAME}){{1,2}})",
    ),
)
KINDS = tuple(dict.fromkeys(detector.kind for detector in _DETECTORS))


def find_personal(text: str) -> list[Found]:
    """Return the identifiers in a text, in order; of overlapping ones the first detector's."""
    found: list[Found] = []
    for detector in _DETECTORS:
        if detector.cheap and not any(mark in text for mark in detector.cheap):
            continue
        for match in re.finditer(detector.pattern, text):
            group = "value" if "value" in match.re.groupindex else 0
            start, end = match.span(group)
            overlaps = any(f.start < end and start < f.end for f in found)
            if not overlaps and detector.check(match[group]):
                found.append(Found(detector.kind, start, end))
    return sorted(found, key=lambda f: f.start)


def hint_of(value: str) -> str:
    """Return what a report may show of a value: its first and last character, its length."""
    value = " ".join(value.split())
    if len(value) < 4:
        return "\u2026"
    return f"{value[0]}\u2026{value[-1]} ({len(value)} characters)"


def masked(text: str, found: list[Found]) -> str:
    """Return a text with each identifier replaced by its kind: "[E-MAIL]"."""
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.start], f"[{one.kind.upper()}]"]
        at = one.end
    return "".join([*parts, text[at:]])
