"""What the resolver finds: variables, references to them, labels, scopes, and the tables of a whole chunk."""

from __future__ import annotations

from typing import Final

from perilune.compiler import nodes
from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.proto import UpvalueDescription

LOCAL: Final = 0
UPVALUE: Final = 1
GLOBAL: Final = 2
CONSTANT: Final = 3
"""The kinds of a Reference."""


class _NotConstant:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOT_CONSTANT"


NOT_CONSTANT: Final = _NotConstant()
"""Stands for the value of an expression that has none at compile time; None is the constant nil."""


class Variable:
    """A local variable: parameter, loop variable, `local` name, the implicit `self`, or the chunk's `_ENV`.

    `start` and `end` are the offsets between which the name means this variable. `declaration` is None for variables
    that the source does not name. `constant` is the value of a compile-time constant, which has no slot.
    """

    __slots__ = (
        "assigned",
        "attribute",
        "captured",
        "constant",
        "declaration",
        "end",
        "name",
        "reference",
        "references",
        "scope",
        "slot",
        "start",
    )

    def __init__(self, name: str, declaration: nodes.Identifier | None, scope: Scope | None) -> None:
        self.name = name
        self.declaration = declaration
        self.scope = scope
        self.attribute: str | None = None  # "const" or "close"
        self.constant: object = NOT_CONSTANT
        self.slot = -1
        self.captured = False
        self.assigned = False  # after its declaration
        self.references: list[nodes.Name] = []
        self.reference = Reference(LOCAL, name, self)
        self.start = -1
        self.end = -1

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, slot={self.slot})"

    def release(self) -> None:
        """See `Resolution.release`."""
        self.references.clear()
        self.reference.variable = None
        self.reference.globals = None
        self.scope = None


class Reference:
    """What a name means in a function.

    LOCAL: `variable` of the same function. UPVALUE: `variable` of an enclosing one, as upvalue `index`. CONSTANT: the
    compile-time constant `variable`. GLOBAL: the field `name` of what `environment` (the `_ENV` in scope) refers to.
    """

    __slots__ = ("environment", "globals", "index", "kind", "name", "variable")

    def __init__(self, kind: int, name: str, variable: Variable | None, index: int = -1) -> None:
        self.kind = kind
        self.name = name
        self.variable = variable
        self.index = index
        self.environment: Reference | None = None
        self.globals: dict[str, Reference] | None = None  # by name, where this is an `_ENV`

    def __repr__(self) -> str:
        return f"Reference({('LOCAL', 'UPVALUE', 'GLOBAL', 'CONSTANT')[self.kind]}, {self.name!r})"


class Upvalue:
    """An upvalue of a function: the enclosing function's slot or upvalue `index`."""

    __slots__ = ("in_stack", "index", "name", "variable")

    def __init__(self, name: str, variable: Variable, in_stack: bool, index: int) -> None:
        self.name = name
        self.variable = variable
        self.in_stack = in_stack
        self.index = index

    @property
    def kind(self) -> int:
        """One of the kinds of UpvalueDescription."""
        attribute = self.variable.attribute
        if attribute is None:
            return UpvalueDescription.REGULAR
        return UpvalueDescription.CONSTANT if attribute == "const" else UpvalueDescription.TO_BE_CLOSED


class LabelSymbol:
    """A label. A jump to it closes the variables from slot `level` up; `gotos` are the statements that jump to it."""

    __slots__ = ("active", "gotos", "level", "line", "name", "node", "scope")

    def __init__(self, name: str, node: nodes.Label, line: int, scope: Scope) -> None:
        self.name = name
        self.node = node
        self.line = line
        self.scope = scope
        self.active = 0  # variables in scope
        self.level = 0
        self.gotos: list[nodes.Goto] = []


class Scope:
    """A block with the variables and labels that it declares."""

    __slots__ = (
        "_first_active",
        "_first_goto",
        "_first_label",
        "_is_loop",
        "_level",
        "_shadowed",
        "end",
        "function",
        "labels",
        "parent",
        "start",
        "variables",
    )

    def __init__(self, function: FunctionScope, parent: Scope | None, start: int, end: int) -> None:
        self.function = function
        self.parent = parent
        self.start = start
        self.end = end
        self.variables: list[Variable] = []
        self.labels: list[LabelSymbol] = []
        self._shadowed: list[tuple[str, Variable | None]] = []
        self._first_active = 0
        self._first_goto = 0
        self._first_label = 0
        self._level = 0
        self._is_loop = False

    @property
    def needs_close(self) -> bool:
        """Whether leaving the block has something to close."""
        return any(variable.captured or variable.attribute == "close" for variable in self.variables)


class FunctionScope:
    """A function with its parameters, upvalues and blocks; `node` is the Chunk for the main function."""

    __slots__ = (
        "_limits_reported",
        "_names",
        "_outside",
        "has_vararg",
        "node",
        "parameters",
        "parent",
        "scopes",
        "upvalues",
    )

    def __init__(self, node: nodes.Function | nodes.Chunk, parent: FunctionScope | None, has_vararg: bool) -> None:
        self.node = node
        self.parent = parent
        self.has_vararg = has_vararg
        self.parameters: list[Variable] = []
        self.upvalues: list[Upvalue] = []
        self.scopes: list[Scope] = []
        self._names: dict[str, Variable] = {}  # the local variables in scope
        self._outside: dict[str, Reference | None] = {}  # names that are not local here; None is global
        self._limits_reported: set[str] = set()


class Resolution:
    """The scope tables of a chunk, and its errors as (offset of the token where the reference notices, diagnostic)."""

    __slots__ = ("errors", "folded", "functions", "global_names", "labels", "variables")

    def __init__(self) -> None:
        self.functions: list[FunctionScope] = []
        self.variables: list[Variable] = []
        self.labels: list[LabelSymbol] = []
        self.global_names: list[nodes.Name] = []
        self.folded: dict[nodes.Node, object] = {}  # constant expressions that are not literals
        self.errors: list[tuple[int, Diagnostic]] = []

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """The errors in the order in which the reference would find them."""
        return [diagnostic for _, diagnostic in self.errors]

    def release(self) -> None:
        """Cuts the circles of what refers to each other, when nothing more is asked.

        Then the whole tree is free at once, and Python's cyclic collector, which would read all of it, is left alone.
        """
        for function in self.functions:
            for scope in function.scopes:
                for variable in scope.variables:
                    variable.release()
                scope.variables.clear()
                scope._shadowed.clear()
            for upvalue in function.upvalues:
                upvalue.variable.release()
            for reference in function._outside.values():
                if reference is not None:
                    reference.globals = None
            function.scopes.clear()
            function.node.scope = None
        for variable in self.variables:
            variable.declaration = None
        for label in self.labels:
            for goto in label.gotos:
                goto.target = None
            label.scope.labels.clear()

    def visible(self, offset: int) -> dict[str, Variable]:
        """The local variables that names mean at an offset, by name."""
        found: dict[str, Variable] = {}
        for variable in sorted(self.variables, key=lambda variable: variable.start):
            if variable.start <= offset < variable.end:
                found[variable.name] = variable
        return found
