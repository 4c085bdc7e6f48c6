"""Verify the check digits of account, card and identity numbers."""

from __future__ import annotations

import re
import string

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24,
    "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SV": 28, "TN": 24, "TR": 26, "UA": 29,
    "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_NINO_NEVER = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})
_CARD = re.compile(r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}"
                   r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}")  # fmt: skip
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_FISCAL_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22,
               25, 24, 23)  # fmt: skip


def digits(text: str) -> str:
    return "".join(c for c in text if c in string.digits)


def luhn(text: str) -> bool:
    """ISO/IEC 7812-1 (Luhn): every second digit from the right doubled, sum divisible by 10."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits(text)))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_card(text: str) -> bool:
    """A number of an issuer's range with a right Luhn digit."""
    number = digits(text)
    return bool(_CARD.fullmatch(number)) and len(set(number)) > 1 and luhn(number)


def is_iban(text: str) -> bool:
    """ISO 13616: the country's length, and 1 modulo 97 with the letters as numbers."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain) or not plain.isascii() or not plain.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def is_ssn(text: str) -> bool:
    """United States: areas 000, 666 and 900-999, group 00 and serial 0000 are never given."""
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def is_nino(text: str) -> bool:
    """United Kingdom, national insurance number: prefixes that are never given."""
    return text[:2].upper() not in _NINO_NEVER


def is_nhs(text: str) -> bool:
    """England, NHS number: weights 10 to 2, 11 minus the sum modulo 11 is the last digit."""
    number = digits(text)
    check = (11 - sum(int(d) * w for d, w in zip(number, range(10, 1, -1), strict=False)) % 11) % 11
    return len(number) == 10 and check == int(number[-1])


def is_nir(text: str) -> bool:
    """France, NIR: the key is 97 minus the first 13 digits modulo 97 (Corsica as 19 and 18)."""
    plain = re.sub(r"\s", "", text).upper().replace("2A", "19", 1).replace("2B", "18", 1)
    return plain.isdigit() and len(plain) == 15 and 97 - int(plain[:13]) % 97 == int(plain[13:])


def is_dni(text: str) -> bool:
    """Spain, DNI and NIE: the letter is the number modulo 23."""
    plain = re.sub(r"[\s-]", "", text).upper()
    number = plain[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and _DNI_LETTERS[int(number) % 23] == plain[-1]


def is_steuer_id(text: str) -> bool:
    """Germany, tax identification number: ISO 7064 MOD 11,10; one digit twice or thrice."""
    number = digits(text)
    if len(number) != 11 or number[0] == "0" or len(set(number[:10])) not in (8, 9):
        return False
    product = 10
    for digit in number[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[10])


def is_codice_fiscale(text: str) -> bool:
    """Italy: odd places by a table, even ones by their value, modulo 26 is the last letter."""
    plain = text.upper()
    total = 0
    for place, char in enumerate(plain[:15]):
        value = int(char) if char.isdigit() else ord(char) - ord("A")
        total += value if place % 2 else _FISCAL_ODD[value]
    return chr(ord("A") + total % 26) == plain[15]
