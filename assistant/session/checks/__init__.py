"""Checks of one sentence of an answer: what it says around its quotes, by rules and figures."""

from assistant.session.checks.around import Claim, flaws_around, spliced
from assistant.session.checks.context import Context
from assistant.session.checks.support import Similarity, embedder_similarity, unlike

__all__ = [
    "Claim",
    "Context",
    "Similarity",
    "embedder_similarity",
    "flaws_around",
    "spliced",
    "unlike",
]
