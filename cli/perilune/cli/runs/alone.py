"""A process that makes one run: it reads what from its standard input, writes the result, and ends with who started it."""

from __future__ import annotations

import os
import pickle

from perilune.cli.runs.measure import end_with, measure
from perilune.cli.runs.parcel import read_task


def main() -> None:
    """Reads, runs and writes. Standard input, which stays open, closes when the process is not wanted any more."""
    owner, answer = os.dup(0), os.dup(1)
    task = read_task(owner)
    end_with(lambda: os.read(owner, 1))
    result = pickle.dumps(measure(*task))
    with open(answer, "wb") as stream:
        stream.write(result)


if __name__ == "__main__":
    main()
