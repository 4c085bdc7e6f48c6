"""Check that the installed llama.cpp runs on any laptop: `python -m assistant.engine.build_check`.

Ends with status 0 if so; else says why and ends with 1. Run after an installation, since
pip may have taken a build from its cache that was made for another machine.
"""

from __future__ import annotations

import sys

from assistant.engine.cpu_features import cpu_report, not_portable


def main() -> int:
    """Print a complaint and return 1, or return 0."""
    report = cpu_report()
    if report.problem:
        complaint = f"llama.cpp does not run here: {report.problem}."
    elif odd := not_portable(report.llama_features):
        complaint = f"llama.cpp was built for one kind of processor ({', '.join(odd)})."
    elif report.missing:
        complaint = f"This processor lacks what llama.cpp needs: {', '.join(report.missing)}."
    else:
        return 0
    sys.stderr.write(complaint + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
