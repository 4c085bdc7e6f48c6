"""Merging an adapter into its base, in 16 bits."""

from convert.merge.merge_weights import MergeResult, run_merge
from convert.merge.settings import MergeSettings

__all__ = ["MergeResult", "MergeSettings", "run_merge"]
