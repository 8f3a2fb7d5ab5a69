r"""The textual form of bytecode, to bytecode: what the disassembler writes, and what is written by hand.

One instruction, label or directive to a line; `;` begins a comment; numbers, percentages and times before a `|` are a
listing's margin and skipped. The file is the main function; `.function "name"` to `.end` makes a nested one (around the
whole file it is optional).

Instructions name their operands in the order of the opcode table:

    ADD s2 s0 s1            slots: s0, s1, ... or the name of a `.local`
    ADDK s2 s0 2.5          constants: literals, or k0, k1, ... by number
    GETGLOBAL s3 u0 "print" upvalues: u0 or a name in quotes; functions: p0 or a name in quotes
    JLT s0 s1 again         jumps: a label, which stands on a line of its own as `again:`

or leave the slots out, as on a stack machine. The assembler knows the height: operands are popped, results pushed.

    PUSH 10                 a constant, a slot, a local's or an upvalue's value
    PUSH 32
    ADD                     42
    DUP SWAP ROT OVER DROP 2DUP 2DROP 2SWAP 2OVER
    POP x                   into a slot
    JLT again               pops two, jumps if the lower is less than the upper
    GETGLOBAL "print"       upvalue 0 is `_ENV`
    CALL 1 0                with one argument, for no results; RETURN 2, TAILCALL 1, VARARG 1, CONCAT 3, SELF "m" likewise

At a label all ways must have the same height. An instruction with all its operands leaves the height as it is; so does
TBC. The stack begins above the parameters and locals.

Directives, of which a hand-written file needs few:

    .local "x" s0           a name for a slot; with two more numbers the pcs of its scope
    .parameters 2           they come in s0, s1
    .vararg
    .upvalue "x" slot 3     where the closure finds it; `upvalue 0`: an upvalue of the enclosing function; then `const` or
                            `close`. A main function without one gets `_ENV`.
    .slots 7                else as many as are used
    .source "@file.lua"     .lines 1 10   .constant 3.5   .stripped
    .loop 5 12 3            a `while` whose body begins at pc 3 and ends in line 5, with its test at pc 12: for line hooks

Behind an instruction, `@4:7-19` is its source range (line, columns from and to), `@4!3:7-5:2` one from line 3 to 5 whose
line for messages is 4. Without it the range is the instruction's place in the assembly text.
"""

from __future__ import annotations

import re
from array import array

from perilune.compiler.assembly_text import Token, read_lines, read_literal, read_number, read_string
from perilune.compiler.effects import Effect
from perilune.compiler.opcodes import ALIASES, BY_NAME, MAX_HINTED_KEY, MAX_SLOTS, OPCODES, Opcode
from perilune.compiler.proto import Constant, LocalVariable, Proto, Range, UpvalueDescription

_FIELD_SHIFTS = {"A": (8, 8), "B": (16, 8), "C": (24, 8), "Bx": (16, 16), "J": (8, 24), "X": (0, 32)}
_RANGE = re.compile(r"@(\d+)(?:!(\d+))?:(\d+)-(?:(\d+):)?(\d+)")
_SLOTS = ("w", "r", "m", "a")

# In stack notation their numbers say how many values they take or give.
_COUNTED = ("CALL", "TAILCALL", "RETURN", "RETURNC", "VARARG", "CONCAT", "LOADNIL")


def assemble(text: str, source: bytes | None = None) -> Proto:
    """The main function of an assembly text; `source` is the chunk name of functions that do not say theirs.

    Raises AssemblerError. What the code does is not checked: the virtual machine's verifier does that.
    """
    main = _Function(None, None, source)
    function = main
    is_explicit = False
    last = Token("", 1, 1, False)
    for tokens in read_lines(text):
        first = last = tokens[0]
        if first.text == ".function":
            name = read_string(tokens[1]) if len(tokens) > 1 else None
            if function is main and main.is_empty and not is_explicit:
                is_explicit = True
                main.proto.name = name
            elif main.is_finished:
                first.fail("text behind the main function's end")
            else:
                function = _Function(function, name, function.proto.source)
        elif first.text == ".end":
            function.finish(first)
            if function.parent is None:
                if not is_explicit or main.is_finished:
                    first.fail("no function to end")
                main.is_finished = True
            else:
                function.parent.add_nested(function.proto)
                function = function.parent
        elif main.is_finished:
            first.fail("text behind the main function's end")
        else:
            function.line(tokens)
    if function is not main or (is_explicit and not main.is_finished):
        last.fail("'.end' expected at the end of the text")
    if not main.is_finished:
        main.finish(last)
    return main.proto


