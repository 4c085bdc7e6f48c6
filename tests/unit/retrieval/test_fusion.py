from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.rank_fusion import FusionWeights, fuse

ranked = st.lists(
    st.tuples(st.integers(1, 30), st.floats(-1, 9)), max_size=30, unique_by=lambda e: e[0]
)


def test_scores_and_ranks_of_each_source_are_kept() -> None:
    fused = dict(fuse([(7, 0.9), (8, 0.5)], [(8, 4.0)], FusionWeights(k=10, dense=0.5, bm25=0.5)))
    assert (fused[7].dense, fused[7].dense_rank, fused[7].bm25_rank) == (0.9, 1, None)
    assert (fused[8].dense_rank, fused[8].bm25, fused[8].bm25_rank) == (2, 4.0, 1)
    assert fused[8].fused == 0.5 / 12 + 0.5 / 11


@given(ranked, ranked)
def test_each_id_once_best_first_and_both_beats_one(dense: list, bm25: list) -> None:  # type: ignore[type-arg]
    fused = fuse(dense, bm25, FusionWeights())
    ids = [i for i, _ in fused]
    assert sorted(ids) == sorted({i for i, _ in dense} | {i for i, _ in bm25})
    scores = [s.fused for _, s in fused]
    assert scores == sorted(scores, reverse=True)
    assert fuse(dense, bm25, FusionWeights()) == fused
    if dense and bm25 and dense[0][0] == bm25[0][0]:
        assert ids[0] == dense[0][0]


def test_a_weight_of_zero_leaves_the_other_source() -> None:
    fused = fuse([(1, 0.9), (2, 0.8)], [(2, 9.0), (1, 1.0)], FusionWeights(dense=1.0, bm25=0.0))
    assert [i for i, _ in fused] == [1, 2]
