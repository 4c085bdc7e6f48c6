"""Arms: the ways of answering that an evaluation compares on the same questions.

An arm is named WHO or WHO+HOW: who answers, and what is different from `assistant ask`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.config import NO_CHAT_MODEL
from assistant.errors import UsageError
from assistant.types.strategies import STRATEGIES, TOGETHER, WITHDRAWN

CURRENT, RETRIEVAL, BASE, TUNED = "current", "retrieval", "base", "tuned"
CLOSED, SHOTS = "closed", "shots"
FOR_ADVICE = (
    RETRIEVAL,
    f"{BASE}+{CLOSED}",
    BASE,
    f"{BASE}+{SHOTS}",
    f"{TUNED}+{CLOSED}",
    TUNED,
)
"""All that `assistant advise` compares; the last two only if a tuned model is in use."""

_MOST = 12
_HOW = (
    "An arm is WHO or WHO+HOW. WHO: retrieval, current, base, tuned, model:NAME, adapter:NAME "
    f"(names: assistant models list). HOW: {CLOSED}, {SHOTS}, {', '.join(STRATEGIES)}."
)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A chat model on this machine; `base` is "" for one that is no adapter.

    `tuned`: it is an adapter, or was tuned with this program's prompts.
    """

    name: str
    base: str
    sha256: str
    active: bool
    tuned: bool = False


@dataclass(frozen=True, slots=True)
class Arm:
    """A way of answering: its name, and the chat model (`NO_CHAT_MODEL`: none is used).

    `chat_model` is "" for whatever the settings name. `sha256` is that of the model, or of
    the adapter over the model with `base_sha256`; "" if there is none. `closed`: it is shown
    no passages, to see what the model knows by itself; such an answer is measured and never
    shown. `shots`: examples stand in its prompt. `strategy` is a reading strategy ("": as set
    up).
    """

    name: str
    chat_model: str
    sha256: str
    base_sha256: str = ""
    closed: bool = False
    shots: bool = False
    strategy: str = ""
    tuned: bool = False


def arms_named(names: Sequence[str], installed: Sequence[InstalledModel]) -> tuple[Arm, ...]:
    """Return the arms that a person named, in that order.

    Raises `UsageError` for one that there is not, and for two that are the same.
    """
    arms = tuple(_arm(name, installed) for name in names)
    if len(arms) > _MOST:
        raise UsageError(f"{len(arms)} arms are too many.", hint=f"{_MOST} are the most.")
    chosen = [arm.name for arm in arms]
    for name in chosen:
        if chosen.count(name) > 1:
            raise UsageError(f"The arm '{name}' is named twice.", hint="Leave one out.")
    return arms


def names_for_advice(installed: Sequence[InstalledModel]) -> tuple[str, ...]:
    """Return what `FOR_ADVICE` holds and can be measured with the model in use."""
    active = _active(installed)
    if active is None:
        return (RETRIEVAL,)
    if active.tuned and active.base:
        return FOR_ADVICE
    if active.tuned:
        return (RETRIEVAL, f"{TUNED}+{CLOSED}", TUNED)
    return tuple(name for name in FOR_ADVICE if not name.startswith(TUNED))


def _arm(name: str, installed: Sequence[InstalledModel]) -> Arm:
    who, *hows = name.split("+")
    arm = _who(name, who, installed)
    for how in hows:
        arm = _with(arm, how)
    if arm.closed and (arm.shots or arm.strategy):
        raise UsageError(
            f"'{name[:80]}' can't be: without passages nothing is read.", hint="Leave one out."
        )
    if hows and arm.chat_model == NO_CHAT_MODEL:
        raise UsageError(f"'{RETRIEVAL}' uses no model, so nothing can be added to it.", hint=_HOW)
    asks_model = arm.shots or who not in (CURRENT, RETRIEVAL)
    if asks_model and not (arm.closed or arm.strategy):
        return replace(arm, strategy=TOGETHER)  # else the reader would answer in its place
    return arm


def _with(arm: Arm, how: str) -> Arm:
    if how == CLOSED and not arm.closed:
        return replace(arm, closed=True)
    if how == SHOTS and not arm.shots:
        return replace(arm, shots=True)
    if how in STRATEGIES and not arm.strategy:
        return replace(arm, strategy=how)
    raise UsageError(f"There is no arm '{arm.name[:80]}'.", hint=WITHDRAWN.get(how, _HOW))


def _who(name: str, who: str, installed: Sequence[InstalledModel]) -> Arm:
    kind, _, wanted = who.partition(":")
    if who in (CURRENT, BASE, TUNED):
        return _in_use(name, who, installed)
    if who == RETRIEVAL:
        return Arm(name, NO_CHAT_MODEL, "")
    if kind == "model" and wanted:
        return _model(name, wanted, installed)
    if kind == "adapter" and wanted:
        arm = _model(name, wanted, installed)
        if not arm.base_sha256:
            raise UsageError(f"'{wanted}' is no adapter.", hint=f"Use: --arm model:{wanted}")
        return arm
    raise UsageError(f"There is no arm '{name[:80]}'.", hint=_HOW)


def _in_use(name: str, who: str, installed: Sequence[InstalledModel]) -> Arm:
    active = _active(installed)
    if active is None:
        if who == CURRENT:
            return Arm(name, "", "")
        raise UsageError(f"There is no chat model in use, so no '{who}'.", hint=_HOW)
    if who == BASE:
        return _model(name, active.base or active.name, installed)
    if who == TUNED and not active.tuned:
        raise UsageError(
            f"The model in use, {active.name[:80]}, was not tuned.",
            hint="Choose a tuned one (assistant models use NAME), or name it: adapter:NAME.",
        )
    return Arm(name, "", *_hashes(active, installed), tuned=active.tuned)


def _active(installed: Sequence[InstalledModel]) -> InstalledModel | None:
    return next((model for model in installed if model.active), None)


def _model(arm: str, name: str, installed: Sequence[InstalledModel]) -> Arm:
    found = next((model for model in installed if model.name == name), None)
    if found is None:
        known = ", ".join(model.name for model in installed) or "none"
        raise UsageError(
            f"No chat model named '{name[:80]}' is installed.", hint=f"Installed: {known}."
        )
    return Arm(arm, found.name, *_hashes(found, installed), tuned=found.tuned)


def _hashes(model: InstalledModel, installed: Sequence[InstalledModel]) -> tuple[str, str]:
    base = next((other.sha256 for other in installed if other.name == model.base), "")
    return model.sha256, base
