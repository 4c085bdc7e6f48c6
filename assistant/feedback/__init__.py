"""What a person says about answers, and what comes of it: see `docs/feedback.md`."""
