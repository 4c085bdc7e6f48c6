"""Reading a recipe: one table for each step, each checked by the step's own settings."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import UsageError
from convert.bundle.settings import BundleSettings
from convert.dataset.settings import DatasetSettings
from convert.evaluate.settings import EvaluateSettings
from convert.export.settings import AdapterSettings, ExportSettings
from convert.merge.settings import MergeSettings
from convert.train.settings import TrainSettings

_LONGEST = 1 << 20
_Settings = TypeVar("_Settings")


@dataclass(frozen=True, slots=True)
class BaseSettings:
    """The table [base]: what is tuned."""

    source: Path = Path()
    """A folder in Hugging Face's layout, or a GGUF file (which is unpacked first)."""

    laptop: Path | None = None
    """The GGUF that the laptop has: an adapter is verified and evaluated over it. Without
    it, `source` if that is a GGUF, else a GGUF that is made of the base."""

    converter_sdist: Path | None = None
    """Source archive of llama-cpp-python, for a workstation without a package index."""


@dataclass(frozen=True, slots=True)
class CanarySettings:
    """The table [canaries]: made-up secrets, planted to measure what is remembered."""

    count: int = 0
    """How many are planted; 0: none, and the data are used as they are."""

    times: int = 1
    """How often each of them."""

    seed: int = 0
    """Chooses the secrets."""

    def __post_init__(self) -> None:
        if not 0 <= self.count <= 16 or not 1 <= self.times <= 1000:
            raise UsageError("[canaries] 'count' must be from 0 to 16, 'times' from 1 to 1000.")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of a run. `bundle` is made if it names a key."""

    path: Path
    base: BaseSettings
    dataset: DatasetSettings
    canaries: CanarySettings
    train: TrainSettings
    merge: MergeSettings
    export: ExportSettings
    adapter: AdapterSettings
    evaluate: EvaluateSettings
    bundle: BundleSettings


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; relative paths in it are taken from its own folder.

    Raises `UsageError` naming table and key for what is unknown or unusable.
    """
    folder = path.absolute().parent
    tables = _tables(path)
    known = {field.name for field in fields(Recipe)} - {"path"}
    unknown = sorted(tables.keys() - known)
    if unknown:
        raise UsageError(
            f"{path}: unknown table [{unknown[0]}].", hint=f"Known: {', '.join(sorted(known))}."
        )
    get: Callable[[str], dict[str, Any]] = lambda name: tables.get(name, {})  # noqa: E731
    recipe = Recipe(
        path=path,
        base=_base(get("base"), folder),
        dataset=DatasetSettings.from_table(get("dataset"), folder),
        canaries=_plain(CanarySettings, "canaries", get("canaries")),
        train=_train(get("train"), folder),
        merge=_plain(MergeSettings, "merge", get("merge")),
        export=_plain(ExportSettings, "export", get("export")),
        adapter=_plain(AdapterSettings, "adapter", get("adapter")),
        evaluate=_evaluate(get("evaluate"), folder),
        bundle=_bundle(get("bundle"), folder),
    )
    if recipe.base.source == Path():
        raise UsageError(f"{path}: [base] 'source' is missing: a model's folder or GGUF file.")
    return recipe


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    try:
        with path.open("rb") as file:
            found = tomllib.loads(file.read(_LONGEST).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}.") from error
    for name, table in found.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: '{name}' stands outside of a table.")
    return found


def _base(table: Mapping[str, Any], folder: Path) -> BaseSettings:
    for key, value in table.items():
        if not isinstance(value, str) or not value:
            raise UsageError(f"[base] '{key}' must be a path.")
    return _plain(BaseSettings, "base", {k: _from(folder, v) for k, v in table.items()})


def _train(table: Mapping[str, Any], folder: Path) -> TrainSettings:
    settings = TrainSettings.from_table(table)
    start = str(_from(folder, settings.start)) if settings.start else ""
    return replace(settings, start=start)


def _evaluate(table: Mapping[str, Any], folder: Path) -> EvaluateSettings:
    settings = EvaluateSettings.from_table(dict(table))
    return replace(
        settings,
        squad=tuple(str(_from(folder, name)) for name in settings.squad),
        cuad=str(_from(folder, settings.cuad)) if settings.cuad else "",
        pubmedqa=str(_from(folder, settings.pubmedqa)) if settings.pubmedqa else "",
    )


def _bundle(table: Mapping[str, Any], folder: Path) -> BundleSettings:
    settings = BundleSettings.from_table(table)
    return replace(
        settings,
        key=str(_from(folder, settings.key)) if settings.key else "",
        licences=tuple(str(_from(folder, name)) for name in settings.licences),
    )


def _plain(kind: type[_Settings], name: str, table: Mapping[str, Any]) -> _Settings:
    """Make settings whose values need no conversion. Raises `UsageError`."""
    known = sorted(field.name for field in fields(kind))  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise UsageError(
                f"[{name}] has an unknown key '{key}'.", hint=f"Known are: {', '.join(known)}."
            )
    try:
        return kind(**table)
    except TypeError as error:
        raise UsageError(f"[{name}]: {error}.") from error


def _from(folder: Path, name: str) -> Path:
    return folder / Path(name).expanduser()
