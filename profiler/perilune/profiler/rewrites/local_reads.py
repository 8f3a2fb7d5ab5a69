"""A global or a field that is read again and again in a loop: a local variable before the loop reads it once.

What the standard library has is read once for all, before the function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perilune.compiler import nodes
from perilune.compiler.symbols import Variable
from perilune.profiler.rewrites import library
from perilune.profiler.rewrites.code import Code, Loop, Path, Read
from perilune.profiler.rewrites.layout import Layout
from perilune.profiler.rewrites.rewrite import LOCAL, Edit, IsHot, Rewrite


def find(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """What is read on hot lines again and again."""
    if code.has_own_environment:
        return
    yield from _library_reads(code, layout, is_hot)
    yield from _settled_reads(code, layout, is_hot)
    yield from _other_reads(code, layout, is_hot)


# --- the standard library


def _library_reads(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """One rewrite for each function of the text, and one for each loop that is in none."""
    hot: dict[nodes.Statement, dict[tuple[str, ...], int]] = {}
    for line, node in code.reads:
        path = _library_name(code, node) if is_hot(line) else None
        anchor = None if path is None else _statement_around(code, node) or _outermost_loop(code, node)
        if path is not None and anchor is not None:
            hot.setdefault(anchor, {}).setdefault(path, line)
    for anchor, paths in hot.items():
        reads: dict[tuple[str, ...], list[Read]] = {path: [] for path in paths}
        for inner in code.inside(anchor):
            if isinstance(inner, (nodes.Name, nodes.Field)) and (path := _library_name(code, inner)) in reads:
                assert path is not None
                reads[path].append(inner)
        yield _library_rewrite(code, layout, anchor, reads, min(paths.values()))


def _library_name(code: Code, node: nodes.Node) -> tuple[str, ...] | None:
    """What of the library is read by a name or a field that runs more than once."""
    outer = code.parents.get(node)
    if isinstance(outer, nodes.FunctionStatement) or (isinstance(outer, nodes.Assignment) and node in outer.targets):
        return None
    if isinstance(node, nodes.Name) and isinstance(outer, nodes.Field) and node.name in library.LIBRARIES:
        return None
    path = code.path(node)
    if path is None or not all(isinstance(name, str) for name in path):
        return None
    names = tuple(str(name) for name in path)
    if not library.is_library(names) or not code.keeps_library(names):
        return None
    runs_often = bool(code.loops(node)) or not isinstance(code.place(node), nodes.Chunk)
    return names if runs_often else None


def _statement_around(code: Code, node: nodes.Node) -> nodes.Statement | None:
    """The text's own statement around a function, where there is one."""
    return None if isinstance(code.place(node), nodes.Chunk) else code.top_statement(node)


def _outermost_loop(code: Code, node: nodes.Node) -> Loop | None:
    loops = code.loops(node)
    return loops[-1] if loops else None


def _library_rewrite(
    code: Code, layout: Layout, anchor: nodes.Statement, reads: dict[tuple[str, ...], list[Read]], line: int
) -> Rewrite:
    new, edits = [], []
    for path, places in reads.items():
        # A basic function keeps its name, which then means the local variable.
        name = path[0] if len(path) == 1 else _library_local(code, *path)
        new.append((name, ".".join(path)))
        if len(path) > 1:
            edits += [Edit(place.start, place.end, name) for place in places]
    names, values = zip(*new, strict=True)
    edits.append(layout.before(anchor, f"local {', '.join(names)} = {', '.join(values)}"))
    where = (
        "loop" if isinstance(anchor, (nodes.While, nodes.Repeat, nodes.NumericFor, nodes.GenericFor)) else "function"
    )
    subject = ", ".join(values)
    assumes = f"nothing replaces {subject} while the program runs"
    return Rewrite(LOCAL, line, subject, f"read {_named(values)} once, before the {where}", tuple(edits), assumes)


def _library_local(code: Code, library_name: str, name: str) -> str:
    """A name for a library function: its own, unless that says too little, or is another's."""
    is_taken = library_name == "string" or name in library.BASIC or code.fresh(name) != name
    return code.fresh(f"{library_name}_{name}" if is_taken else name)


def _named(values: Iterable[str]) -> str:
    names = list(values)
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + f" and {len(names) - 3} more" * (len(names) > 3)


# --- what the text sets once, before the function that reads it


