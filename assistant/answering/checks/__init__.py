"""Checks of one sentence of an answer: what it says around its quotes, by rules and figures."""

from assistant.answering.checks.claim_checks import Claim, flaws_around, spliced
from assistant.answering.checks.sentence_context import Context
from assistant.answering.checks.support import Similarity, embedder_similarity, unlike

__all__ = [
    "Claim",
    "Context",
    "Similarity",
    "embedder_similarity",
    "flaws_around",
    "spliced",
    "unlike",
]
