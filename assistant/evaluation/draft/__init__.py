"""Draft a suite from a library: questions with their spans, made by rules from its text.

No model and no network: definitions, numbers and dates in sentences, headings, tables and
lists become questions; swapped names and absent topics become unanswerable ones. A person
reviews each before it is measured (`review`).
"""
