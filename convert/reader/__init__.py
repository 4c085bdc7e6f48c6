"""Readers: encoders that find the span that answers a question, or say that there is none."""
