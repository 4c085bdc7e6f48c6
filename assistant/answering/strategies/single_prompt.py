"""Put all passages into one prompt, so that the model can compare them.

A RAFT-tuned model was trained on prompts of this very shape.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from assistant.answering.confidence import QuoteEvidence, decide_answer
from assistant.answering.decide import chosen_place
from assistant.answering.model_output import follow, plain_answer
from assistant.answering.prompt_budget import PromptPlan
from assistant.answering.request import Quote, StrategyEvents, StrategyRequest, StrategyResult
from assistant.errors import Cancelled
from assistant.prompts import REFUSAL
from assistant.types import TOGETHER, Generated, Sampling


def read(request: StrategyRequest) -> StrategyEvents:
    """Ask once, as the model was tuned to answer: freely, or with a quote or nothing else."""
    request.cancel.raise_if_cancelled()
    plan = request.plan()
    quotes = request.quotes_only and plan.windows
    done = yield from (_quoted(request, plan) if quotes else _written(request, plan))
    return done


def _quoted(request: StrategyRequest, plan: PromptPlan) -> StrategyEvents:
    quoted = request.chat.quote(
        plan.prompt,
        [window.passage.text for window in plan.windows],
        REFUSAL,
        request.cancel,
        max_tokens=plan.max_answer_tokens,
    )
    found = StrategyResult(
        TOGETHER,
        written=REFUSAL,
        plan=plan,
        first_token_ms=request.elapsed(),
        cut_short=not quoted.complete,
    )
    if quoted.places:
        hits, scored = request.result.hits, request.scored
        place, window = chosen_place(quoted.places, plan.windows, hits, scored)
        evidence = QuoteEvidence(
            request.question, request.result, scored, quoted, place, window.passage.text
        )
        judged = decide_answer(evidence, request.chat.calibration)
        found = replace(found, evidence=evidence, confidence=judged.confidence)
        if not judged.refused:
            found = replace(found, quotes=(Quote(quoted.text, place),), written="")
    yield Generated(found.said)
    return found


def _written(request: StrategyRequest, plan: PromptPlan) -> StrategyEvents:
    profile = request.chat.profile
    sampling = Sampling(
        max_tokens=plan.max_answer_tokens,
        temperature=request.settings.temperature,
        stop=profile.stop,
        first_bias=request.chat.calibration.first_bias(REFUSAL),
    )
    found, raw, thought = StrategyResult(TOGETHER, plan=plan), "", ""
    try:
        with closing(request.chat.generate(plan.prompt, sampling, request.cancel)) as pieces:
            for so_far in follow(pieces):
                raw, thought = so_far.raw, so_far.thought
                found = replace(found, written=so_far.text, cut_short=so_far.looped)
                if so_far.piece:
                    first = found.first_token_ms or request.elapsed()
                    found = replace(found, first_token_ms=first)
                    yield Generated(so_far.piece)
                request.cancel.raise_if_cancelled()
    except Cancelled:
        found = replace(found, cancelled=True)
    ended = request.chat.count_tokens(raw) < plan.max_answer_tokens
    written, note = plain_answer(found.written, plan.asked)
    note += _thoughts(thought, bool(written.strip()))
    return replace(found, written=written, note=note, cut_short=found.cut_short or not ended)


def _thoughts(thought: str, answered: bool) -> str:
    """Say that a model thought aloud, and if nothing else came of it."""
    if not thought.strip():
        return ""
    came = "" if answered else " No answer came of it."
    return f" The model thought aloud ({len(thought.split())} words, not shown).{came}"
