"""A recipe: every step from data to a signed bundle in one TOML file."""

from convert.recipe.recipe import Recipe, read_recipe
from convert.recipe.running import STEPS, Outcome, run_recipe

__all__ = ["STEPS", "Outcome", "Recipe", "read_recipe", "run_recipe"]
