"""A recipe: every step from data to a signed bundle in one TOML file."""

from convert.recipe.recipe_file import Recipe, read_recipe
from convert.recipe.recipe_runner import STEPS, Outcome, run_recipe

__all__ = ["STEPS", "Outcome", "Recipe", "read_recipe", "run_recipe"]
