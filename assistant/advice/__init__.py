"""Advice: retrieval, tuning, both or neither yet, from a measured run and a few questions.

Nothing is imported here: `evidence` needs numpy, which starts threads, and the lockdown wants
none before it.
"""
