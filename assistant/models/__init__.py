"""Models on this machine: catalogue, checks of foreign files, installing, records."""
