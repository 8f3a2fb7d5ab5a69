"""Types of the extension module, which is vm/binding.c over vm/core."""

from collections.abc import Callable
from typing import Literal, final

from perilune.vm.raw_profile import RawProfile

OK: int
ERROR: int
EXIT: int
INTERRUPTED: int
LIMIT: int

@final
class State:
    def __new__(
        cls,
        compile: Callable[[bytes, int, bytes, int | None], tuple[bytes, int]],
        sandbox: bool = ...,
        sandbox_root: bytes | None = ...,
    ) -> State: ...
    def run(
        self,
        chunk: bytes,
        chunkname: bytes,
        args: tuple[bytes, ...] | None = ...,
        catch_interrupts: bool = ...,
        catch_termination: bool = ...,
        text_number: int = ...,
        prints: bool = ...,
        module_global: bytes | None = ...,
    ) -> tuple[int, bytes | None, int]: ...
    def set_arg(self, words: tuple[bytes, ...], script: int, /) -> None: ...
    def check(self, chunk: bytes, chunkname: bytes) -> bytes | None: ...
    def bounded(self, callable: Callable[[int | None], bytes], /) -> tuple[bytes, bytes | None]: ...
    def interrupt(self) -> None: ...
    def set_instruction_limit(self, count: int | None, /) -> None: ...
    def time_over(self, seconds: float, /) -> None: ...
    def set_memory_limit(self, limit: int | None, /) -> None: ...
    def profile_start(
        self,
        mode: Literal["count", "sample", "trace", "oracle"],
        sampler: Literal["signal", "thread", "steps"] | None = ...,
        interval_ns: int = ...,
        paused: bool = ...,
    ) -> None: ...
    def profile_stop(self) -> None: ...
    def profile_data(self) -> RawProfile: ...
    def live(self) -> tuple[int, int, int]: ...
    def finish(self, catch_interrupts: bool, catch_termination: bool, /) -> int | None: ...
    def close(self) -> None: ...
