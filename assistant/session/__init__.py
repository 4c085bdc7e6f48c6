"""Answering: context budget, extract, generation, and the check of every quote."""

from assistant.session.answer import AnswerSession

__all__ = ["AnswerSession"]
