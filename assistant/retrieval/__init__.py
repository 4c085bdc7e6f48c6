"""Search over a library: dense and BM25 side by side, fused, with a calibrated relevance."""

from assistant.retrieval.fusion import FusionWeights
from assistant.retrieval.relevance import Calibration, Evidence, calibration_for
from assistant.retrieval.reranking import Reranker
from assistant.retrieval.search import Retriever

__all__ = ["Calibration", "Evidence", "FusionWeights", "Reranker", "Retriever", "calibration_for"]
