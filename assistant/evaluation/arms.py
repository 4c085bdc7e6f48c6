"""Arms: the ways of answering that are compared on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.config import NO_CHAT_MODEL
from assistant.errors import UsageError

CURRENT, RETRIEVAL, BASE = "current", "retrieval", "base"
_MOST = 12
_HOW = (
    "An arm is one of: current, retrieval, base, model:NAME, adapter:NAME "
    "(names: assistant models list)."
)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A chat model on this machine; `base` is "" for one that is no adapter."""

    name: str
    base: str
    sha256: str
    active: bool


@dataclass(frozen=True, slots=True)
class Arm:
    """A way of answering: its name, and the chat model (`NO_CHAT_MODEL`: none is used).

    `chat_model` is "" for whatever the settings name. `sha256` is that of the model, or of
    the adapter over the model with `base_sha256`; "" if there is none.
    """

    name: str
    chat_model: str
    sha256: str
    base_sha256: str = ""


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


def _arm(name: str, installed: Sequence[InstalledModel]) -> Arm:
    active = next((model for model in installed if model.active), None)
    kind, _, wanted = name.partition(":")
    if name == RETRIEVAL:
        return Arm(name, NO_CHAT_MODEL, "")
    if name == CURRENT:
        return Arm(name, "", *_hashes(active, installed)) if active else Arm(name, "", "")
    if name == BASE:
        if active is None:
            raise UsageError("There is no chat model in use, so no base.", hint=_HOW)
        return _model(name, active.base or active.name, installed)
    if kind == "model" and wanted:
        return _model(name, wanted, installed)
    if kind == "adapter" and wanted:
        arm = _model(name, wanted, installed)
        if not arm.base_sha256:
            raise UsageError(f"'{wanted}' is no adapter.", hint=f"Use: --arm model:{wanted}")
        return arm
    raise UsageError(f"There is no arm '{name[:80]}'.", hint=_HOW)


def _model(arm: str, name: str, installed: Sequence[InstalledModel]) -> Arm:
    found = next((model for model in installed if model.name == name), None)
    if found is None:
        known = ", ".join(model.name for model in installed) or "none"
        raise UsageError(
            f"No chat model named '{name[:80]}' is installed.", hint=f"Installed: {known}."
        )
    return Arm(arm, found.name, *_hashes(found, installed))


def _hashes(model: InstalledModel, installed: Sequence[InstalledModel]) -> tuple[str, str]:
    base = next((other.sha256 for other in installed if other.name == model.base), "")
    return model.sha256, base
