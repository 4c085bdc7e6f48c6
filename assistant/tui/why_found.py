"""Why a passage is shown: the scores of the search and of the reader, in words."""

from __future__ import annotations

from assistant.text.counted import counted
from assistant.tui.citation_numbers import Source
from assistant.types import Candidate, Scores


def why(scores: Scores | None) -> str:
    """Say on a line why a passage was found."""
    if scores is None:
        return "Cited by the answer; the search did not list it."
    parts = []
    if scores.dense is not None:
        parts.append(f"meaning: cosine {scores.dense:.3f}{_rank(scores.dense_rank)}")
    if scores.bm25 is not None:
        parts.append(f"words: BM25 {scores.bm25:.2f}{_rank(scores.bm25_rank)}")
    parts.append(f"fused {scores.fused:.4f}")
    return "Found by " + "; ".join(parts)


def _rank(rank: int | None) -> str:
    return f" (rank {rank})" if rank is not None else ""


def explained(source: Source, passages: int, weighed: tuple[Candidate, ...]) -> list[str]:
    """Explain, a sentence or two to each line, why a passage stands where it stands.

    `passages` are how many there are (0: not known), `weighed` the answers that the reader
    weighed, the likeliest first (empty without a reader).
    """
    of = f" of {passages}" if passages else ""
    lines = [f"Passage {source.number}{of}: {source.document}, {source.place}."]
    scores = source.scores
    if scores is None:
        return [*lines, "The answer cites it; the search did not list it."]
    lines.append(
        _by("Meaning", scores.dense_rank, f"cosine {scores.dense or 0:.3f}, 1 at most")
        if scores.dense is not None
        else "Meaning: others are nearer to the question."
    )
    lines.append(
        _by("Words", scores.bm25_rank, f"BM25 {scores.bm25:.2f}, where rare words count more")
        if scores.bm25 is not None
        else "Words: others share more with the question, or it shares none."
    )
    lines.append(f"Both ranks together: {scores.fused:.4f} (higher is better).")
    lines.extend(_read(source, weighed))
    quotes = counted(len(source.quotes), "quote")
    lines.append(f"The answer takes {quotes} from it." if source.quotes else "It is not quoted.")
    return lines


def _by(what: str, rank: int | None, score: str) -> str:
    place = f"number {rank} of all passages" if rank is not None else "found"
    return f"{what}: {place} ({score})."


def _read(source: Source, weighed: tuple[Candidate, ...]) -> list[str]:
    """Say what the reader found in the passage; nothing where none read."""
    if not weighed:
        return []
    own = [(n, one) for n, one in enumerate(weighed, 1) if one.passage == source.number - 1]
    if not own:
        return ["Reader: no words of it are among the likeliest answers."]
    number, best = own[0]
    words = " ".join(best.text.split())
    likely = f"{best.probability:.0%} likely"
    return [f"Reader: \u201c{words}\u201d is its answer {number} by likelihood ({likely})."]
