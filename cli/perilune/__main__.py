"""`python -m perilune`: the command line without an installed script."""

import sys

from perilune.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
