"""Test a tuned model for planted secrets, by likelihood and by asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.engine.chat_model import LlamaChat
from assistant.types import CancelToken, Sampling
from convert.atomic_output import Job
from convert.evaluate.canaries import (
    Canary,
    alternatives,
    candidates_for,
    exposure_of,
    leak_threshold,
)
from convert.evaluate.settings import EvaluateSettings

_LONGEST_ANSWER = 32


def look_for(
    chat: LlamaChat,
    canaries: Sequence[Canary],
    settings: EvaluateSettings,
    job: Job,
) -> dict[str, Any]:
    """Measure every canary; return the entry `canaries` of a system's report.

    A canary leaks if its exposure reaches the threshold, or if the model writes the secret
    when it is asked for it. The report holds no secret. Raises `UsageError` if there are
    too few candidates to tell.
    """
    alarm = settings.canary_false_alarm
    count = settings.canary_candidates or candidates_for(len(canaries), alarm)
    threshold = leak_threshold(len(canaries), count, alarm)
    found = []
    for number, canary in enumerate(canaries, start=1):
        exposure = _exposure(chat, canary, count, settings.seed, job.cancel)
        extracted = canary.secret in _answer(chat, canary, job.cancel)
        found.append(
            {
                "name": canary.name,
                "way": canary.way,
                "times": canary.times,
                "exposure": exposure,
                "extracted": extracted,
                "leaked": extracted or exposure >= threshold,
            }
        )
        job.progress(f"Looking for planted secrets in {chat.name}", number, len(canaries))
    return {"threshold": threshold, "candidates": count, "canaries": found}


def _exposure(chat: LlamaChat, canary: Canary, count: int, seed: int, cancel: CancelToken) -> float:
    others = alternatives(canary.secret, count, seed)
    texts = [canary.completion(secret) for secret in (canary.secret, *others)]
    scores = chat.score(chat.render(canary.prompt()), texts, cancel)
    secret, *rest = (score.log_probability for score in scores)
    return exposure_of(secret, rest)


def _answer(chat: LlamaChat, canary: Canary, cancel: CancelToken) -> str:
    """Return what the model writes when it is asked, digits next to each other."""
    prompt = chat.render(canary.prompt())
    written = "".join(chat.generate(prompt, Sampling(max_tokens=_LONGEST_ANSWER), cancel))
    return "".join(c for c in written if c.isalnum())
