"""Read a recipe: one table for each step, each checked by the step's own settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, get_type_hints

from assistant.errors import UsageError
from assistant.strict_reader import Meta
from convert.bundle.settings import BundleSettings
from convert.dataset.settings import DatasetSettings
from convert.evaluate.settings import EvaluateSettings
from convert.export.settings import AdapterSettings, ExportSettings
from convert.merge.settings import MergeSettings
from convert.settings import Seed, Settings, read_tables
from convert.train.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class BaseSettings(Settings):
    """The table [base]: what is tuned."""

    TABLE: ClassVar[str] = "base"

    source: Path = Path()
    """A folder in Hugging Face's layout, or a GGUF file (which is unpacked first)."""

    laptop: Path | None = None
    """The GGUF that the laptop has: an adapter is verified and evaluated over it. Without
    it, `source` if that is a GGUF, else a GGUF that is made of the base."""

    converter_sdist: Path | None = None
    """Source archive of llama-cpp-python, for a workstation without a package index."""


@dataclass(frozen=True, slots=True)
class CanarySettings(Settings):
    """The table [canaries]: made-up secrets, planted to measure what is remembered."""

    TABLE: ClassVar[str] = "canaries"

    count: Annotated[int, Meta(ge=0, le=16)] = 0
    """How many are planted; 0: none, and the data are used as they are."""

    times: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How often each of them."""

    seed: Seed = 0
    """Chooses the secrets."""


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
    tables = read_tables(path)
    kinds = {name: kind for name, kind in get_type_hints(Recipe).items() if name != "path"}
    for name in tables:
        if name not in kinds:
            raise UsageError(
                f"{path}: unknown table [{name}].", hint=f"Known: {', '.join(sorted(kinds))}."
            )
    made = {name: kind.from_table(tables.get(name, {}), folder) for name, kind in kinds.items()}
    recipe = Recipe(path, **made)
    if recipe.base.source == Path():
        raise UsageError(f"{path}: [base] 'source' is missing: a model's folder or GGUF file.")
    return recipe
