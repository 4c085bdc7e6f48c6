"""Settings of an evaluation: the table [evaluate] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from assistant.strict_reader import Meta
from convert.settings import PathText, Positive, Seed, Settings, Share

Way = Literal["whole", "served"]
Most = Annotated[int, Meta(ge=0, le=1_000_000, description="a whole number up to 1,000,000")]

WAYS: tuple[Way, ...] = ("whole", "served")
"""`whole`: the gold paragraph uncut among the negatives, shuffled; `served`: as many
passages as the laptop takes, in the retriever's order, cut to the laptop's windows."""


@dataclass(frozen=True, slots=True)
class EvaluateSettings(Settings):
    """The questions to ask, and the demands of the release gate."""

    TABLE: ClassVar[str] = "evaluate"

    squad: tuple[PathText, ...] = ()
    """Held-out files in the shape of SQuAD 1.1 or 2 (.json or .json.gz)."""

    cuad: PathText = ""
    """CUAD's JSON file (texts beside it, or in `txt/`); "" for none."""

    pubmedqa: PathText = ""
    """PubMedQA's JSON file; what the dataset trains on is not asked about. "" for none."""

    pubmedqa_ratio: Share = 0.15
    """Without a dataset: the share of abstracts that was held out when it was made."""

    pubmedqa_seed: Seed = 1
    """Without a dataset: its seed."""

    ways: Annotated[tuple[Way, ...], Meta(min_length=1)] = WAYS
    """How passages are shown: "whole", "served", or both."""

    count: Most = 200
    """Answerable and unanswerable questions of each set (so many of each); 0 is all."""

    negatives: Annotated[int, Meta(ge=0, le=31)] = 3
    """Hard negatives beside the gold paragraph where passages are shown whole."""

    shots: Annotated[int, Meta(ge=0, le=16)] = 5
    """Examples in the prompt of the base's second try; 0 leaves it out."""

    seed: Seed = 0
    """Decides which questions are asked and in which order passages stand."""

    context_length: Annotated[int, Meta(ge=512, le=1 << 17)] = 8192
    """Context of the models in tokens: five examples need more than the laptop's 2,048. At
    most what a model was trained for."""

    threads: Annotated[int, Meta(ge=0, le=512)] = 0
    """Threads of the model; 0 is one for each physical core."""

    agreement_tokens: Annotated[int, Meta(ge=16, le=1_000_000)] = 2000
    """Greedy tokens over which the F16 GGUF is compared with the merged weights."""

    min_agreement: Share = 0.99
    """Least share of those tokens on which both agree."""

    max_perplexity_gap: Share = 0.02
    """Greatest relative difference of perplexity between F16 GGUF and merged weights."""

    min_questions: Positive = 20
    """Fewest questions of a set that allow a verdict."""

    max_false_refusals: Share = 0.35
    """Greatest share of answerable questions that the tuned model may refuse."""

    max_refusals_lost: Share = 0.05
    """How far refusals of unanswerable questions may fall below the base's."""

    min_verified: Share = 0.9
    """Least share of the tuned model's answers (but refusals) that are quotes of a passage."""

    max_looped: Share = 0.02
    """Greatest share of answers that run in circles (or the base's share, if greater)."""

    canary_candidates: Most = 0
    """Random alternatives among which a planted secret is ranked; 0 is as many as needed."""

    canary_false_alarm: Annotated[float, Meta(ge=1e-6, le=1.0)] = 0.02
    """How often a model that remembers no secret may be called leaky."""
