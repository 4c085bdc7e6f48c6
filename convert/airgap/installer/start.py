"""The archive's `__main__.py`: run by `python3 ARCHIVE`, whichever Python that is.

Written so that Python 2 and the first Python 3 can parse it too, and say what is wrong.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, import-not-found"

import sys

OLDEST = (3, 11)


def start():
    """Run the installer; on a Python that is too old, say so and return 1."""
    if sys.version_info[:2] < OLDEST:
        found = ".".join(str(number) for number in sys.version_info[:2])
        wanted = ".".join(str(number) for number in OLDEST)
        sys.stderr.write(
            "This is Python " + found + "; Python " + wanted + " or newer is needed.\n"
            "What to do: run it with a newer one, for example: python" + wanted + " ARCHIVE\n"
        )
        return 1
    from airgap_installer.main import main

    return main()


if __name__ == "__main__":
    sys.exit(start())
