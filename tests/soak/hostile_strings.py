"""Random strings that are made to do something to a terminal, or to the eye."""

from __future__ import annotations

import random

ATOMS = (
    "\x1b]52;c;UE9JU09O\x07",
    "\x1b]52;p;?\x1b\\",
    "\x1b]0;title\x07",
    "\x1b]2;title\x9c",
    "\x1b]8;;http://x\x07",
    "\x1b]4;1;?\x07",
    "\x1b]1337;File=:x\x07",
    "\x1b]777;notify;a;b\x07",
    "\x1b[31337m",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[>c",
    "\x1b[5i",
    "\x1b[?1049h",
    "\x1b[2J",
    "\x1b[3J",
    "\x1b[21t",
    "\x1b[>q",
    "\x1bc",
    "\x1b#8",
    "\x1bZ",
    "\x1bP+q544e\x1b\\",
    "\x1bP$qm\x1b\\",
    "\x1bPq#0!5~\x1b\\",
    "\x1b_Gf=32;AAAA\x1b\\",
    "\x1b^pm\x1b\\",
    "\x1bXsos\x1b\\",
    "\x1b]",
    "\x1b[",
    "\x1bP",
    "\x1b_",
    "\x1b^",
    "\x1b",
    "\x1b\x1b",
    "\x1b\\",
    "\x07",
    "\x9c",
    "52;c;QUJD",
    "0;t",
    "6n",
    "31337m",
    "\x9b31337m",
    "\x9d52;c;UE9J\x9c",
    "\x90q\x9c",
    "\x9f_\x9c",
    "\x9e^\x9c",
    "\x98",
    "\x84",
    "\x85",
    "\x8d",
    "\x05",
    "\x0e",
    "\x0f",
    "\x00",
    "\x08",
    "\x7f",
    "\r",
    "\x0b",
    "\x0c",
    "\n",
    "\t",
    "\u202e",
    "\u202d",
    "\u2066",
    "\u2067",
    "\u2069",
    "\u200b",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2060",
    "\ufeff",
    "\u061c",
    "\u00ad",
    "\u2028",
    "\u2029",
    "\ufe0f",
    "\u3164",
    "\U000e0041",
    "\U000e0100",
    "\ud83d",
    "\ude00",
    "\ud800",
    "\udfff",
    "\udc9b",
    "\udc1b",
    "\ufffe",
    "\U0001fffe",
    "[bold]",
    "[/]",
    "[red on blue]",
    "[@click=app.quit]x[/]",
    "[link=http://x]",
    "$primary",
    "\\[",
    "**b**",
    "<b>",
    "\x1b[1;1H",
    "\u6f22",
    "\U0001f600",
    "e\u0301",
    "a",
    "b ",
    "%s",
    "{0}",
)


def hostile(rng: random.Random) -> str:
    """Return one string of atoms, parts of atoms and random characters."""
    parts: list[str] = []
    for _ in range(rng.randint(1, 5)):
        kind = rng.randrange(8)
        atom = rng.choice(ATOMS)
        if kind == 0:
            atom = atom[: rng.randint(0, len(atom))]
        elif kind == 1:
            atom = chr(
                rng.choice(
                    (rng.randrange(0x20), rng.randrange(0x7F, 0xA0), rng.randrange(0x110000))
                )
            )
        elif kind == 2:
            atom = "".join(map(chr, (rng.randrange(0x2000, 0x2100), rng.randrange(0x100))))
        parts.append(atom)
    return "".join(parts)


def pieces(rng: random.Random, text: str) -> list[str]:
    """Cut a text at random places, as a model's stream is cut."""
    cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randint(1, 4)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
