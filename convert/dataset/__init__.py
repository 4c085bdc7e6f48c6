"""The dataset step: from files of a person's own, or of public shape, to tuning samples."""
