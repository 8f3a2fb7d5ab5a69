"""What a program of tests/lua says about itself: the comments that state its output.

A comment after code, or on a line of its own:

    -- expect: TEXT                the next line of standard output: tabs as tabs, no spaces at its end
    -- expect error: TEXT          the program ends with this error, raised at the comment's line
    -- expect bare error: TEXT     the same, for a message that names no file and line
    -- expect syntax error: TEXT   the program does not compile; ` near ...` may be left out
    -- expect exit: N              the exit status, where it is neither 0 nor that of an error
    -- args: WORDS                 the program's arguments
    -- stdin: TEXT                 the next line of standard input
    -- reference needs: NAME       a C module without which lua5.4 cannot run the program

An error at another line than the comment's is written `expect error line N: TEXT`.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

ErrorKind = Literal["runtime", "bare", "syntax"]

_ERROR_KINDS: dict[str, ErrorKind] = {"": "runtime", "bare ": "bare", "syntax ": "syntax"}
_OUTPUT = re.compile(r"-- expect:(?: (.*))?$")
_ERROR = re.compile(r"-- expect (bare |syntax |)error(?: line (\d+))?: (.*)$")
_EXIT = re.compile(r"-- expect exit: (\d+)$")
_ARGUMENTS = re.compile(r"-- args: (.*)$")
_INPUT = re.compile(r"-- stdin:(?: (.*))?$")
_MODULE = re.compile(r"-- reference needs: (\w+)$")


class BadExpectation(Exception):
    """The program's comments state nothing, or contradict each other."""


@dataclass(frozen=True, slots=True)
class ExpectedError:
    kind: ErrorKind
    line: int
    message: str

    def matches(self, report: str, file_name: str) -> bool:
        """Whether `report`, the error line without the interpreter's name, is this error."""
        expected = self.message if self.kind == "bare" else f"{file_name}:{self.line}: {self.message}"
        if self.kind == "syntax" and " near " not in self.message:
            report = report.partition(" near ")[0]
        return report == expected


@dataclass(slots=True)
class Expectation:
    output: list[str] = field(default_factory=list)
    error: ExpectedError | None = None
    exit_status: int = 0
    arguments: list[str] = field(default_factory=list)
    standard_input: str = ""
    reference_module: str | None = None


def parse_expectation(source: str) -> Expectation:
    """The expectation in the comments of `source`; raises BadExpectation."""
    expectation = Expectation()
    explicit_exit: int | None = None
    for line_number, line in enumerate(source.split("\n"), start=1):
        if match := _OUTPUT.search(line):
            expectation.output.append(match[1] or "")
        elif match := _ERROR.search(line):
            if expectation.error is not None:
                raise BadExpectation(f"line {line_number}: a second expected error")
            error_line = int(match[2] or line_number)
            expectation.error = ExpectedError(_ERROR_KINDS[match[1]], error_line, match[3])
        elif match := _EXIT.search(line):
            explicit_exit = int(match[1])
        elif match := _ARGUMENTS.search(line):
            expectation.arguments += match[1].split()
        elif match := _INPUT.search(line):
            expectation.standard_input += (match[1] or "") + "\n"
        elif match := _MODULE.search(line):
            expectation.reference_module = match[1]
        elif re.search(r"-- expect\b", line):
            raise BadExpectation(f"line {line_number}: not an expectation: {line.strip()}")
    if not expectation.output and expectation.error is None and explicit_exit is None:
        raise BadExpectation("the program has no expectation")
    if explicit_exit is not None:
        expectation.exit_status = explicit_exit
    elif expectation.error is not None:
        expectation.exit_status = 1
    return expectation
