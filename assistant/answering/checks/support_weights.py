"""Constants that `python -m tests.bench.fit_support --write` writes; see there."""

INTERCEPT = -4.8776
COSINE = 4.5530
COVERAGE = 11.4894
THRESHOLD = 0.5822
PROVENANCE = "WiCE dev, 228 claims of 174 groups; 5% of the supported ones lie below the threshold"
