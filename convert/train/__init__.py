"""Tuning a base with LoRA: the `train` step."""
