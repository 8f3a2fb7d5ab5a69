"""What all tests share."""

import signal

import pytest

# A shell starts background jobs with Ctrl-C ignored, nohup ignores the loss of the terminal, and what is ignored is
# inherited by every program started from here. The tests send those signals, so they begin as in a terminal.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL), ("SIGTERM", signal.SIG_DFL)):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)


_ASKED_FOR = {"slow": "takes minutes", "hosts": "records a host of Lua"}
"""Marks of tests that run only if the command line names them, and why."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long runs only if it is asked for."""
    for mark, why in _ASKED_FOR.items():
        if mark in str(config.option.markexpr):
            continue
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=f"{why}: pytest -m {mark}"))
