"""English words that say nothing about what a question is about.

Short on purpose: BM25 weighs frequent words down by itself, so the list only needs what
questions are phrased with. Left out are words that mean something to a clinic or a court
("may", "will", "can", "not", "no", "without", "before", "after", "under").
"""

from __future__ import annotations

_LIST = """
    a about am an and any are as at be been being but by could did do does doing done for from
    had has have having he her hers him his how i if in into is it its me my of on or our ours
    shall she should so some such than that the their theirs them then there these they this
    those to too was we were what when where which while who whom whose why with would you
    your yours
"""

STOP_WORDS = frozenset(_LIST.split())

OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR"})
"""What people type who know search engines; in a question of words it carries no meaning."""
