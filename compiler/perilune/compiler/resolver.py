"""Scopes and names: which variable every name means, which label every goto means, and what is wrong with them.

The rules, the order in which errors are found and their words follow the reference implementation, which reads, checks
and compiles in one pass. So every error carries the offset of the token that the reference has read when it notices:
the first of several errors, syntax errors included, is the one with the smallest such offset.

The resolver also folds constant expressions, because `local x <const> = 60 * 60` is no variable at run time: it takes no
slot and no upvalue.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from perilune.compiler import nodes
from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.folding import FOLDABLE, Number, fold_binary, fold_unary
from perilune.compiler.jumps import BREAK, Jumps
from perilune.compiler.source import Source, next_token
from perilune.compiler.stopping import may_stop
from perilune.compiler.symbols import (
    CONSTANT,
    GLOBAL,
    NOT_CONSTANT,
    UPVALUE,
    FunctionScope,
    LabelSymbol,
    Reference,
    Resolution,
    Scope,
    Upvalue,
    Variable,
)

MAX_LOCALS: Final = 200
MAX_UPVALUES: Final = 255
RECURSION_LIMIT: Final = 20_000
"""Enough Python frames for the deepest nesting that the parser lets through."""

_UNKNOWN: Final = object()
_NUMBERS: Final = (int, float)


def resolve(chunk: nodes.Chunk, source: Source) -> Resolution:
    """Binds every name and label of a chunk, in place, and returns the tables. Never raises on any tree."""
    if sys.getrecursionlimit() < RECURSION_LIMIT:
        sys.setrecursionlimit(RECURSION_LIMIT)
    return _Resolver(source).chunk(chunk)


class _Resolver:
    function: FunctionScope
    last_name: nodes.Name

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.result = Resolution()
        self.folded = self.result.folded
        self.scope: Scope | None = None
        self.names: dict[str, Variable] = {}
        self.active: list[Variable] = []
        self.level = 0
        self.jumps = Jumps()
        self.behind_run = (0, -1)  # what `behind_labels` has found: all between these two is labels
        self.end = 0

    # --- errors

    def token(self, offset: int) -> tuple[int, int]:
        return next_token(self.text, offset)

    def report(self, noticed: int, message: str, start: int, end: int, near: bool = False) -> None:
        """Records an error that the reference notices when it has read the token that begins at or behind `noticed`."""
        token_start, token_end = self.token(noticed)
        if near:
            token = self.text[token_start:token_end]
            message += f" near '{token}'" if token else " near <eof>"
        line = self.source.line(max(token_end - 1, token_start))
        self.result.errors.append((token_start, Diagnostic.at(self.source, message, start, end, line)))

    def report_limit(self, function: FunctionScope, what: str, limit: int, node: nodes.Node) -> None:
        if what in function._limits_reported:
            return
        function._limits_reported.add(what)
        where = "main function"
        if isinstance(function.node, nodes.Function):
            where = f"function at line {self.source.line(function.node.start)}"
        message = f"too many {what} (limit is {limit}) in {where}"
        self.report(node.end, message, node.start, node.end, near=True)

    # --- scopes

    def chunk(self, chunk: nodes.Chunk) -> Resolution:
        function = FunctionScope(chunk, None, True)
        environment = Variable("_ENV", None, None)
        environment.captured = True
        function.upvalues.append(Upvalue("_ENV", environment, True, 0))
        function._outside["_ENV"] = Reference(UPVALUE, "_ENV", environment, 0)
        chunk.scope = function
        self.end = len(self.text)
        self.function_body(function, [], chunk.body, self.end)
        self.result.errors.sort(key=lambda error: error[0])
        return self.result

    def enter(self, start: int, end: int, is_loop: bool = False) -> Scope:
        scope = Scope(self.function, self.scope, start, end)
        self.function.scopes.append(scope)
        scope._first_active = len(self.active)
        scope._level = self.level
        scope._is_loop = is_loop
        self.jumps.enter(scope)
        self.scope = scope
        return scope

    def leave(self) -> None:
        scope = self.scope
        assert scope is not None
        names = self.names
        if scope.variables:
            for name, shadowed in reversed(scope._shadowed):
                if shadowed is None:
                    del names[name]
                else:
                    names[name] = shadowed
            for variable in scope.variables:
                variable.end = scope.end
        del self.active[scope._first_active :]
        self.level = scope._level
        self.jumps.leave(scope)
        self.scope = scope.parent

    def declare(
        self, identifier: nodes.Identifier | None, name: str, pending: int = 0, noticed: nodes.Node | None = None
    ) -> Variable:
        """A new variable that is not in scope yet; `pending` counts those before it that are not either."""
        variable = Variable(name, identifier, self.scope)
        if identifier is not None:
            identifier.variable = variable
            self.result.variables.append(variable)
        if len(self.active) + pending >= MAX_LOCALS:
            node = identifier or noticed
            if node is not None:
                self.report_limit(self.function, "local variables", MAX_LOCALS, node)
        return variable

    def activate(self, variable: Variable, start: int) -> None:
        """Begins a variable's scope."""
        scope = self.scope
        assert scope is not None
        names = self.names
        name = variable.name
        scope._shadowed.append((name, names.get(name)))
        names[name] = variable
        scope.variables.append(variable)
        variable.scope = scope
        variable.start = start
        if variable.constant is NOT_CONSTANT:
            variable.slot = self.level
            self.level += 1
        self.active.append(variable)

    def hide(self, count: int, node: nodes.Node) -> None:
        """Begins the scope of a loop's hidden variables."""
        for _ in range(count):
            variable = self.declare(None, "(for state)", noticed=node)
            variable.slot = self.level
            self.level += 1
            self.active.append(variable)

    def function_body(
        self, function: FunctionScope, parameters: Sequence[nodes.Identifier | None], body: nodes.Block, end: int
    ) -> None:
        outer = self.scope, self.names, self.active, self.level, self.jumps
        self.result.functions.append(function)
        self.function = function
        self.scope = None
        self.names = function._names
        self.active = []
        self.level = 0
        self.jumps = Jumps()
        self.enter(body.start, end)
        for identifier in parameters:
            variable = self.declare(identifier, identifier.name if identifier else "self", noticed=body)
            self.activate(variable, identifier.end if identifier else body.start)
            function.parameters.append(variable)
        self.statements(body.statements, True)
        self.leave()
        for jump in self.jumps.pending:
            if isinstance(jump.node, nodes.Goto):
                message = f"no visible label '{jump.name}' for <goto> at line {jump.line}"
            else:
                message = f"break outside loop at line {jump.line}"
            self.report(end, message, jump.node.start, jump.node.end)
        self.scope, self.names, self.active, self.level, self.jumps = outer
        if function.parent is not None:
            self.function = function.parent

    def block(self, block: nodes.Block, is_loop: bool = False) -> None:
        self.enter(block.start, block.end, is_loop)
        self.statements(block.statements, True)
        self.leave()

    def statements(self, statements: list[nodes.Statement], ends_scope: bool) -> None:
        """The statements of a block; `ends_scope` is false where an `until` condition still sees the locals."""
        index = 0
        count = len(statements)
        handlers = _STATEMENTS
        while index < count:
            statement = statements[index]
            if type(statement) is nodes.Label:
                # The reference reads a run of labels before it enters the first: they are entered from the last.
                first = index
                while index < count and type(statements[index]) is nodes.Label:
                    index += 1
                for label in reversed(statements[first:index]):
                    self.label(cast(nodes.Label, label), ends_scope and index == count)
                continue
            handlers[type(statement)](self, statement)
            index += 1
            may_stop()

    # --- labels and jumps

    def label(self, node: nodes.Label, is_last: bool) -> None:
        name = node.label.name
        scope = self.scope
        assert scope is not None
        symbol = LabelSymbol(name, node, self.source.line(node.start), scope)
        known = self.jumps.visible(name)
        if known is not None:
            message = f"label '{name}' already defined on line {known.line}"
            self.report(self.behind_labels(node.end), message, node.label.start, node.label.end)
            return
        self.result.labels.append(symbol)
        scope.labels.append(symbol)
        if is_last:
            # Behind the last statement that does something, the block's variables count as out of scope.
            symbol.active = scope._first_active
            symbol.level = scope._level
        else:
            symbol.active = len(self.active)
            symbol.level = self.level
        for jump in self.jumps.define(symbol, scope):
            if jump.active < symbol.active:
                variable = self.active[jump.active].name
                message = f"<goto {name}> at line {jump.line} jumps into the scope of local '{variable}'"
                self.report(self.behind_labels(node.end), message, jump.node.start, jump.node.end)
            goto = cast(nodes.Goto, jump.node)
            goto.target = symbol
            symbol.gotos.append(goto)

    def behind_labels(self, offset: int) -> int:
        """The offset of the next token that is not part of an empty statement or a label."""
        begin = offset
        while True:
            known_begin, known_end = self.behind_run
            if known_begin <= offset <= known_end:
                self.behind_run = (begin, known_end)
                return known_end
            start, end = self.token(offset)
            if self.text[start:end] == ";":
                offset = end
            elif self.text[start:end] == "::":
                offset = self.token(self.token(end)[1])[1]
            else:
                self.behind_run = (begin, start)
                return start

    def goto(self, node: nodes.Goto) -> None:
        name = node.label.name
        symbol = self.jumps.visible(name)
        if symbol is not None:
            node.target = symbol
            symbol.gotos.append(node)
            return
        self.jumps.wait(node, name, self.source.line(node.label.start), len(self.active))

    def break_(self, node: nodes.Break) -> None:
        self.jumps.wait(node, BREAK, self.source.line(node.start), len(self.active))

    # --- names

    def outside(self, function: FunctionScope, name: str) -> Reference | None:
        """What a name means that is not local to the function; None for a global."""
        known = function._outside
        if name in known:
            return known[name]
        reference: Reference | None = None
        parent = function.parent
        if parent is not None:
            variable = parent._names.get(name)
            if variable is None:
                beyond = self.outside(parent, name)
                if beyond is not None:
                    if beyond.kind == CONSTANT:
                        reference = beyond
                    else:
                        reference = self.upvalue(function, name, cast(Variable, beyond.variable), False, beyond.index)
            elif variable.constant is not NOT_CONSTANT:
                reference = variable.reference
            else:
                variable.captured = True
                reference = self.upvalue(function, name, variable, True, variable.slot)
        known[name] = reference
        return reference

    def upvalue(self, function: FunctionScope, name: str, variable: Variable, in_stack: bool, index: int) -> Reference:
        if len(function.upvalues) >= MAX_UPVALUES:
            self.report_limit(function, "upvalues", MAX_UPVALUES, self.last_name)
        function.upvalues.append(Upvalue(name, variable, in_stack, index))
        return Reference(UPVALUE, name, variable, len(function.upvalues) - 1)

    def name(self, node: nodes.Name) -> object:
        name = node.name
        variable = self.names.get(name)
        if variable is not None:
            node.reference = variable.reference
            variable.references.append(node)
            if variable.constant is not NOT_CONSTANT:
                self.folded[node] = variable.constant
            return variable.constant
        function = self.function
        reference: Any = function._outside.get(name, _UNKNOWN)
        if reference is _UNKNOWN:
            self.last_name = node
            reference = self.outside(function, name)
        if reference is None:
            environment_variable = self.names.get("_ENV")
            if environment_variable is not None:
                environment = environment_variable.reference
            else:
                environment = function._outside.get("_ENV") or cast(Reference, self.outside(function, "_ENV"))
            known = environment.globals
            if known is None:
                known = environment.globals = {}
            reference = known.get(name)
            if reference is None:
                reference = known[name] = Reference(GLOBAL, name, None)
                reference.environment = environment
            node.reference = reference
            self.result.global_names.append(node)
            return NOT_CONSTANT
        node.reference = reference
        reference.variable.references.append(node)
        if reference.variable.constant is not NOT_CONSTANT:
            self.folded[node] = reference.variable.constant
        return reference.variable.constant

    # --- expressions: each returns its constant value or NOT_CONSTANT

    def visit(self, node: nodes.Expression) -> object:
        return _EXPRESSIONS[type(node)](self, node)

    def literal(self, node: nodes.Number | nodes.String) -> object:
        return node.value

    def nil(self, node: nodes.Nil) -> object:
        return None

    def true(self, node: nodes.TrueLiteral) -> object:
        return True

    def false(self, node: nodes.FalseLiteral) -> object:
        return False

    def vararg(self, node: nodes.Vararg) -> object:
        if not self.function.has_vararg:
            self.report(node.start, "cannot use '...' outside a vararg function", node.start, node.end, near=True)
        return NOT_CONSTANT

    def suffix(self, node: nodes.Expression) -> object:
        """A chain of calls and indices, which can be long: from its head to its last link."""
        chain: list[Any] = []
        head: Any = node
        while True:
            kind = type(head)
            if kind is nodes.Call:
                chain.append(head)
                head = head.function
            elif kind is nodes.Field or kind is nodes.Index or kind is nodes.MethodCall:
                chain.append(head)
                head = head.object
            else:
                break
        handlers = _EXPRESSIONS
        handlers[kind](self, head)
        for link in chain[::-1]:
            kind = type(link)
            if kind is nodes.Index:
                handlers[type(link.key)](self, link.key)
            elif kind is not nodes.Field:
                for argument in link.arguments:
                    handlers[type(argument)](self, argument)
        return NOT_CONSTANT

    def parenthesis(self, node: nodes.Parenthesis) -> object:
        value = self.visit(node.expression)
        if value is not NOT_CONSTANT:
            self.folded[node] = value
        return value

    def binary(self, node: nodes.Binary) -> object:
        spine = [node]
        left = node.left
        while type(left) is nodes.Binary:
            spine.append(left)
            left = left.left
        handlers = _EXPRESSIONS
        value = handlers[type(left)](self, left)
        for link in reversed(spine):
            right = handlers[type(link.right)](self, link.right)
            if value is not NOT_CONSTANT:
                value = self.fold(link, value, right)
        return value

    def fold(self, node: nodes.Binary, left: object, right: object) -> object:
        operator = node.operator
        value: object = NOT_CONSTANT
        if operator == "and":
            if left is not None and left is not False:
                value = right
        elif operator == "or":
            if left is None or left is False:
                value = right
        elif type(left) in _NUMBERS and type(right) in _NUMBERS and operator in FOLDABLE:
            folded: Number | None = fold_binary(operator, cast(Number, left), cast(Number, right))
            if folded is not None:
                value = folded
        if value is not NOT_CONSTANT:
            self.folded[node] = value
        return value

    def unary(self, node: nodes.Unary) -> object:
        operand = self.visit(node.operand)
        if operand is NOT_CONSTANT:
            return operand
        value: object = NOT_CONSTANT
        if node.operator == "not":
            value = operand is None or operand is False
        elif node.operator != "#" and type(operand) in _NUMBERS:
            folded: Number | None = fold_unary(node.operator, cast(Number, operand))
            if folded is not None:
                value = folded
        if value is not NOT_CONSTANT:
            self.folded[node] = value
        return value

    def table(self, node: nodes.Table) -> object:
        for item in node.items:
            self.item(item)
        return NOT_CONSTANT

    def item(self, item: nodes.Item) -> None:
        if type(item) is nodes.KeyedItem:
            _EXPRESSIONS[type(item.key)](self, item.key)
        _EXPRESSIONS[type(item.value)](self, item.value)

    def function_expression(self, node: nodes.Function) -> object:
        function = FunctionScope(node, self.function, node.vararg is not None)
        node.scope = function
        parameters: list[nodes.Identifier | None] = [None] if node.is_method else []
        parameters += node.parameters
        self.function_body(function, parameters, node.body, node.end)
        return NOT_CONSTANT

    # --- statements

    def values(self, values: list[nodes.Expression]) -> object:
        """Expressions of a list; the constant value of the last."""
        handlers = _EXPRESSIONS
        value: object = NOT_CONSTANT
        for expression in values:
            value = handlers[type(expression)](self, expression)
        return value

    def local(self, node: nodes.LocalStatement) -> None:
        variables: list[Variable] = []
        closes = False
        for pending, named in enumerate(node.names):
            variable = self.declare(named.identifier, named.identifier.name, pending)
            variables.append(variable)
            attribute = named.attribute
            if attribute is not None:
                if attribute.name not in ("const", "close"):
                    message = f"unknown attribute '{attribute.name}'"
                    self.report(self.token(attribute.end)[1], message, attribute.start, attribute.end)
                    continue
                variable.attribute = attribute.name
                if attribute.name == "close":
                    if closes:
                        message = "multiple to-be-closed variables in local list"
                        self.report(self.token(attribute.end)[1], message, attribute.start, attribute.end)
                    closes = True
        value = self.values(node.values)
        if variables and len(variables) == len(node.values):
            last = variables[-1]
            if last.attribute == "const" and value is not NOT_CONSTANT:
                last.constant = value
                last.reference.kind = CONSTANT
        for variable in variables:
            self.activate(variable, node.end)

    def check_target(self, target: nodes.Expression, noticed: int) -> None:
        """Marks an assigned variable, or reports that it is read only."""
        if type(target) is not nodes.Name or target.reference is None or target.reference.variable is None:
            return
        variable = target.reference.variable
        variable.assigned = True
        if variable.attribute is not None:
            message = f"attempt to assign to const variable '{variable.name}'"
            self.report(noticed, message, target.start, target.end)

    def assignment(self, node: nodes.Assignment) -> None:
        for target in node.targets:
            self.visit(target)
            self.check_target(target, target.end)
        self.values(node.values)

    def call_statement(self, node: nodes.CallStatement) -> None:
        self.suffix(node.call)

    def do(self, node: nodes.Do) -> None:
        self.block(node.body)

    def while_(self, node: nodes.While) -> None:
        self.visit(node.condition)
        self.block(node.body, is_loop=True)

    def repeat(self, node: nodes.Repeat) -> None:
        self.enter(node.start, node.end, is_loop=True)
        self.enter(node.body.start, node.end)
        self.statements(node.body.statements, False)
        self.visit(node.condition)
        self.leave()
        self.leave()

    def if_(self, node: nodes.If) -> None:
        for clause in node.clauses:
            self.visit(clause.condition)
            self.block(clause.body)
        if node.otherwise is not None:
            self.block(node.otherwise)

    def numeric_for(self, node: nodes.NumericFor) -> None:
        self.enter(node.start, node.end, is_loop=True)
        variable = self.declare(node.variable, node.variable.name, 3)
        self.visit(node.first)
        self.visit(node.limit)
        if node.step is not None:
            self.visit(node.step)
        self.hide(3, node.variable)
        self.for_body(node, [variable])

    def generic_for(self, node: nodes.GenericFor) -> None:
        self.enter(node.start, node.end, is_loop=True)
        variables = [
            self.declare(identifier, identifier.name, 4 + pending) for pending, identifier in enumerate(node.variables)
        ]
        self.values(node.values)
        self.hide(4, node.variables[0] if node.variables else node)
        self.for_body(node, variables)

    def for_body(self, node: nodes.NumericFor | nodes.GenericFor, variables: list[Variable]) -> None:
        body = node.body
        self.enter(body.start, body.end)
        for variable in variables:
            self.activate(variable, body.start)
        # The reference has a block of its own for the body inside that of the variables: labels and locals alike
        # may repeat the loop variables' names, and a last label lies outside the body's locals only.
        self.block(body)
        self.leave()
        self.leave()

    def function_statement(self, node: nodes.FunctionStatement) -> None:
        self.visit(node.target)
        self.function_expression(node.function)
        self.check_target(node.target, node.end)

    def local_function(self, node: nodes.LocalFunction) -> None:
        variable = self.declare(node.identifier, node.identifier.name)
        self.activate(variable, node.identifier.end)
        self.function_expression(node.function)

    def return_(self, node: nodes.Return) -> None:
        self.values(node.values)

    def error_statement(self, node: nodes.ErrorStatement) -> None:
        for piece in node.pieces:
            if type(piece) in _EXPRESSIONS:
                self.visit(cast(nodes.Expression, piece))
            elif type(piece) in _STATEMENTS:
                _STATEMENTS[type(piece)](self, piece)
            elif isinstance(piece, nodes.Block):
                self.block(piece)
            elif isinstance(piece, nodes.Item):
                self.item(piece)


