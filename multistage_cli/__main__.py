"""`multistage` and `python -m multistage_cli`."""

from __future__ import annotations

import sys

from multistage_cli.cli import main as run


def main() -> None:
    """Run the program and exit with its code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
