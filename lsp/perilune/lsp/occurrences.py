"""Every name of a text with what it stands for: a local variable, a global, a field of something, a label.

A symbol is a path of names from where it begins: `(variable,)` is a local variable, `(GLOBAL, "x")` a global,
`(variable, "x", "y")` the field y of the field x of what the variable holds. What is reached through anything else (a
call's result, an element) begins with UNKNOWN: of such a field only its name is known. A label is its LabelSymbol.
Inside a method `self` begins as what the method is a field of. Two variables that hold the same table are two paths:
`Names.aliases` has those that are plain to see.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from perilune.compiler import nodes
from perilune.compiler.nodes import Node, children
from perilune.compiler.symbols import GLOBAL as GLOBAL_REFERENCE
from perilune.compiler.symbols import FunctionScope, LabelSymbol, Variable
from perilune.lsp.standard_library import FILE

if TYPE_CHECKING:
    from perilune.lsp.syntax import Syntax

Path = tuple[Hashable, ...]
Symbol = Path | LabelSymbol

GLOBAL: Final = "global"
UNKNOWN: Final = "unknown"
EXPORTS: Final = "exports"
"""The table that a module returns, where it has no name."""


_LONGEST_PATH = 32  # names; of what is longer only the last name counts
_LIBRARIES = {(name,) for name in ("coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8")}
_FILE_MAKERS = {("io", "open"), ("io", "popen"), ("io", "tmpfile")}


class Kind(Enum):
    """What a name is where it stands."""

    LOCAL = "local"
    UPVALUE = "upvalue"
    PARAMETER = "parameter"
    GLOBAL = "global"
    FIELD = "field"
    METHOD = "method"
    LABEL = "label"
    ATTRIBUTE = "attribute"


class Role(Enum):
    """What happens to it there."""

    DECLARATION = "declaration"
    WRITE = "write"
    READ = "read"


@dataclass(slots=True, eq=False)
class Occurrence:
    """A name between two offsets. `value` is what it is set to, as far as one expression says it."""

    start: int
    end: int
    name: str
    kind: Kind
    symbol: Symbol
    role: Role = Role.READ
    value: Node | None = None
    is_call: bool = False

    @property
    def variable(self) -> Variable | None:
        """The local variable that is meant."""
        symbol = self.symbol
        if isinstance(symbol, tuple) and len(symbol) == 1 and isinstance(symbol[0], Variable):
            return symbol[0]
        return None


class Names:
    """The names of one text, in order and by what they stand for."""

    def __init__(self) -> None:
        self.occurrences: list[Occurrence] = []
        self.by_symbol: dict[Symbol, list[Occurrence]] = {}
        self.aliases: dict[Path, list[Path]] = {}  # what else a path's fields may be found under
        self.fields: dict[Path, dict[str, Occurrence]] = {}  # for every path the best occurrence of each of its fields
        self.modules: dict[Path, str] = {}  # variables and fields that hold what `require` gave
        self.requires: list[tuple[nodes.String, str]] = []
        self.exports: list[Path] = []  # what the module returns
        self.functions: dict[nodes.Function, Path] = {}  # what each function is called, as far as it has a name
        self.field_names: dict[str, Occurrence] = {}  # for every name of a field its best occurrence
        self.selves: dict[Variable, Path] = {}  # variables that hold an object of a class: what its fields are of

    def finish(self) -> None:
        """Puts everything in order once all is found."""
        self.occurrences.sort(key=lambda occurrence: occurrence.start)
        for occurrence in self.occurrences:
            symbol = occurrence.symbol
            self.by_symbol.setdefault(symbol, []).append(occurrence)
            if occurrence.kind in (Kind.FIELD, Kind.METHOD) or (
                occurrence.kind is Kind.GLOBAL and isinstance(symbol, tuple)
            ):
                assert isinstance(symbol, tuple)
                _keep_better(self.fields.setdefault(symbol[:-1], {}), occurrence)
                if occurrence.kind is not Kind.GLOBAL:
                    _keep_better(self.field_names, occurrence)


def _keep_better(known: dict[str, Occurrence], found: Occurrence) -> None:
    """Keeps the occurrence that says most: one with a function, else one that sets, else the first."""
    best = known.get(found.name)
    if best is None or _weight(found) > _weight(best):
        known[found.name] = found


def _weight(occurrence: Occurrence) -> int:
    if occurrence.role is Role.READ:
        return int(occurrence.is_call)
    return 3 if isinstance(occurrence.value, nodes.Function) else 2


def collect_names(syntax: Syntax) -> Names:
    """All names of a text."""
    return _Collector(syntax).collect()


class _Collector:
    """Walks the tree with a stack of its own, because operators may nest without limit."""

    def __init__(self, syntax: Syntax) -> None:
        self._text = syntax.text
        self._chunk = syntax.chunk
        self._resolution = syntax.resolution
        self._names = Names()
        self._selves = self._names.selves
        self._parameters: set[Variable] = set()
        self._owners: dict[nodes.Table, Path] = {}
        self._waiting: list[Node] = []
        self._seen = self._names.occurrences.append

    def collect(self) -> Names:
        names = self._names
        for function in self._resolution.functions:
            self._parameters.update(function.parameters)
        self._module_result()
        waiting = self._waiting
        waiting.append(self._chunk)
        handlers = _HANDLERS
        while waiting:
            node = waiting.pop()
            handler = handlers.get(type(node))
            if handler is not None:
                handler(self, node)
            else:
                waiting.extend(children(node))
        names.finish()
        return names

    def _module_result(self) -> None:
        """What the chunk returns last is what its module is."""
        statements = self._chunk.body.statements
        last = statements[-1] if statements else None
        if not isinstance(last, nodes.Return) or not last.values:
            return
        value = last.values[0]
        table = value.arguments[0] if _is_setmetatable(value) else value
        path = (EXPORTS,) if isinstance(table, nodes.Table) else self.path(value)
        if path is not None and path[0] != UNKNOWN:
            self._names.exports.append(path)
        if isinstance(table, nodes.Table):
            self._owners[table] = (EXPORTS,)

    # --- paths

    def path(self, node: Node) -> Path | None:
        """What an expression names; None for one that names nothing."""
        keys: list[str] = []
        while True:
            if len(keys) > _LONGEST_PATH:
                return (UNKNOWN, keys[0])
            if type(node) is nodes.Field:
                keys.append(node.key.name)
                node = node.object
            elif type(node) is nodes.Index and type(node.key) is nodes.String:
                keys.append(node.key.value.decode("latin-1"))
                node = node.object
            elif type(node) is nodes.Parenthesis:
                node = node.expression
            elif _is_setmetatable(node):
                node = node.arguments[0]
            else:
                break
        if type(node) is nodes.Name:
            root = self._root(node)
        elif keys:
            root = (UNKNOWN,)
        else:
            return None
        if root == (GLOBAL, "_G"):
            root = (GLOBAL,)
        return (*root, *reversed(keys)) if root[0] != UNKNOWN else (UNKNOWN, *reversed(keys))

    def _root(self, node: nodes.Name) -> Path:
        variable = node.reference.variable if node.reference is not None else None
        if variable is not None:
            if variable.declaration is None and variable.name == "_ENV":
                return (GLOBAL,)
            return self._selves.get(variable, (variable,))
        return self._global(node)

    def _global(self, node: nodes.Name) -> Path:
        environment = node.reference.environment if node.reference is not None else None
        variable = environment.variable if environment is not None else None
        if variable is not None and variable.declaration is not None:
            return (variable, node.name)
        return (GLOBAL, node.name)

    # --- occurrences

    def _add(
        self, node: Node, name: str, kind: Kind, symbol: Symbol, role: Role = Role.READ, value: Node | None = None
    ) -> None:
        if name:
            self._seen(Occurrence(node.start, node.end, name, kind, symbol, role, value))

    def _declare(self, identifier: nodes.Identifier, value: Node | None = None) -> None:
        variable = identifier.variable
        if variable is None:
            return
        kind = Kind.PARAMETER if variable in self._parameters else Kind.LOCAL
        self._add(identifier, identifier.name, kind, (variable,), Role.DECLARATION, value)
        if value is not None:
            self._value((variable,), value)

    def name(self, node: nodes.Name, role: Role = Role.READ, value: Node | None = None) -> None:
        reference = node.reference
        if reference is None:
            return
        variable = reference.variable
        if reference.kind == GLOBAL_REFERENCE:
            path = self._global(node)
            kind = Kind.GLOBAL if path[0] == GLOBAL else Kind.FIELD
            self._add(node, node.name, kind, path, role, value)
        elif variable is not None:
            if variable in self._parameters:
                kind = Kind.PARAMETER if reference.index < 0 else Kind.UPVALUE
            else:
                kind = Kind.LOCAL if reference.index < 0 else Kind.UPVALUE
            if variable.declaration is None and variable.name == "_ENV":
                self._add(node, node.name, Kind.UPVALUE, (variable,), role, value)
            else:
                self._add(node, node.name, kind, (variable,), role, value)

    def field(self, node: nodes.Field, role: Role = Role.READ, value: Node | None = None) -> None:
        path = self.path(node)
        assert path is not None
        if len(path) == 2 and path[0] == GLOBAL:
            self._add(node.key, node.key.name, Kind.GLOBAL, path, role, value)
        else:
            self._add(node.key, node.key.name, Kind.FIELD, _shortened(path), role, value)
        self._waiting.append(node.object)

    def index(self, node: nodes.Index, role: Role = Role.READ, value: Node | None = None) -> None:
        key = node.key
        if type(key) is nodes.String:
            path = self.path(node)
            name = key.value.decode("latin-1")
            plain = self._text[key.start + 1 : key.end - 1] == name and key.end - key.start == len(name) + 2
            if path is not None and plain and name.isidentifier() and name.isascii():
                kind = Kind.GLOBAL if len(path) == 2 and path[0] == GLOBAL else Kind.FIELD
                inner = Node(key.start + 1, key.end - 1)
                self._add(inner, name, kind, _shortened(path), role, value)
        else:
            self._waiting.append(key)
        self._waiting.append(node.object)

    def method_call(self, node: nodes.MethodCall) -> None:
        path = self.path(node.object)
        name = node.method.name
        symbol = (UNKNOWN, name) if path is None else _shortened((*path, name))
        if name:
            self._seen(Occurrence(node.method.start, node.method.end, name, Kind.METHOD, symbol, is_call=True))
        self._waiting.append(node.object)
        self._waiting.extend(node.arguments)

    def call(self, node: nodes.Call) -> None:
        arguments = node.arguments
        function = node.function
        if type(function) is nodes.Name and function.reference is not None and len(arguments) == 1:
            text = arguments[0]
            if function.name in ("require",) and function.reference.variable is None and type(text) is nodes.String:
                self._names.requires.append((text, text.value.decode("latin-1")))
        if _is_setmetatable(node):
            self._metatable(node)
            table, meta = node.arguments[0], self.path(node.arguments[1])
            if type(table) is nodes.Table and meta is not None and meta[0] != UNKNOWN:
                self._owners.setdefault(table, meta)
        before = len(self._names.occurrences)
        if type(function) is nodes.Name:
            self.name(function)
        elif type(function) is nodes.Field:
            self.field(function)
        else:
            self._waiting.append(function)
        if len(self._names.occurrences) > before:
            self._names.occurrences[-1].is_call = True
        self._waiting.extend(arguments)

    def _metatable(self, node: nodes.Call) -> None:
        """`setmetatable(t, {__index = base})`: t has the fields of base."""
        path, meta = self.path(node.arguments[0]), node.arguments[1]
        if path is None or path[0] == UNKNOWN:
            return
        bases = [meta]
        if type(meta) is nodes.Table:
            bases = [item.value for item in meta.items if type(item) is nodes.NamedItem and item.key.name == "__index"]
        for base in bases:
            self._alias(path, self.path(base))

    def _alias(self, path: Path, other: Path | None) -> None:
        if other is not None and other[0] != UNKNOWN and other != path:
            self._names.aliases.setdefault(path, []).append(other)

    # --- values

    def _value(self, path: Path, value: Node) -> None:
        """What is known of a path because of an expression that it is set to."""
        names = self._names
        if type(value) is nodes.Binary and value.operator == "or":
            self._value(path, value.left)
            self._value(path, value.right)
        elif type(value) is nodes.Table:
            self._owners[value] = path
        elif type(value) is nodes.Function:
            self._name_function(value, path)
        elif _is_setmetatable(value):
            if type(value.arguments[0]) is nodes.Table:
                owner = self._selves.get(path[0]) if len(path) == 1 and isinstance(path[0], Variable) else None
                self._owners[value.arguments[0]] = owner or path
            else:
                self._alias(path, self.path(value.arguments[0]))
            self._alias(path, self.path(value.arguments[1]))
        elif type(value) is nodes.Call:
            if type(value.function) is nodes.Name and value.function.name == "require" and len(value.arguments) == 1:
                module = value.arguments[0]
                if type(module) is nodes.String:
                    names.modules[path] = module.value.decode("latin-1")
                return
            maker = self.path(value.function)
            if maker is not None and maker[0] == GLOBAL and maker[1:2] in _LIBRARIES:
                if maker[1:] in _FILE_MAKERS:
                    self._alias(path, (GLOBAL, FILE))
                return
            # `Account.new(...)` and `Account(...)` give what has Account's fields.
            if maker is not None and maker[0] != UNKNOWN:
                is_maker = type(value.function) is nodes.Field and len(maker) > 1
                self._alias(path, maker[:-1] if is_maker and maker[:-1] != (GLOBAL,) else maker)
        elif type(value) is nodes.MethodCall:
            self._alias(path, self.path(value.object) if value.method.name == "new" else None)
        else:
            self._alias(path, self.path(value))

    def _name_function(self, function: nodes.Function, path: Path) -> None:
        self._names.functions[function] = path
        scope: FunctionScope | None = function.scope
        if scope is None or not scope.parameters:
            return
        first = scope.parameters[0]
        owner = path[:-1]
        if first.name == "self" and owner and owner not in ((GLOBAL,), (UNKNOWN,)):
            self._selves[first] = owner

    def table(self, node: nodes.Table) -> None:
        path = self._owners.pop(node, (UNKNOWN,))
        for item in node.items:
            if type(item) is nodes.NamedItem:
                symbol = _shortened((*path, item.key.name))
                self._add(item.key, item.key.name, Kind.FIELD, symbol, Role.DECLARATION, item.value)
                self._value(symbol, item.value)
            elif type(item) is nodes.KeyedItem:
                self._waiting.append(item.key)
            self._waiting.append(item.value)

    # --- statements

    def local(self, node: nodes.LocalStatement) -> None:
        values = node.values
        for index, named in enumerate(node.names):
            if len(values) == 1 and _is_setmetatable(values[0]) and type(values[0].arguments[0]) is nodes.Table:
                self._instance(named.identifier.variable, values[0].arguments[1])
            self._declare(named.identifier, values[index] if index < len(values) else None)
            if named.attribute is not None:
                self._add(named.attribute, named.attribute.name, Kind.ATTRIBUTE, (UNKNOWN, "<>", named.attribute.name))
        self._waiting.extend(values)

    def _instance(self, variable: Variable | None, metatable: Node) -> None:
        """A new object has the fields of what its metatable names: for both they are the same fields."""
        path = self.path(metatable)
        if variable is not None and path is not None and path[0] != UNKNOWN:
            self._selves[variable] = path

    def assignment(self, node: nodes.Assignment) -> None:
        values = node.values
        for index, target in enumerate(node.targets):
            value = values[index] if index < len(values) else None
            self._target(target, value)
        self._waiting.extend(values)

    def _target(self, target: Node, value: Node | None) -> None:
        if value is not None:
            path = self.path(target)
            if path is not None and path[0] != UNKNOWN:
                if type(target) in (nodes.Field, nodes.Index) and path[-1] == "__index":
                    self._index_of(path[:-1], value)
                else:
                    self._value(path, value)
        if type(target) is nodes.Name:
            self.name(target, Role.WRITE, value)
        elif type(target) is nodes.Field:
            self.field(target, Role.WRITE, value)
        elif type(target) is nodes.Index:
            self.index(target, Role.WRITE, value)
        else:
            self._waiting.append(target)

    def _index_of(self, path: Path, value: Node) -> None:
        self._alias(path, self.path(value))

    def function_statement(self, node: nodes.FunctionStatement) -> None:
        path = self.path(node.target)
        target = node.target
        if path is not None:
            self._name_function(node.function, path)
        if type(target) is nodes.Name:
            self.name(target, Role.WRITE, node.function)
        elif type(target) is nodes.Field:
            self.field(target, Role.WRITE, node.function)
            if node.function.is_method and target.key.name:
                # The object was put off, so that the key is what was seen last.
                self._names.occurrences[-1].kind = Kind.METHOD
        self._waiting.append(node.function)

    def local_function(self, node: nodes.LocalFunction) -> None:
        self._declare(node.identifier, node.function)
        self._waiting.append(node.function)

    def function(self, node: nodes.Function) -> None:
        for identifier in node.parameters:
            self._declare(identifier)
        self._waiting.append(node.body)

    def numeric_for(self, node: nodes.NumericFor) -> None:
        self._declare(node.variable)
        self._waiting.extend(child for child in children(node) if child is not node.variable)

    def generic_for(self, node: nodes.GenericFor) -> None:
        for identifier in node.variables:
            self._declare(identifier)
        self._waiting.extend([*node.values, node.body])

    def goto(self, node: nodes.Goto) -> None:
        symbol: Symbol = node.target if node.target is not None else (UNKNOWN, "::", node.label.name)
        self._add(node.label, node.label.name, Kind.LABEL, symbol)

    def block(self, node: nodes.Block) -> None:
        self._waiting.extend(node.statements[::-1])  # the first is to be seen first: it may say what `self` is

    def labels(self, node: nodes.Chunk) -> None:
        for label in self._resolution.labels:
            self._add(label.node.label, label.name, Kind.LABEL, label, Role.DECLARATION)
        self._waiting.append(node.body)

    def passed_over(self, node: Node) -> None:
        """A node without names of its own."""


def _is_setmetatable(node: object) -> TypeGuard[nodes.Call]:
    return (
        type(node) is nodes.Call
        and type(node.function) is nodes.Name
        and node.function.name == "setmetatable"
        and len(node.arguments) == 2
    )


def _shortened(path: Path) -> Path:
    """Of what begins nowhere only the last name counts."""
    return (UNKNOWN, path[-1]) if path[0] == UNKNOWN else path


_HANDLERS: dict[type[Node], Callable[[_Collector, Any], None]] = {
    nodes.Chunk: _Collector.labels,
    nodes.Block: _Collector.block,
    nodes.Name: _Collector.name,
    nodes.Field: _Collector.field,
    nodes.Index: _Collector.index,
    nodes.Call: _Collector.call,
    nodes.MethodCall: _Collector.method_call,
    nodes.Table: _Collector.table,
    nodes.Function: _Collector.function,
    nodes.LocalStatement: _Collector.local,
    nodes.Assignment: _Collector.assignment,
    nodes.FunctionStatement: _Collector.function_statement,
    nodes.LocalFunction: _Collector.local_function,
    nodes.NumericFor: _Collector.numeric_for,
    nodes.GenericFor: _Collector.generic_for,
    nodes.Goto: _Collector.goto,
    nodes.Label: _Collector.passed_over,
    nodes.Identifier: _Collector.passed_over,
    nodes.Number: _Collector.passed_over,
    nodes.String: _Collector.passed_over,
}
