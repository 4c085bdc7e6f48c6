"""How the passages of a search are read: strategies, and the router that picks one."""

from assistant.session.reading.router import Choice, Router
from assistant.session.reading.strategies import Strategy, strategy_named
from assistant.types import STRATEGIES

__all__ = ["STRATEGIES", "Choice", "Router", "Strategy", "strategy_named"]
