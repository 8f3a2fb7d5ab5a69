"""What the collector does not look at while one types is garbage nevertheless, and goes."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, gc, weakref
from perilune.lsp.pauses import Collector

class Tree:
    def __init__(self):
        self.itself = self

def replaced(collector):
    tree = Tree()
    collector.grown()
    return weakref.ref(tree)

collector = Collector(idle_seconds=0)
before = gc.get_threshold()
collector.grown()
assert gc.get_freeze_count() == 0, "nothing is done in a process that is no server"
gc.disable()
collector.begin()
assert gc.isenabled() and gc.get_freeze_count() > 0 and gc.get_threshold() != before

trees = [replaced(collector) for _ in range(3)]
gc.collect()
print(sum(tree() is not None for tree in trees), "out of sight")

async def idle():
    collector.busy()
    collector.busy()
    for _ in range(3):
        await asyncio.sleep(0)

asyncio.run(idle())
print(sum(tree() is not None for tree in trees), "after a moment without edits")

trees = [replaced(collector) for _ in range(100)]
print(sum(tree() is not None for tree in trees) < 20, "that few are left while one types on")
"""


def test_large_garbage_goes_when_the_editor_is_idle_or_there_is_much_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "3 out of sight",
        "0 after a moment without edits",
        "True that few are left while one types on",
    ]
