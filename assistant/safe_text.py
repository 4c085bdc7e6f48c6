"""Clean foreign text (documents, models, file names) for the terminal.

Documents, model output and file names may hold control sequences that a terminal obeys
(clipboard, title, reset), direction marks that reorder what is read, and characters that
nobody sees. Every text passes `safe_text` before it reaches a widget or a terminal.

The rule looks at one character at a time and at nothing around it. So a sequence that is
split over streamed pieces needs no buffering: `safe_text(a + b) == safe_text(a) +
safe_text(b)` always, and cleaning twice changes nothing.
"""

from __future__ import annotations

import re

NEWLINE_SIGN = "\N{RETURN SYMBOL}"
TAB_SIGN = "\N{RIGHTWARDS ARROW TO BAR}"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Ranges are inclusive. Checked against the Unicode categories by the tests.
_DROPPED = (
    (0x00, 0x08),  # C0 without tab and newline; without ESC a sequence is plain letters
    (0x0B, 0x1F),
    (0x7F, 0x9F),  # DEL and C1 (one-character CSI, OSC, NEL)
    (0xFE0E, 0xFE0F),  # "as text" / "as emoji": they change a glyph's width, nothing else
)
_SHOWN = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers: letters that print nothing
    (0x17B4, 0x17B5),  # Khmer inherent vowels, invisible
    (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
    (0x200B, 0x200F),  # zero-width space and joiners, direction marks
    (0x2028, 0x202E),  # line and paragraph separator, direction embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates, deprecated controls
    (0x2800, 0x2800),  # blank braille pattern
    (0x3164, 0x3164),
    (0xFDD0, 0xFDEF),  # noncharacters
    (0xFE00, 0xFE0D),  # variation selectors, with which text can be smuggled
    (0xFEFF, 0xFEFF),  # zero-width no-break space
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),  # unassigned default-ignorables, interlinear annotation
    (0xFFFE, 0xFFFF),
    (0x13430, 0x1345F),  # Egyptian hieroglyph format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tag characters and more variation selectors
    *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0x10000, 0x110000, 0x10000)),
)
_SOFT_HYPHEN = 0xAD
_SURROGATES = (0xD800, 0xDFFF)


def _character_class(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


_UNSAFE = re.compile(
    "[" + _character_class((*_DROPPED, *_SHOWN, _SURROGATES, (_SOFT_HYPHEN, _SOFT_HYPHEN))) + "]"
)
_DROP = re.compile("[" + _character_class(_DROPPED) + "]")


def safe_text(text: str, *, single_line: bool = False) -> str:
    """Return `text` with nothing in it that a terminal obeys or that hides from the eye.

    - C0 controls other than newline and tab, DEL, C1 controls and the two emoji style
      selectors are dropped; an ANSI or OSC sequence is left as inert letters.
    - Direction controls, zero-width and other invisible characters, line and paragraph
      separators, tag characters, variation selectors and noncharacters become a marker
      such as `<U+202E>`.
    - A soft hyphen becomes "-", a lone surrogate U+FFFD (it could not be printed at all).
    - `single_line` also shows a newline as U+23CE and a tab as U+21E5.

    For display only: it changes lengths, so offsets of a citation do not apply to it.
    """
    if not text.isprintable():  # isprintable is False for every newline too, but fast
        text = _UNSAFE.sub(_shown, text)
        if single_line:
            text = text.replace("\n", NEWLINE_SIGN).replace("\t", TAB_SIGN)
        return text
    return text if text.isascii() else _UNSAFE.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if _DROP.match(character):
        return ""
    if code == _SOFT_HYPHEN:
        return "-"
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        return _REPLACEMENT
    return f"<U+{code:04X}>"