class _Function:
    """One function while its text is read."""

    def __init__(self, parent: _Function | None, name: bytes | None, source: bytes | None) -> None:
        self.parent = parent
        self.proto = Proto(source, name if parent is not None else b"main chunk", 0, 0)
        self.is_empty = True
        self.is_finished = False
        self.is_stripped = False
        self.slots: int | None = None
        self.used = 2
        self.base: int | None = None  # where the operand stack begins, once code has begun
        self.height: int | None = 0  # None behind a jump
        self.names: dict[str, int] = {}
        self.constants: dict[tuple[type, str], int] = {}
        self.labels: dict[str, int] = {}
        self.heights: dict[str, int] = {}
        self.jumps: list[tuple[Token, int, str]] = []
        self.named_functions: list[tuple[Token, int]] = []
        self.whole_locals: list[LocalVariable] = []
        self.ranges: dict[Range, int] = {}

    # --- lines

    def line(self, tokens: list[Token]) -> None:
        self.is_empty = False
        first = tokens[0]
        if first.text.startswith(".") and not first.is_string:
            self.directive(first, tokens[1:])
            return
        if first.text.endswith(":") and len(first.text) > 1:
            if len(tokens) > 1:
                tokens[1].fail("a label stands on a line of its own")
            self.label(first)
            return
        if self.base is None:
            self.begin()
        places: list[Range] = []
        while len(tokens) > 1 and tokens[-1].text.startswith("@"):
            places.insert(0, self.place(tokens.pop()))
        if not places:
            last = tokens[-1]
            places = [(first.line, first.line, first.column, last.line, last.end_column)]
        before = len(self.proto.code)
        self.instruction(tokens[0], tokens[1:])
        for offset in range(len(self.proto.code) - before):
            place = places[min(offset, len(places) - 1)]
            self.proto.word_ranges.append(self.ranges.setdefault(place, len(self.ranges)))

    def begin(self) -> None:
        named = max(self.names.values(), default=-1) + 1
        self.base = max(self.proto.parameters, named)
        self.height = self.base

    def directive(self, first: Token, rest: list[Token]) -> None:
        proto = self.proto
        name = first.text
        counts = {
            ".source": 1,
            ".lines": 2,
            ".parameters": 1,
            ".vararg": 0,
            ".slots": 1,
            ".constant": 1,
            ".loop": 3,
            ".stripped": 0,
        }
        if name in counts and len(rest) != counts[name]:
            first.fail(f"'{name}' takes {counts[name]} operands")
        if name == ".source":
            proto.source = read_string(rest[0])
        elif name == ".lines":
            proto.first_line, proto.last_line = read_number(rest[0]), read_number(rest[1])
        elif name == ".parameters":
            proto.parameters = self.bounded(rest[0], read_number(rest[0]), 0, MAX_SLOTS)
            self.use(proto.parameters)
        elif name == ".vararg":
            proto.is_vararg = True
        elif name == ".slots":
            self.slots = self.bounded(rest[0], read_number(rest[0]), 2, MAX_SLOTS)
        elif name == ".constant":
            value = read_literal(rest[0])
            self.constants.setdefault((type(value), str(value)), len(proto.constants))
            proto.constants.append(value)
        elif name == ".stripped":
            self.is_stripped = True
        elif name == ".local":
            self.local(first, rest)
        elif name == ".loop":
            proto.loops.append((read_number(rest[0]), read_number(rest[1]), read_number(rest[2])))
        elif name == ".upvalue":
            self.upvalue(first, rest)
        else:
            first.fail(f"unknown directive '{name}'")

    def local(self, first: Token, rest: list[Token]) -> None:
        if len(rest) not in (2, 4):
            first.fail("'.local' takes a name and a slot, and perhaps two pcs")
        name = read_string(rest[0]) if rest[0].is_string else rest[0].text.encode()
        slot = self.slot(rest[1])
        if len(rest) == 4:
            self.proto.locals.append(LocalVariable(name, read_number(rest[2]), read_number(rest[3]), slot))
            return
        if self.base is not None:
            first.fail("'.local' without pcs stands before the code")
        variable = LocalVariable(name, 0, 0, slot)
        self.proto.locals.append(variable)
        self.whole_locals.append(variable)
        self.names[name.decode("latin-1")] = slot

    def upvalue(self, first: Token, rest: list[Token]) -> None:
        kinds = {"const": UpvalueDescription.CONSTANT, "close": UpvalueDescription.TO_BE_CLOSED}
        if len(rest) not in (3, 4) or rest[1].text not in ("slot", "upvalue"):
            first.fail("'.upvalue' takes a name, 'slot' or 'upvalue', and a number")
        if len(rest) == 4 and rest[3].text not in kinds:
            rest[3].fail("'const' or 'close' expected")
        name = None if rest[0].text == "-" and not rest[0].is_string else read_string(rest[0])
        kind = kinds[rest[3].text] if len(rest) == 4 else UpvalueDescription.REGULAR
        index = self.bounded(rest[2], read_number(rest[2]), 0, 255)
        self.proto.upvalues.append(UpvalueDescription(name, rest[1].text == "slot", index, kind))

    def place(self, token: Token) -> Range:
        match = _RANGE.fullmatch(token.text)
        if match is None:
            token.fail("a source range looks like @4:7-19")
        line, start_line, start_column, end_line, end_column = match.groups()
        start = int(start_line or line)
        return int(line), start, int(start_column), int(end_line or start), int(end_column)

    def label(self, token: Token) -> None:
        name = token.text[:-1]
        if name in self.labels:
            token.fail(f"label '{name}' stands here for the second time")
        if self.base is None:
            self.begin()
        self.labels[name] = len(self.proto.code)
        if self.height is None:
            self.height = self.heights.get(name, self.base)
        self.meet(token, name)

    def meet(self, token: Token, name: str) -> None:
        """Notes the height at a label; all ways must agree."""
        assert self.height is not None
        known = self.heights.setdefault(name, self.height)
        if known != self.height:
            token.fail(f"the stack is {self.height} high here, elsewhere {known} at label '{name}'")

    # --- operands

    def bounded(self, token: Token, value: int, low: int, high: int) -> int:
        if not low <= value <= high:
            token.fail(f"{value} is not from {low} to {high}")
        return value

    def use(self, slots: int) -> None:
        self.used = max(self.used, slots)

    def slot(self, token: Token) -> int:
        text = token.text.strip('"')
        if text in self.names:
            return self.names[text]
        if token.is_string or not re.fullmatch(r"s\d+", text):
            token.fail(f"slot expected, got '{token.text}'")
        slot = self.bounded(token, int(text[1:]), 0, MAX_SLOTS - 1)
        self.use(slot + 1)
        return slot

    def constant(self, token: Token) -> int:
        if not token.is_string and re.fullmatch(r"k\d+", token.text):
            return int(token.text[1:])
        value = read_literal(token)
        return self.intern(value)

    def intern(self, value: Constant) -> int:
        key = (type(value), str(value))
        if key not in self.constants:
            self.constants[key] = len(self.proto.constants)
            self.proto.constants.append(value)
        return self.constants[key]

    def numbered(self, token: Token, letter: str) -> int | None:
        """The number in `u3` or `p3`; None for a name in quotes."""
        if token.is_string:
            return None
        if not re.fullmatch(letter + r"\d+", token.text):
            token.fail(f"{letter}0, {letter}1, ... or a name in quotes expected, got '{token.text}'")
        return int(token.text[1:])

    def upvalue_index(self, token: Token) -> int:
        self.add_environment()
        number = self.numbered(token, "u")
        if number is not None:
            return number
        names = [upvalue.name for upvalue in self.proto.upvalues]
        if read_string(token) not in names:
            token.fail(f"no upvalue {token.text}")
        return names.index(read_string(token))

    def add_environment(self) -> None:
        if self.parent is None and not self.proto.upvalues:
            self.proto.upvalues.append(UpvalueDescription(b"_ENV", True, 0))

    # --- instructions

    def instruction(self, first: Token, operands: list[Token]) -> None:
        name = first.text.upper()
        name = ALIASES.get(name, name)
        if first.is_string or (name not in BY_NAME and name not in ("PUSH", "POP")):
            first.fail(f"unknown instruction '{first.text}'")
        if name == "PUSH":
            self.push_value(first, operands)
            return
        if name == "POP":
            if len(operands) != 1:
                first.fail("'POP' takes a slot")
            self.emit(first, BY_NAME["MOVE"], [self.slot(operands[0]), self.pop(first, 1)])
            return
        opcode = BY_NAME[name]
        if len(operands) == len(opcode.operands) and (operands or not self.needs_height(opcode)):
            values = [self.operand(token, kind) for token, (_, kind) in zip(operands, opcode.operands, strict=True)]
            self.emit(first, opcode, values, operands)
            if opcode.flow in ("jump", "exit"):
                self.height = None
            return
        self.stack_instruction(first, opcode, operands)

    def needs_height(self, opcode: Opcode) -> bool:
        return any(kind in _SLOTS for _, kind in opcode.operands)

    def operand(self, token: Token, kind: str) -> int:
        if kind in _SLOTS:
            return self.slot(token)
        if kind in ("k", "num", "key"):
            return self.constant(token)
        if kind == "u":
            return self.upvalue_index(token)
        if kind == "p":
            number = self.numbered(token, "p")
            if number is None:
                self.named_functions.append((token, len(self.proto.code)))
                number = 0
            return number
        if kind == "jump":
            if self.height is not None:
                self.meet(token, token.text)
            self.jumps.append((token, len(self.proto.code), token.text))
            return 0
        return read_number(token)

    def pop(self, token: Token, count: int) -> int:
        """Takes values off; the slot of the lowest."""
        height = self.known_height(token)
        assert self.base is not None
        if height - count < self.base:
            token.fail(f"'{token.text}' needs {count} values, the stack has {height - self.base}")
        self.height = height - count
        return self.height

    def push(self, token: Token, count: int) -> int:
        """Adds values; the slot of the lowest."""
        height = self.known_height(token)
        if height + count > MAX_SLOTS:
            token.fail("the stack is too high")
        self.height = height + count
        self.use(self.height)
        return height

    def known_height(self, token: Token) -> int:
        if self.height is None:
            token.fail("nothing leads here: a label is missing")
        return self.height

    def push_value(self, first: Token, operands: list[Token]) -> None:
        if len(operands) != 1:
            first.fail("'PUSH' takes a constant, a slot or an upvalue")
        token = operands[0]
        text = token.text
        slot = self.push(first, 1)
        if not token.is_string and (text in self.names or re.fullmatch(r"s\d+", text)):
            self.emit(first, BY_NAME["MOVE"], [slot, self.slot(token)])
        elif not token.is_string and re.fullmatch(r"u\d+", text):
            self.emit(first, BY_NAME["GETUPVAL"], [slot, self.upvalue_index(token)])
        elif not token.is_string and re.fullmatch(r"k\d+", text):
            self.emit(first, BY_NAME["LOADK"], [slot, self.constant(token)])
        else:
            value = read_literal(token)
            if value is None:
                self.emit(first, BY_NAME["LOADNIL"], [slot, 0])
            elif isinstance(value, bool):
                self.emit(first, BY_NAME["LOADTRUE" if value else "LOADFALSE"], [slot])
            elif isinstance(value, int) and -0x8000 <= value <= 0x7FFF:
                self.emit(first, BY_NAME["LOADI"], [slot, value])
            else:
                self.emit(first, BY_NAME["LOADK"], [slot, self.intern(value)])

    def stack_instruction(self, first: Token, opcode: Opcode, operands: list[Token]) -> None:
        """An instruction without its slots."""
        name = opcode.name
        expected = [kind for _, kind in opcode.operands if kind not in _SLOTS]
        if opcode.name in ("GETGLOBAL", "SETGLOBAL") and len(operands) == 1:
            # Upvalue 0 of a main function is _ENV.
            operands = [Token("u0", first.line, first.column, False), *operands]
        if len(operands) != len(expected) or (not expected and not self.needs_height(opcode)):
            first.fail(f"'{first.text}' takes {len(opcode.operands)} operands, or {len(expected)} in stack notation")
        effect = Effect(opcode)
        if effect.is_classic:
            slot = self.pop(first, effect.popped)
            self.push(first, effect.pushed)
            self.emit(first, opcode, [slot + effect.popped - 1])
            return
        if name in _COUNTED:
            numbers = [self.bounded(token, read_number(token), 0, MAX_SLOTS) for token in operands]
            self.counted(first, opcode, numbers)
            return
        if name == "SELF":
            slot = self.pop(first, 1)
            self.push(first, 2)
            self.emit(first, opcode, [slot, slot, self.constant(operands[0])])
            return
        if name == "TBC":
            self.emit(first, opcode, [self.known_height(first) - 1])
            return
        kinds = [kind for _, kind in opcode.operands]
        if "a" in kinds or "m" in kinds or name in ("MOVE", "JTMOVE", "JFMOVE"):
            first.fail(f"'{first.text}' has no stack notation: name its slots")
        reads = kinds.count("r")
        popped = self.pop(first, reads)
        given = iter(operands)
        values: list[int] = []
        for kind in kinds:
            if kind == "r":
                values.append(popped)
                popped += 1
            elif kind == "w":
                values.append(-1)
            else:
                values.append(self.operand(next(given), kind))
        if "w" in kinds:
            values[kinds.index("w")] = self.push(first, 1)
        self.emit(first, opcode, values, operands)
        if opcode.flow in ("jump", "exit"):
            self.height = None

    def counted(self, first: Token, opcode: Opcode, numbers: list[int]) -> None:
        name = opcode.name
        if name == "CALL":
            slot = self.pop(first, numbers[0] + 1)
            self.push(first, numbers[1])
            self.emit(first, opcode, [slot, numbers[0] + 1, numbers[1] + 1])
        elif name == "VARARG":
            self.emit(first, opcode, [self.push(first, numbers[0]), numbers[0] + 1])
        elif name == "CONCAT":
            if numbers[0] < 2:
                first.fail("'CONCAT' takes at least 2 values")
            slot = self.pop(first, numbers[0])
            self.push(first, 1)
            self.emit(first, opcode, [slot, numbers[0]])
        elif name == "LOADNIL":
            if numbers[0] < 1:
                first.fail("'LOADNIL' pushes at least 1 value")
            self.emit(first, opcode, [self.push(first, numbers[0]), numbers[0] - 1])
        else:
            is_call = name == "TAILCALL"
            slot = self.pop(first, numbers[0] + is_call)
            self.emit(first, opcode, [slot if numbers[0] or is_call else 0, numbers[0] + 1])
            self.height = None

    def emit(self, first: Token, opcode: Opcode, values: list[int], operands: list[Token] | None = None) -> None:
        word = opcode.code
        extra = 0
        for position, ((field, kind), value) in enumerate(zip(opcode.operands, values, strict=True)):
            shift, bits = _FIELD_SHIFTS[field]
            if kind == "key":
                bits = MAX_HINTED_KEY.bit_length()
            is_signed = kind in ("i", "jump")
            low = -(1 << (bits - 1)) if is_signed else 0
            high = (1 << (bits - is_signed)) - 1
            token = operands[position] if operands and len(operands) == len(values) else first
            encoded = self.bounded(token, value, low, high) & ((1 << bits) - 1)
            if field == "X":
                extra = encoded
            else:
                word |= encoded << shift
        self.note_range(opcode, values)
        self.proto.code.append(word)
        if opcode.words == 2:
            self.proto.code.append(extra)

    def note_range(self, opcode: Opcode, values: list[int]) -> None:
        """Counts the slots of a range that an instruction touches."""
        fields = dict.fromkeys("ABC", 0)
        fields |= {field: value for (field, _), value in zip(opcode.operands, values, strict=True)}
        for slot in Effect(opcode).highest:
            self.use(slot.number(fields) + 1)

    # --- the end

    def add_nested(self, proto: Proto) -> None:
        self.proto.protos.append(proto)

    def finish(self, token: Token) -> None:
        proto = self.proto
        code = proto.code
        self.add_environment()
        for name, pc, label in self.jumps:
            if label not in self.labels:
                name.fail(f"no label '{label}'")
            opcode = OPCODES[code[pc] & 0xFF]
            distance = self.labels[label] - pc - opcode.words
            if opcode.words == 2:
                code[pc + 1] = distance & 0xFFFFFFFF
            else:
                code[pc] |= (self.bounded(name, distance, -(1 << 23), (1 << 23) - 1) & 0xFFFFFF) << 8
        names = [nested.name for nested in proto.protos]
        for name, pc in self.named_functions:
            if read_string(name) not in names:
                name.fail(f"no function {name.text}")
            code[pc] |= names.index(read_string(name)) << 16
        for variable in self.whole_locals:
            variable.end_pc = len(code)
        proto.slots = self.slots if self.slots is not None else self.used
        if self.is_stripped:
            proto.word_ranges = array("I")
        else:
            proto.ranges = list(self.ranges)
        if not code:
            token.fail("a function without instructions")
