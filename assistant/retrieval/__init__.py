"""Search over a library: dense and BM25, fused, with a calibrated relevance."""

from assistant.retrieval.hybrid_search import Query, Retriever
from assistant.retrieval.rank_fusion import FusionWeights
from assistant.retrieval.relevance import Calibration, Evidence, calibration_for

__all__ = [
    "Calibration",
    "Evidence",
    "FusionWeights",
    "Query",
    "Retriever",
    "calibration_for",
]
