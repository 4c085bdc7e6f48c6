"""Grids: the same questions asked of many documents, each document read whole."""
