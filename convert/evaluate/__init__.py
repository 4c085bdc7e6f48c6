"""Evaluation: the tuned GGUF through the laptop's own engine, its gate and its canaries."""
