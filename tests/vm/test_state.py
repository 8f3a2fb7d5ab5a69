"""The machine from Python: running, errors, arguments, compiling for `load`, stopping, memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

import perilune.vm
from interruption import interrupting
from perilune.compiler import chunks
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.proto import Proto, dump
from perilune.vm import LuaError, State


@pytest.fixture
def state() -> Iterator[State]:
    with State() as state:
        yield state


def error(state: State, text: bytes) -> str:
    outcome = state.run(text, b"=x")
    assert outcome.kind == "error"
    assert outcome.exit_status == 1
    return outcome.message.decode()


def test_a_program_ends_well(state: State) -> None:
    outcome = state.run(b"return 1", b"=x")
    assert (outcome.kind, outcome.text, outcome.exit_status) == ("ok", None, 0)


def test_binary_chunks_run_too(state: State) -> None:
    state.run(dump(compile_chunk(b"x = 42", b"=x")), b"=x").check()
    state.run(b"assert(x == 42)", b"=x").check()


def test_a_text_that_is_loaded_again_is_not_compiled_again(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []

    def counted(text: bytes, *arguments: object, **options: object) -> Proto:
        compiled.append(text)
        return compile_chunk(text, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(chunks, "compile_chunk", counted)
    state.run(
        b"""
        local functions = {}
        for i = 1, 3 do functions[i] = load("local n = 0; return function() n = n + 1; return n end") end
        local first, second = functions[1](), functions[2]()
        assert(functions[1] ~= functions[2] and first() == 1 and first() == 2 and second() == 1)
        assert(load("return x", "=a", "t", {x = 1})() == 1 and load("return x", "=a", "t", {x = 2})() == 2)
        assert(select(2, pcall(load("error('e')", "=a"))) == "a:1: e")
        assert(select(2, pcall(load("error('e')", "=b"))) == "b:1: e")
        assert(not load("return return") and not load("return return"))
        """,
        b"=x",
    ).check()
    assert compiled.count(b"local n = 0; return function() n = n + 1; return n end") == 1
    assert compiled.count(b"return x") == 1
    assert compiled.count(b"error('e')") == 2  # its name is in messages
    assert compiled.count(b"return return") == 2


def test_no_more_texts_are_remembered_than_have_room(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perilune.vm, "MAX_REMEMBERED", 4096)
    state.run(b"for i = 1, 50 do assert(load('return ' .. i)() == i and load('return 0')() == 0) end", b"=x").check()
    remembered = state._compiler._known
    assert 1 < len(remembered) < 12
    state.run(b"load('return \"' .. ('x'):rep(5000) .. '\"')", b"=y").check()
    assert len(remembered) == 0


def test_an_error_has_a_message_and_a_traceback(state: State) -> None:
    outcome = state.run(b"local function f()\n  error('boom')\nend\nf()", b"@file.lua")
    assert outcome.message == b"file.lua:2: boom"
    assert outcome.text == (
        b"file.lua:2: boom\nstack traceback:\n\t[C]: in function 'error'\n\tfile.lua:2: in local 'f'\n"
        b"\tfile.lua:4: in main chunk\n\t[C]: in ?"
    )
    with pytest.raises(LuaError, match=r"file\.lua:2: boom"):
        outcome.check()


def test_error_values_become_messages(state: State) -> None:
    assert error(state, b"error({})") == "(error object is a table value)"
    assert error(state, b"error()") == "(error object is a nil value)"
    assert error(state, b"error(12)") == "12"
    assert error(state, b"error(setmetatable({}, {__tostring = function() return 'mine' end}))") == "mine"


def test_a_syntax_error_is_an_error(state: State) -> None:
    outcome = state.run(b"x = = 1", b"=x")
    assert (outcome.kind, outcome.text) == ("error", b"x:1: unexpected symbol near '='")


def test_exit_gives_its_status(state: State) -> None:
    for call, status in ((b"os.exit()", 0), (b"os.exit(false)", 1), (b"os.exit(7)", 7)):
        outcome = state.run(b"pcall(function() coroutine.wrap(function() " + call + b" end)() end)", b"=x")
        assert (outcome.kind, outcome.exit_status) == ("exit", status)
    state.run(b"return 1", b"=x").check()


def test_arguments_are_given(state: State) -> None:
    text = b"local a, b = ... assert(a == 'one' and b == 'tw\\0o' and select('#', ...) == 2)\n"
    state.run(text + b"assert(arg == nil)", b"=x", [b"one", b"tw\0o"]).check()
    text += b"assert(arg[0] == 'x.lua' and arg[1] == a and arg[2] == b and #arg == 2 and arg[-1])"
    state.run(text, b"=x", [b"one", b"tw\0o"], b"x.lua").check()


def test_globals_stay_between_runs(state: State) -> None:
    state.run(b"n = 1", b"=x").check()
    state.run(b"n = n + 1", b"=x").check()
    state.execute(b"assert(n == 2)")


def test_load_compiles_by_the_callback() -> None:
    seen = []

    def compile(text: bytes, name: bytes) -> bytes:
        seen.append((text, name))
        return dump(compile_chunk(b"return 'from ' .. ...", b"=inner"))

    with State(compile) as state:
        program = dump(compile_chunk(b"assert(load('some text', '=name')('here') == 'from here')", b"=x"))
        state.run(program, b"=x").check()
    assert seen == [(b"some text", b"=name")]


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (ValueError("no"), "no"),
        (KeyError("k"), "'k'"),
        (ValueError("caf\xe9 \u2192"), "caf\xe9 \\u2192"),
    ],
)
def test_what_the_callback_raises_is_the_message(raised: Exception, message: str) -> None:
    def compile(text: bytes, name: bytes) -> bytes:
        raise raised

    with State(compile) as state:
        chunk = dump(compile_chunk(b"local f, m = load('x') assert(f == nil) error(m, 0)", b"=x"))
        assert state.run(chunk, b"=x").message == message.encode("latin-1")


def test_a_callback_must_return_bytes() -> None:
    with State(lambda text, name: "text") as state:  # type: ignore[arg-type, return-value]
        assert state.run(b"return", b"=x").message == b"the compile callback must return bytes"


def test_wrong_arguments_are_refused(state: State) -> None:
    with pytest.raises(TypeError):
        state.run(b"return", b"=x", ["text"])  # type: ignore[list-item]
    with pytest.raises(ValueError):
        state.run(b"return", b"with\0zero")
    with pytest.raises(ValueError, match="unknown mode"):
        state.profile_start("fast")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no profile"):
        state.profile_data()


def test_a_closed_state_can_only_be_closed() -> None:
    state = State()
    state.close()
    state.close()
    state.interrupt()
    for use in (state.live, state.profile_stop, state.profile_data):
        with pytest.raises(RuntimeError, match="closed"):
            use()
    with pytest.raises(RuntimeError, match="closed"):
        state.run(b"return", b"=x")


def test_a_running_state_cannot_be_used_again() -> None:
    problems: list[str] = []

    def compile(text: bytes, name: bytes) -> bytes:
        for use in (lambda: machine.run(b"return", b"=x"), machine.close, machine.profile_stop):
            try:
                use()
            except RuntimeError as problem:
                problems.append(str(problem))
        return dump(compile_chunk(text, name))

    with State(compile) as machine:
        machine.run(b"return 1", b"=x").check()
    assert problems == ["the state is running"] * 3


def test_other_threads_run_meanwhile() -> None:
    ticks = 0
    done = threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.wait(0.005):
            ticks += 1

    thread = threading.Thread(target=count)
    thread.start()
    with State() as state:
        state.run(b"local t = os.clock() while os.clock() - t < 0.3 do end", b"=x").check()
    done.set()
    thread.join()
    assert ticks >= 10


def test_states_in_threads_are_apart() -> None:
    results = []

    def work(number: int) -> None:
        with State() as state:
            state.run(b"n = ... for i = 1, 100000 do n = n + 1 end", b"=x", [b"%d" % number]).check()
            results.append(state.run(b"error(n, 0)", b"=x").message)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [b"%d" % (100000 + number) for number in range(4)]


@pytest.mark.parametrize(
    "loop", [b"while true do end", b"repeat local x = {} until false", b"for i = 1, math.huge do end"]
)
def test_interrupt_stops_a_loop(state: State, loop: bytes) -> None:
    with interrupting(state):
        outcome = state.run(loop, b"=x")
    assert outcome.kind == "interrupted"
    assert outcome.message == b"interrupted!"
    assert b"in main chunk" in (outcome.text or b"")
    state.run(b"return 1", b"=x").check()


def test_live_figures_can_be_read_while_it_runs(state: State) -> None:
    seen: list[tuple[int, int, int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            seen.append(state.live())

    thread = threading.Thread(target=watch)
    state.profile_start("count")
    thread.start()
    with interrupting(state, 0.3):
        state.run(b"while true do local t = {} end", b"=x")
    done.set()
    thread.join()
    elapsed, held, allocated = seen[-1]
    assert elapsed > 0
    assert allocated > held > 0


def test_a_memory_limit_is_an_error_that_can_be_caught(state: State) -> None:
    state.set_memory_limit(4 << 20)
    state.run(b"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", b"=x")
    state.run(b"assert(not pcall(string.rep, 'x', 1 << 24)); collectgarbage()", b"=x").check()
    state.set_memory_limit(None)
    state.run(b"assert(#string.rep('x', 1 << 24) == 1 << 24)", b"=x").check()


def test_garbage_is_collected_before_the_limit_is_reached(state: State) -> None:
    state.set_memory_limit(4 << 20)
    state.run(b"keep = ('x'):rep(2500000) for i = 1, 100000 do local t = {i, {i}, tostring(i)} end", b"=x").check()
    state.run(b"keep = nil for i = 1, 1000 do local t = ('y'):rep(100000 + i) end", b"=x").check()


def test_closing_runs_finalizers(capfd: pytest.CaptureFixture[str]) -> None:
    with State() as state:
        state.run(b"t = setmetatable({}, {__gc = function() print 'finalized' end})", b"=x").check()
        assert capfd.readouterr().out == ""
    assert capfd.readouterr().out == "finalized\n"


def test_exit_runs_finalizers_only_if_told_to(capfd: pytest.CaptureFixture[str]) -> None:
    for call, output in (("os.exit(0)", ""), ("os.exit(0, true)", "finalized\n")):
        with State() as state:
            state.run(b"t = setmetatable({}, {__gc = function() print 'finalized' end}) " + call.encode(), b"=x")
        assert capfd.readouterr().out == output


def start(text: str) -> subprocess.Popen[bytes]:
    program = f"import sys; from perilune.vm import State\nwith State() as s: o = s.run({text.encode()!r}, b'=x')\n"
    return subprocess.Popen(
        [sys.executable, "-c", program + "print(o.kind, o.message)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_ctrl_c_stops_the_program_and_not_the_process() -> None:
    process = start("io.write('ready\\n') io.flush() while true do end")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert output == b"interrupted b'interrupted!'\n"
    assert errors == b""


def test_a_second_ctrl_c_ends_the_process() -> None:
    process = start("io.write('ready\\n') io.flush() while true do pcall(function() while true do end end) end")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    for _ in range(2):
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT


def test_ctrl_c_stops_a_program_even_where_it_was_ignored_before() -> None:
    code = (
        "import os, signal; from perilune.vm import State; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "text = b\"os.execute('(sleep 0.2; kill -INT %d) &') while true do end\" % os.getpid()\n"
        "print(State().run(text, b'=x').kind)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "interrupted\n"


def test_machines_that_a_process_makes_one_after_another_have_random_numbers_of_their_own(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for _ in range(5):  # in one second, and probably at one address
        with State() as state:
            state.run(b"print(math.random(0))", b"=x").check()
    numbers = capfd.readouterr().out.split()
    assert len(set(numbers)) == len(numbers) == 5
