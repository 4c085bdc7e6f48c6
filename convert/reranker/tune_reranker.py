"""Tune a cross-encoder to rank the right passage first among the search's hits.

Each question stands beside one right and several wrong passages, hard ones from the
laptop's own search; the loss is the cross-entropy of the softmax over their scores
("localized contrastive estimation", Gao et al. 2021). The result is refused unless the
laptop's order of held-out questions' hits gets better with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.engine.thread_count import threads_for
from assistant.errors import ModelError
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, quiet
from convert.embedder.hard_negatives import MinedQuestion, MiningSettings, mine
from convert.embedder.passage_library import laptop_embedder, passage_library
from convert.embedder.question_pairs import QuestionSet
from convert.embedder.trainer import LENGTH_STEP, TrainingMonitor, TrainingSetup, train
from convert.embedder.tune_embedder import columns, drawn, verdict
from convert.embedder.tuning_frame import MODEL_FOLDER, named_inputs, run_framed, write_figures
from convert.reranker.cross_encoder import check_bert, load_cross_encoder, write_cross_encoder
from convert.reranker.ranking_evaluation import (
    Candidates,
    MixedRanking,
    evaluate_ranking,
    search_held_out,
    without_reranker,
)
from convert.reranker.settings import RerankerSettings

STEP = "reranker tune"
_CERTAIN = 20.0
"""Label of the right passage: ListNet's target, the softmax of the labels, is then 1 for it
and 0 for the others (to 1e-8)."""
_BATCH = 20


def run_tune_reranker(
    settings: RerankerSettings,
    base: Path,
    embedder: Path,
    data: Sequence[Path],
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Tune the BERT in `base` on what a search with `embedder` brings up; return the figures.

    Writes `out/model` (weights, configuration, tokenizer, `tuning.json`) and `step.json`; a
    run that was stopped goes on, a finished one is not repeated. Raises `UsageError` for
    data that can't be used, `ModelError` for a base that can't, and if the order did not
    get better; `Cancelled`.
    """
    job = Job.of(progress, cancel)
    info = check_bert(base, settings.max_tokens)

    def make(temporary: Path, work: Path) -> dict[str, Any]:
        found = drawn(settings, data)
        mined, candidates = _search(found, settings, embedder, job)
        scratch = temporary / "base"
        scratch.mkdir()
        model = load_cross_encoder(info, settings.max_tokens, scratch)
        watch = TrainingMonitor(lambda: _judge(model, candidates).chosen_on, job)
        _train(model, found, mined, settings, watch, work)
        shutil.rmtree(scratch)
        best = _judge(model, candidates)
        before = without_reranker(candidates).reported
        figures = verdict(before, best.reported, settings, watch, len(mined))
        figures |= {"weight": best.weight, "max_tokens": settings.max_tokens}
        _write(model, base, temporary / MODEL_FOLDER, figures)
        return figures

    inputs = {"embedder": embedder, **named_inputs(base, data)}
    return run_framed(STEP, settings, inputs, out, make)


def _search(
    found: QuestionSet, settings: RerankerSettings, embedder: Path, job: Job
) -> tuple[list[MinedQuestion], list[Candidates]]:
    """Mine negatives for the train questions, and search the held-out ones."""
    mining = MiningSettings(settings.negatives, settings.depth, settings.margin)
    with (
        laptop_embedder(embedder, threads_for(settings.threads)) as laptop,
        passage_library(found.passages, laptop, job) as library,
    ):
        mined = mine(library, found, mining, job)
        return mined, search_held_out(library, found.held_out, job)


def _judge(model: Any, candidates: Sequence[Candidates]) -> MixedRanking:
    import torch

    def score(question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        given = model.predict(
            [(question, text) for text in texts],
            batch_size=_BATCH,
            activation_fn=torch.nn.Identity(),
            show_progress_bar=False,
        )
        return [float(value) for value in given]

    return evaluate_ranking(candidates, score)


def _train(
    model: Any,
    found: QuestionSet,
    mined: Sequence[MinedQuestion],
    settings: RerankerSettings,
    watch: TrainingMonitor,
    work: Path,
) -> None:
    from sentence_transformers.cross_encoder import (
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )
    from sentence_transformers.cross_encoder.losses import ListNetLoss

    model[0].processing_kwargs = {"text": {"pad_to_multiple_of": LENGTH_STEP}}
    rows = listwise(columns(found, mined, settings.negatives, settings.seed))
    training = TrainingSetup(
        CrossEncoderTrainer, CrossEncoderTrainingArguments, model, ListNetLoss(model), rows
    )
    train(training, settings, watch, work)


def listwise(table: dict[str, list[str]]) -> dict[str, list[Any]]:
    """Turn columns (anchor, positive, negatives) into lists with labels."""
    names = [name for name in table if name != "anchor"]
    documents = [
        [" ".join(text.split()) for text in row]
        for row in zip(*(table[n] for n in names), strict=True)
    ]
    labels = [[_CERTAIN] + [0.0] * (len(names) - 1) for _ in documents]
    return {"query": list(table["anchor"]), "docs": documents, "labels": labels}


def _write(model: Any, base: Path, folder: Path, figures: dict[str, Any]) -> None:
    """Write the tuned model and what is known of it."""
    folder.mkdir()
    for name, tensor in model.state_dict().items():
        if not tensor.isfinite().all():
            raise ModelError(f"The tuned weights of {name} are no numbers.")
    write_cross_encoder(model, base, folder)
    write_figures(folder, figures)
