"""Packing: the results of a recipe into one signed file that the laptop can trust."""