def _settled_reads(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """One rewrite for each statement of the text whose functions read globals and fields that were set before it."""
    hot: dict[nodes.Statement, dict[Path, int]] = {}
    known: dict[tuple[nodes.Statement, Path], bool] = {}
    for line, node in code.reads:
        path = _read_in_function(code, node) if is_hot(line) else None
        anchor = None if path is None else code.top_statement(node)
        if path is None or anchor is None:
            continue
        if (anchor, path) not in known:
            known[anchor, path] = _is_settled(code, path, anchor)
        if known[anchor, path]:
            hot.setdefault(anchor, {}).setdefault(path, line)
    for anchor, paths in hot.items():
        reads: dict[Path, list[Read]] = {path: [] for path in paths}
        for inner in code.inside(anchor):
            if isinstance(inner, (nodes.Name, nodes.Field)) and (path := _read_in_function(code, inner)) in reads:
                assert path is not None
                reads[path].append(inner)
        yield _settled_rewrite(code, layout, anchor, reads, min(paths.values()))


def _read_in_function(code: Code, node: Read) -> Path | None:
    """What is read in a function where no loop is around; before a loop it is in reach of fewer instructions."""
    path = _read(code, node)
    if path is None or isinstance(code.place(node), nodes.Chunk) or code.loops(node):
        return None
    return None if code.has_comment(node.start, node.end) else path


def _is_settled(code: Code, path: Path, anchor: nodes.Statement) -> bool:
    """Whether a path has its value before a statement of the text, and nothing in the text sets it from there on."""
    head, fields = path[0], path[1:]
    if len(fields) > 1:
        return False
    sets: list[nodes.Node] = []
    for target in code.targets:
        name = target.name if isinstance(target, nodes.Name) and code.variable(target) is None else None
        if (isinstance(target, nodes.Field) and target.key.name in fields) or (name is not None and name == head):
            sets.append(target)
        elif isinstance(target, nodes.Index) and code.path(target.object) == (head,) and fields:
            return False
    if isinstance(head, Variable):
        if (
            head.assigned
            or head.start > anchor.start
            or code.resolution.visible(anchor.start).get(head.name) is not head
        ):
            return False
        table = code.initial_value(head)
        has_item = isinstance(table, nodes.Table) and any(
            isinstance(item, nodes.NamedItem) and item.key.name in fields for item in table.items
        )
        if not (has_item or any(code.path(target) == path for target in sets)):
            return False
    elif not any(code.path(target) == (head,) for target in sets) or (
        fields and not any(code.path(target) == path for target in sets)
    ):
        return False
    return all(target.end <= anchor.start and isinstance(code.place(target), nodes.Chunk) for target in sets)


def _settled_rewrite(
    code: Code, layout: Layout, anchor: nodes.Statement, reads: dict[Path, list[Read]], line: int
) -> Rewrite:
    new, edits = [], []
    for path, places in reads.items():
        name = str(path[0]) if len(path) == 1 else code.fresh(str(path[-1]))
        new.append((name, code.slice(places[0])))
        if len(path) > 1:
            edits += [Edit(place.start, place.end, name) for place in places]
    names, values = zip(*new, strict=True)
    edits.append(layout.before(anchor, f"local {', '.join(names)} = {', '.join(values)}"))
    subject = ", ".join(values)
    title = f"read {_named(values)} once, before the function"
    return Rewrite(LOCAL, line, subject, title, tuple(edits), f"nothing sets {subject} while the program runs")


# --- everything else


def _other_reads(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """One rewrite for each loop and each global or field that stays as it is there."""
    groups: dict[tuple[Loop, Path], list[Read]] = {}
    for line, node in code.reads:
        path = _read(code, node) if is_hot(line) else None
        if path is None:
            continue
        anchor = None
        for loop in code.loops(node):
            head = path[0]
            if (isinstance(head, Variable) and head.start > loop.start) or not _stays(code, path, loop):
                break
            anchor = loop
        if anchor is not None:
            groups.setdefault((anchor, path), [])
    for anchor, path in groups:
        same = [node for node in code.inside(anchor) if isinstance(node, (nodes.Name, nodes.Field))]
        reads = [node for node in same if code.loops(node) and anchor in code.loops(node) and _read(code, node) == path]
        if any(path != other and other[: len(path)] == path for loop, other in groups if loop is anchor):
            covered = {other for loop, other in groups if loop is anchor and len(other) > len(path)}
            reads = [node for node in reads if not any(_is_head(code, node, other) for other in covered)]
        rewrite = _rewrite(code, layout, anchor, path, sorted(reads, key=lambda node: node.start), is_hot)
        if rewrite is not None:
            yield rewrite


def _read(code: Code, node: nodes.Node) -> Path | None:
    """The path of a global or a field that a node reads and that is not the library's."""
    path = code.path(node)
    outer = code.parents.get(node)
    if path is None or isinstance(outer, nodes.FunctionStatement):
        return None
    if isinstance(outer, nodes.Assignment) and node in outer.targets:
        return None
    head = path[0]
    if isinstance(head, Variable):
        return path if len(path) > 1 else None
    names = tuple(str(name) for name in path)
    if names[0] in library.LIBRARIES or names[0] in library.BASIC:
        return None
    return path


def _is_head(code: Code, node: Read, longer: Path) -> bool:
    """Whether a read is the beginning of a longer one."""
    outer = code.parents.get(node)
    while isinstance(outer, nodes.Field):
        if code.path(outer) == longer:
            return True
        outer = code.parents.get(outer)
    return False


def _stays(code: Code, path: Path, loop: Loop) -> bool:
    """Whether nothing in a loop sets a variable, global or field of a path, as far as the text shows."""
    head, fields = path[0], path[1:]
    inside = [target for target in code.targets if code.is_in(target, loop)]
    if isinstance(head, Variable):
        if any(code.variable(target) is head for target in inside):
            return False
    elif any(isinstance(target, nodes.Name) and target.name == head for target in inside):
        return False
    if any(isinstance(target, nodes.Field) and target.key.name in fields for target in inside):
        return False
    for target in inside:
        if isinstance(target, nodes.Index) and not isinstance(target.key, nodes.Number):
            indexed = code.path(target.object)
            if indexed is not None and len(indexed) < len(path) and indexed == path[: len(indexed)]:
                return False
            if isinstance(target.key, nodes.String) and target.key.value.decode("latin-1") in fields:
                return False
    if not code.runs_unknown_code(loop):
        return True
    if isinstance(head, Variable) and head.captured and head.assigned:
        return False
    return not any(_sets(code, target, path) for target in code.targets)


def _sets(code: Code, target: nodes.Expression, path: Path) -> bool:
    """Whether a function that may be called sets something of a path."""
    if not isinstance(code.place(target), nodes.Function):
        return False
    if isinstance(target, nodes.Field):
        return target.key.name in path[1:]
    return isinstance(target, nodes.Name) and code.variable(target) is None and target.name == path[0]


def _rewrite(code: Code, layout: Layout, anchor: Loop, path: Path, reads: list[Read], is_hot: IsHot) -> Rewrite | None:
    if not reads or not any(is_hot(code.line(read)) for read in reads):
        return None
    head = path[0]
    written = code.slice(reads[0])
    if any(code.has_comment(read.start, read.end) for read in reads):
        return None
    may_fail = len(path) > 1 and not _is_surely_table(code, path)
    if may_fail and not any(_is_unconditional(code, read, anchor) for read in reads):
        return None
    keeps_name = isinstance(head, str) and len(path) == 1 and _is_set_before(code, head, anchor)
    name = str(head) if keeps_name else code.fresh(str(path[-1]) if len(path) > 1 else f"{head}_value")
    line = next(code.line(read) for read in reads if is_hot(code.line(read)))
    edits = [] if keeps_name else [Edit(read.start, read.end, name) for read in reads]
    edits.append(layout.before(anchor, f"local {name} = {written}"))
    assumes = f"nothing that the loop calls sets `{written}`" if code.runs_unknown_code(anchor) else ""
    if may_fail:
        base = written.rpartition(".")[0]
        assumes += f"{', and ' if assumes else ''}`{base}` is a table even where the loop does not run"
    return Rewrite(LOCAL, line, written, f"read `{written}` once, before the loop", tuple(edits), assumes)


def _is_set_before(code: Code, name: str, anchor: Loop) -> bool:
    """Whether a global is set by nothing but what the text does before a loop, if at all."""
    return not any(
        isinstance(target, nodes.Name)
        and target.name == name
        and (target.start > anchor.start or isinstance(code.place(target), nodes.Function))
        for target in code.targets
    )


def _is_surely_table(code: Code, path: Path) -> bool:
    """Whether what a field is read of is a table, whatever runs before."""
    head = path[0]
    if not isinstance(head, Variable) or len(path) > 2:
        return False
    if head.name == "self" and head.declaration is None:
        return True
    return not head.assigned and isinstance(code.initial_value(head), nodes.Table)


def _is_unconditional(code: Code, read: Read, loop: Loop) -> bool:
    """Whether a loop that runs at all reads it in its first round."""
    inner: nodes.Node = read
    for outer in code.around(read):
        if outer is loop:
            return True
        if isinstance(outer, (nodes.Clause, nodes.Function, nodes.While)) and not (
            isinstance(outer, nodes.Clause) and inner is outer.condition and _is_first(code, outer)
        ):
            return False
        if isinstance(outer, nodes.If) and inner is outer.otherwise:
            return False
        if isinstance(outer, nodes.Binary) and outer.operator in ("and", "or") and inner is outer.right:
            return False
        if isinstance(outer, (nodes.NumericFor, nodes.GenericFor)) and inner is outer.body:
            return False
        inner = outer
    return False


def _is_first(code: Code, clause: nodes.Clause) -> bool:
    outer = code.parents[clause]
    return isinstance(outer, nodes.If) and outer.clauses[0] is clause
