"""English stop words.

Chosen from Snowball's English list (Porter, snowballstem.org/algorithms/english/stop.txt), with
those added that only ask ("please", "shall", "tell"). "above", "below", "against" and "between"
are left out: clauses and doses turn on them.
"""

from __future__ import annotations

QUESTION_WORDS = frozenset(
    """
    a about am an and any are as at be been being but by could did do does doing done for from
    had has have having he her hers him his how i if in into is it its me my of on or our ours
    shall she should so some such than that the their theirs them then there these they this
    those to too was we were what when where which while who whom whose why with would you
    your yours
    """.split()
)
"""What questions are phrased with: a search leaves out no more than these.

BM25 weighs frequent words down by itself, and the other stop words can be what is looked for in
a clinic or a court ("will", "can", "not", "no", "before", "after", "under").
"""

STOP_WORDS = QUESTION_WORDS | frozenset(
    """
    after again all also because before both can down during each few further here itself just
    let more most no nor not off once only other out over own please same tell through under
    until up us very will
    """.split()
)
"""All stop words: what a text is said to cover, or a claim to add, is counted without them."""
