"""Builds the syntax tree: one function for each alternative of the grammar, called when the parser has read it.

`v` is the stack of values and `p` the stack of their start offsets; an alternative of n symbols finds them, tokens
included, in the last n places. A token's value is its text. `end` is the offset behind the alternative's last token.
"""

from __future__ import annotations

from typing import Any

from perilune.compiler.literals import number_value, string_value
from perilune.compiler.nodes import (
    Assignment,
    AttributedName,
    Binary,
    Block,
    Break,
    Call,
    CallStatement,
    Chunk,
    Clause,
    Do,
    Expression,
    FalseLiteral,
    Field,
    Function,
    FunctionStatement,
    GenericFor,
    Goto,
    Identifier,
    If,
    Index,
    Item,
    KeyedItem,
    Label,
    LocalFunction,
    LocalStatement,
    MethodCall,
    Name,
    NamedItem,
    Nil,
    Number,
    NumericFor,
    Parenthesis,
    PositionalItem,
    Repeat,
    Return,
    Statement,
    String,
    Table,
    TrueLiteral,
    Unary,
    Vararg,
    While,
)
from perilune.compiler.stopping import may_stop

Values = list[Any]
Starts = list[int]
Parameters = tuple[list[Identifier], Vararg | None]
Body = tuple[list[Identifier], Vararg | None, Block]


def passed_on(v: Values, p: Starts, end: int) -> Any:
    return v[-1]


# --- lists


def empty(v: Values, p: Starts, end: int) -> list[Any]:
    return []


def unchanged(v: Values, p: Starts, end: int) -> list[Any]:
    may_stop()
    result: list[Any] = v[-2]
    return result


def append(v: Values, p: Starts, end: int) -> list[Any]:
    may_stop()
    result: list[Any] = v[-2]
    result.append(v[-1])
    return result


def first(v: Values, p: Starts, end: int) -> list[Any]:
    return [v[-1]]


def next(v: Values, p: Starts, end: int) -> list[Any]:
    may_stop()
    result: list[Any] = v[-3]
    result.append(v[-1])
    return result


def first_identifier(v: Values, p: Starts, end: int) -> list[Identifier]:
    return [Identifier(p[-1], end, v[-1])]


def next_identifier(v: Values, p: Starts, end: int) -> list[Identifier]:
    result: list[Identifier] = v[-3]
    result.append(Identifier(p[-1], end, v[-1]))
    return result


# --- blocks and statements


def start(v: Values, p: Starts, end: int) -> Chunk:
    return Chunk(p[-1], end, v[-1])


def block(v: Values, p: Starts, end: int) -> Block:
    statements: list[Statement] = v[-1]
    return Block(statements[0].start, statements[-1].end, statements) if statements else Block(p[-1], p[-1], statements)


def block_with_return(v: Values, p: Starts, end: int) -> Block:
    statements: list[Statement] = v[-2]
    statements.append(v[-1])
    return Block(statements[0].start, end, statements)


def call_statement(v: Values, p: Starts, end: int) -> CallStatement:
    return CallStatement(p[-1], end, v[-1])


def assignment_statement(v: Values, p: Starts, end: int) -> Assignment:
    targets, values = v[-1]
    targets.reverse()
    return Assignment(p[-1], end, targets, values)


def assignment(v: Values, p: Starts, end: int) -> tuple[list[Expression], list[Expression]]:
    return [v[-3]], v[-1]


def next_target(v: Values, p: Starts, end: int) -> tuple[list[Expression], list[Expression]]:
    result: tuple[list[Expression], list[Expression]] = v[-1]
    result[0].append(v[-3])
    return result


def label(v: Values, p: Starts, end: int) -> Label:
    return Label(p[-3], end, Identifier(p[-2], p[-2] + len(v[-2]), v[-2]))


def break_statement(v: Values, p: Starts, end: int) -> Break:
    return Break(p[-1], end)


def goto(v: Values, p: Starts, end: int) -> Goto:
    return Goto(p[-2], end, Identifier(p[-1], end, v[-1]))


def do(v: Values, p: Starts, end: int) -> Do:
    return Do(p[-3], end, v[-2])


def while_statement(v: Values, p: Starts, end: int) -> While:
    return While(p[-5], end, v[-4], v[-2])


def repeat(v: Values, p: Starts, end: int) -> Repeat:
    return Repeat(p[-4], end, v[-3], v[-1])


def first_clause(v: Values, p: Starts, end: int) -> list[Clause]:
    return [Clause(p[-4], end, v[-3], v[-1])]


def next_clause(v: Values, p: Starts, end: int) -> list[Clause]:
    result: list[Clause] = v[-5]
    result.append(Clause(p[-4], end, v[-3], v[-1]))
    return result


def if_statement(v: Values, p: Starts, end: int) -> If:
    return If(p[-2], end, v[-2], None)


def if_else(v: Values, p: Starts, end: int) -> If:
    return If(p[-4], end, v[-4], v[-2])


def numeric_for(v: Values, p: Starts, end: int) -> NumericFor:
    variable = Identifier(p[-8], p[-8] + len(v[-8]), v[-8])
    return NumericFor(p[-9], end, variable, v[-6], v[-4], None, v[-2])


def numeric_for_step(v: Values, p: Starts, end: int) -> NumericFor:
    variable = Identifier(p[-10], p[-10] + len(v[-10]), v[-10])
    return NumericFor(p[-11], end, variable, v[-8], v[-6], v[-4], v[-2])


def generic_for(v: Values, p: Starts, end: int) -> GenericFor:
    return GenericFor(p[-7], end, v[-6], v[-4], v[-2])