_EXPRESSIONS: Final[dict[type[nodes.Node], Callable[[_Resolver, Any], object]]] = {
    nodes.Nil: _Resolver.nil,
    nodes.TrueLiteral: _Resolver.true,
    nodes.FalseLiteral: _Resolver.false,
    nodes.Number: _Resolver.literal,
    nodes.String: _Resolver.literal,
    nodes.Vararg: _Resolver.vararg,
    nodes.Name: _Resolver.name,
    nodes.Field: _Resolver.suffix,
    nodes.Index: _Resolver.suffix,
    nodes.Call: _Resolver.suffix,
    nodes.MethodCall: _Resolver.suffix,
    nodes.Parenthesis: _Resolver.parenthesis,
    nodes.Binary: _Resolver.binary,
    nodes.Unary: _Resolver.unary,
    nodes.Table: _Resolver.table,
    nodes.Function: _Resolver.function_expression,
}

_STATEMENTS: Final[dict[type[nodes.Node], Callable[[_Resolver, Any], None]]] = {
    nodes.LocalStatement: _Resolver.local,
    nodes.Assignment: _Resolver.assignment,
    nodes.CallStatement: _Resolver.call_statement,
    nodes.Do: _Resolver.do,
    nodes.While: _Resolver.while_,
    nodes.Repeat: _Resolver.repeat,
    nodes.If: _Resolver.if_,
    nodes.NumericFor: _Resolver.numeric_for,
    nodes.GenericFor: _Resolver.generic_for,
    nodes.FunctionStatement: _Resolver.function_statement,
    nodes.LocalFunction: _Resolver.local_function,
    nodes.Return: _Resolver.return_,
    nodes.Break: _Resolver.break_,
    nodes.Goto: _Resolver.goto,
    nodes.ErrorStatement: _Resolver.error_statement,
}
