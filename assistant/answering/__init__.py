"""Answering: context budget, extract, generation, and the check of every quote."""

from assistant.answering.pipeline import AnswerSession

__all__ = ["AnswerSession"]
