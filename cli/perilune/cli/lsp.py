"""`perilune lsp`: the language server, over standard input and output."""

from __future__ import annotations

import argparse


def main(arguments: list[str]) -> int:
    """Serves until the client says goodbye."""
    parser = argparse.ArgumentParser(
        prog="perilune lsp",
        description="Start the language server that editors talk to, over standard input and output.",
    )
    parser.add_argument("--stdio", action="store_true", help="what it does anyway; some editors pass it")
    parser.parse_args(arguments)
    from perilune.lsp.server import main as serve

    serve()
    return 0
