"""The values of numbers and strings, as the reference implementation reads them."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.compiler.literals import number_value, string_value, utf8


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2.0**63),
        ("0x7fffffffffffffff", 2**63 - 1),
        ("0x8000000000000000", -(2**63)),
        ("0xffffffffffffffff", -1),
        ("0x1fffffffffffffffe", -2),
        ("3.", 3.0),
        (".5", 0.5),
        ("3e2", 300.0),
        ("1e400", math.inf),
        ("0x.8", 0.5),
        ("0xA.", 10.0),
        ("0xA.8p1", 21.0),
        ("0x1p-1074", 5e-324),
        ("0x1p-1075", 0.0),
        ("0x1.8p-1075", 5e-324),
        ("0x1p1023", 2.0**1023),
        ("0x1p1024", math.inf),
        ("0x0p99999999999999999999", 0.0),
        ("0x1p99999999999999999999", math.inf),
        ("0x1p-99999999999999999999", 0.0),
        ("0x1.fffffffffffff7p0", 2.0 - 2.0**-52),
        ("0x1.fffffffffffff8p0", 2.0),
        ("0x10000000000000000p0", 2.0**64),
    ],
)
def test_numbers(text: str, value: float) -> None:
    found = number_value(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", ["1" * 10_000, "0x" + "1" * 10_000 + ".", "1e" + "9" * 10_000, "0x1p" + "9" * 10_000])
def test_very_long_numbers_are_infinite(text: str) -> None:
    assert number_value(text) == math.inf


def test_a_very_long_negative_exponent_is_zero() -> None:
    assert number_value("0x1p-" + "9" * 10_000) == 0.0


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=0.0))
def test_hexadecimal_floats_are_exact(value: float) -> None:
    assert number_value(value.hex()) == value


@given(st.integers(0, 2**53), st.integers(-1200, 1000))
def test_hexadecimal_floats_round_to_nearest(mantissa: int, exponent: int) -> None:
    try:
        expected = math.ldexp(mantissa, exponent)
    except OverflowError:
        expected = math.inf
    assert number_value(f"0x{mantissa:x}.p{exponent}") == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a\"b'", b'a"b'),
        (r"'\a\b\f\n\r\t\v\\\'\"'", b"\a\b\f\n\r\t\v\\'\""),
        ("'a\\\r\nb\\\n\rc\\\rd\\\ne'", b"a\nb\nc\nd\ne"),
        ("'a\\z \t\r\n  b'", b"ab"),
        (r"'\x41\x7a\xFF'", b"Az\xff"),
        (r"'\0\65\0651\255'", b"\0AA1\xff"),
        (r"'\u{41}\u{20AC}\u{D800}\u{10FFFF}'", b"A\xe2\x82\xac\xed\xa0\x80\xf4\x8f\xbf\xbf"),
        (r"'\u{7FFFFFFF}'", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
        ("'\xe9'", b"\xe9"),
        ("[[a]]", b"a"),
        ("[==[\r\na\rb\n\rc]]]==]", b"a\nb\nc]]"),
        ("[[\n\na\\n]]", b"\na\\n"),
        ("[[]]", b""),
    ],
)
def test_strings(text: str, value: bytes) -> None:
    assert string_value(text) == value


@given(st.characters(exclude_categories=["Cs"]))
def test_utf8_agrees_with_unicode(c: str) -> None:
    assert utf8(ord(c)) == c.encode()


@pytest.mark.parametrize(
    ("code", "length"), [(0x10FFFF, 4), (0x1FFFFF, 4), (0x200000, 5), (0x3FFFFFF, 5), (0x4000000, 6)]
)
def test_utf8_goes_beyond_unicode(code: int, length: int) -> None:
    assert len(utf8(code)) == length


@given(st.binary())
def test_any_bytes_can_be_written_in_decimal(data: bytes) -> None:
    assert string_value("'" + "".join(f"\\{byte:03}" for byte in data) + "'") == data


def test_the_sign_of_zero_is_not_in_the_literal() -> None:
    assert struct.pack("<d", number_value("0x0p-5")) == bytes(8)
