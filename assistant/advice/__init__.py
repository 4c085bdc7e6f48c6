"""Whether retrieval, tuning or both serve a user, from measurements: see `docs/advise.md`."""
