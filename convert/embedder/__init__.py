"""Embedders: tuning one on a user's own questions, and converting it for the laptop."""
