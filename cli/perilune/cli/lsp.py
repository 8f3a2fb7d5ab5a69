"""`perilune lsp`: the language server, over standard input and output."""

from __future__ import annotations

import argparse
import gc

from perilune.cli.errors import CommandError, describe


def main(arguments: list[str]) -> int:
    """Serves until the client says goodbye."""
    parser = argparse.ArgumentParser(
        prog="perilune lsp",
        description="Start the language server that editors talk to, over standard input and output.",
    )
    parser.add_argument("--stdio", action="store_true", help="what it does anyway; some editors pass it")
    parser.parse_args(arguments)
    gc.disable()  # while all is imported, which is a fifth of the time; the server enables it
    from perilune.lsp.server import main as serve

    try:
        serve()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"the client cannot be spoken with: {describe(error)}") from error
    return 0
