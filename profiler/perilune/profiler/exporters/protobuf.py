"""Messages in protobuf's encoding: the few that are written need no library."""

from __future__ import annotations

_VARINT, _BYTES = 0, 2


class Message:
    """A message under construction; fields that are 0 or empty are left out, as the encoding has it."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content = bytearray()

    def integer(self, field: int, value: int) -> Message:
        """Adds an integer."""
        if value:
            self.content += _varint(field << 3 | _VARINT) + _varint(value)
        return self

    def integers(self, field: int, values: list[int]) -> Message:
        """Adds a packed list of integers."""
        return self.bytes(field, b"".join(map(_varint, values))) if values else self

    def bytes(self, field: int, value: bytes | bytearray) -> Message:
        """Adds one element of a repeated field, which may be empty."""
        self.content += _varint(field << 3 | _BYTES) + _varint(len(value)) + value
        return self

    def message(self, field: int, value: Message) -> Message:
        """Adds a message within this one."""
        return self.bytes(field, value.content)


_ONE_BYTE = [bytes([value]) for value in range(0x80)]


def _varint(value: int) -> bytes:
    if value < len(_ONE_BYTE):
        return _ONE_BYTE[value]
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
