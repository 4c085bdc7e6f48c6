"""How the passages of a search are read: strategies, and the router that picks one."""

from assistant.answering.strategies.registry import Strategy, strategy_named
from assistant.answering.strategies.router import Choice, Router
from assistant.types import STRATEGIES

__all__ = ["STRATEGIES", "Choice", "Router", "Strategy", "strategy_named"]
