"""Many runs of programs: each in a process of its own, several at a time, here or on a cluster, with a store of results.

`run.py` says what a run is, `running.py` runs them all, `store.py` keeps what came of them.
"""
