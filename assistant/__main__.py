"""`python -m assistant` is the `assistant` command."""

import sys

try:
    from assistant.cli.main import main
except KeyboardInterrupt:
    sys.exit(130)

if __name__ == "__main__":
    main()
