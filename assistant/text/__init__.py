"""Texts in English, made comparable: their words, and the signs that look alike."""
