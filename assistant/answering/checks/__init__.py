"""Checks of one sentence of an answer: what it says around its quotes, by rules and figures."""
