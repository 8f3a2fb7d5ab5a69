"""Types of the extension module, which is vm/binding.c over vm/core."""

from collections.abc import Callable
from typing import Literal, final

from perilune.vm.raw_profile import RawProfile

OK: int
ERROR: int
EXIT: int
INTERRUPTED: int

@final
class State:
    def __new__(cls, compile: Callable[[bytes, bytes], bytes]) -> State: ...
    def run(
        self,
        chunk: bytes,
        chunkname: bytes,
        args: tuple[bytes, ...] = ...,
        script_name: bytes | None = ...,
        catch_interrupts: bool = ...,
    ) -> tuple[int, bytes | None, int]: ...
    def check(self, chunk: bytes, chunkname: bytes) -> bytes | None: ...
    def interrupt(self) -> None: ...
    def set_memory_limit(self, limit: int | None, /) -> None: ...
    def profile_start(
        self,
        mode: Literal["count", "sample", "trace", "oracle"],
        sampler: Literal["signal", "thread"] | None = ...,
        interval_ns: int = ...,
    ) -> None: ...
    def profile_stop(self) -> None: ...
    def profile_data(self) -> RawProfile: ...
    def live(self) -> tuple[int, int, int]: ...
    def close(self) -> None: ...