def function_statement(v: Values, p: Starts, end: int) -> FunctionStatement:
    return FunctionStatement(p[-3], end, v[-2], Function(p[-3], end, *v[-1]))


def method_statement(v: Values, p: Starts, end: int) -> FunctionStatement:
    key = Identifier(p[-2], p[-2] + len(v[-2]), v[-2])
    target = Field(p[-4], key.end, v[-4], key)
    parameters, vararg, body = v[-1]
    return FunctionStatement(p[-5], end, target, Function(p[-5], end, parameters, vararg, body, is_method=True))


def local_function(v: Values, p: Starts, end: int) -> LocalFunction:
    identifier = Identifier(p[-2], p[-2] + len(v[-2]), v[-2])
    return LocalFunction(p[-4], end, identifier, Function(p[-3], end, *v[-1]))


def local(v: Values, p: Starts, end: int) -> LocalStatement:
    return LocalStatement(p[-2], end, v[-1], [])


def local_values(v: Values, p: Starts, end: int) -> LocalStatement:
    return LocalStatement(p[-4], end, v[-3], v[-1])


def plain_name(v: Values, p: Starts, end: int) -> AttributedName:
    return AttributedName(p[-1], end, Identifier(p[-1], end, v[-1]), None)


def attributed_name(v: Values, p: Starts, end: int) -> AttributedName:
    identifier = Identifier(p[-4], p[-4] + len(v[-4]), v[-4])
    attribute = Identifier(p[-2], p[-2] + len(v[-2]), v[-2])
    return AttributedName(p[-4], end, identifier, attribute)


def return_nothing(v: Values, p: Starts, end: int) -> Return:
    return Return(p[-1], end, [])


def return_semicolon(v: Values, p: Starts, end: int) -> Return:
    return Return(p[-2], end, [])


def return_values(v: Values, p: Starts, end: int) -> Return:
    return Return(p[-2], end, v[-1])


def return_values_semicolon(v: Values, p: Starts, end: int) -> Return:
    return Return(p[-3], end, v[-2])


# --- function bodies; the function's node is made where its keyword is known


def body_without_parameters(v: Values, p: Starts, end: int) -> Body:
    return [], None, v[-2]


def function_body(v: Values, p: Starts, end: int) -> Body:
    parameters, vararg = v[-4]
    return parameters, vararg, v[-2]


def fixed_parameters(v: Values, p: Starts, end: int) -> Parameters:
    return v[-1], None


def fixed_and_vararg(v: Values, p: Starts, end: int) -> Parameters:
    return v[-3], Vararg(p[-1], end)


def only_vararg(v: Values, p: Starts, end: int) -> Parameters:
    return [], Vararg(p[-1], end)


# --- expressions


def binary(v: Values, p: Starts, end: int) -> Binary:
    may_stop()
    return Binary(p[-3], end, v[-2], v[-3], v[-1], p[-2])


def unary(v: Values, p: Starts, end: int) -> Unary:
    return Unary(p[-2], end, v[-2], v[-1])


def nil(v: Values, p: Starts, end: int) -> Nil:
    return Nil(p[-1], end)


def true(v: Values, p: Starts, end: int) -> TrueLiteral:
    return TrueLiteral(p[-1], end)


def false(v: Values, p: Starts, end: int) -> FalseLiteral:
    return FalseLiteral(p[-1], end)


def number(v: Values, p: Starts, end: int) -> Number:
    return Number(p[-1], end, number_value(v[-1]))


def string(v: Values, p: Starts, end: int) -> String:
    return String(p[-1], end, string_value(v[-1]))


def vararg(v: Values, p: Starts, end: int) -> Vararg:
    return Vararg(p[-1], end)


def function(v: Values, p: Starts, end: int) -> Function:
    return Function(p[-2], end, *v[-1])


def parenthesis(v: Values, p: Starts, end: int) -> Parenthesis:
    return Parenthesis(p[-3], end, v[-2])


def name(v: Values, p: Starts, end: int) -> Name:
    return Name(p[-1], end, v[-1])


def field(v: Values, p: Starts, end: int) -> Field:
    return Field(p[-3], end, v[-3], Identifier(p[-1], end, v[-1]))


def index(v: Values, p: Starts, end: int) -> Index:
    return Index(p[-4], end, v[-4], v[-2])


def call(v: Values, p: Starts, end: int) -> Call:
    return Call(p[-2], end, v[-2], v[-1], p[-1])


def method_call(v: Values, p: Starts, end: int) -> MethodCall:
    method = Identifier(p[-2], p[-2] + len(v[-2]), v[-2])
    return MethodCall(p[-4], end, v[-4], method, v[-1], p[-1])


def no_arguments(v: Values, p: Starts, end: int) -> list[Expression]:
    return []


def bracketed(v: Values, p: Starts, end: int) -> list[Expression]:
    result: list[Expression] = v[-2]
    return result


def string_argument(v: Values, p: Starts, end: int) -> list[Expression]:
    return [String(p[-1], end, string_value(v[-1]))]


def empty_table(v: Values, p: Starts, end: int) -> Table:
    return Table(p[-2], end, [])


def table(v: Values, p: Starts, end: int) -> Table:
    return Table(p[-3], end, v[-2])


def table_trailing(v: Values, p: Starts, end: int) -> Table:
    return Table(p[-4], end, v[-3])


def positional_item(v: Values, p: Starts, end: int) -> Item:
    return PositionalItem(p[-1], end, v[-1])


def named_item(v: Values, p: Starts, end: int) -> Item:
    return NamedItem(p[-3], end, Identifier(p[-3], p[-3] + len(v[-3]), v[-3]), v[-1])


def keyed_item(v: Values, p: Starts, end: int) -> Item:
    return KeyedItem(p[-5], end, v[-4], v[-1])
