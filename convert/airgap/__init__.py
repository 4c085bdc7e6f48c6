"""The archive for machines without a network: made here, installed there with Python alone."""
