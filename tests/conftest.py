"""What all tests share."""

import signal

# A shell starts background jobs with Ctrl-C ignored, and what is ignored is inherited by every program started from here.
# The tests send that signal, so they begin as in a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
