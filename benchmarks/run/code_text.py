"""What a module says in code, as text to hash: without comments, docstrings and the paths of the project's own modules.

Which names come from one module counts; where that module lies, and what it is called, does not. The text is made of
the source's own lines, not of a syntax tree that is printed again, so every version of Python gives the same.
"""

import ast
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

IsModule = Callable[[str], bool]
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_Span = tuple[int, int, int, int]


@dataclass(frozen=True)
class OwnImport:
    """An import statement that reaches modules of the project.

    modules: dotted names of all that it reaches. names: (module, name, local name) of what it takes from a module.
    bound: local (perhaps dotted) name -> module, where a name stands for a whole module. others: what else it imports.
    """

    node: ast.Import | ast.ImportFrom
    modules: list[str] = field(default_factory=list)
    names: list[tuple[str, str, str]] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def own_imports(tree: ast.AST, is_module: IsModule, package: str = "") -> list[OwnImport]:
    """Return the imports of the project's modules, those inside functions too.

    is_module: whether a dotted name is a module of the project. package: where the relative imports of the tree start.
    """
    found = (_own(node, is_module, package) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return [one for one in found if one.modules]


def code_text(source: str, is_module: IsModule = lambda _: False, package: str = "") -> str:
    """Return a source text as it is hashed; the imports of the project's modules come first, as what they bring.

    A name that stands for a whole module becomes ``module_1``, ``module_2``, ... in the order of use, unless the text
    also gives it to something else. is_module, package: as for `own_imports`.
    """
    tree = ast.parse(source)
    imports = own_imports(tree, is_module, package)
    lines = [line.encode() for line in source.split("\n")]
    nodes = [*_docstrings(tree), *(one.node for one in imports)]
    for span in (*_comments(source), *(_span(node) for node in nodes)):
        _blank(lines, span)
    bound = {name: module for one in imports for name, module in one.bound.items()}
    kept = _rename_modules(lines, tree, bound)
    header = {f"import {other}" for one in imports for other in one.others} | {f"module {name}" for name in kept}
    groups: dict[str, set[str]] = {}
    for module, name, local in (names for one in imports for names in one.names):
        groups.setdefault(module, set()).add(name if name == local else f"{name} as {local}")
    header |= {f"from one import {', '.join(sorted(names))}" for names in groups.values()}
    body = (line.decode().rstrip() for line in lines)
    return "\n".join([*sorted(header), *(line for line in body if line)])


def _own(node: ast.Import | ast.ImportFrom, is_module: IsModule, package: str) -> OwnImport:
    found = OwnImport(node)
    if isinstance(node, ast.Import):
        for alias in node.names:
            if is_module(alias.name):
                found.modules.append(alias.name)
                found.bound[alias.asname or alias.name] = alias.name
            else:
                found.others.append(alias.name if alias.asname is None else f"{alias.name} as {alias.asname}")
        return found
    parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    base = ".".join([*parents, *([node.module] if node.module else [])])
    if is_module(base):
        found.modules.append(base)
    for alias in node.names:
        module, local = f"{base}.{alias.name}", alias.asname or alias.name
        if is_module(module):
            found.modules.append(module)
            found.bound[local] = module
        else:
            found.names.append((base, alias.name, local))
    return found


def _comments(source: str) -> Iterator[_Span]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            begin = len(token.line[:column].encode())
            yield row, begin, row, begin + len(token.string.encode())


def _docstrings(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            yield node.body[0]


def _span(node: ast.stmt | ast.expr) -> _Span:
    """First row (from 1), byte in it, last row, and byte behind the node's last."""
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _blank(lines: list[bytes], span: _Span) -> None:
    first, begin, last, end = span
    for row in range(first, last + 1):
        line = lines[row - 1]
        start, stop = begin if row == first else 0, end if row == last else len(line)
        lines[row - 1] = line[:start] + b" " * (stop - start) + line[stop:]


def _rename_modules(lines: list[bytes], tree: ast.AST, bound: dict[str, str]) -> set[str]:
    """Put ``module_<n>`` for the names that stand for modules; return the names that had to stay.

    Python before 3.12 does not know where a name lies inside an f-string, so a module that is named there keeps its name.
    """
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    uses = [(node, name) for node in ast.walk(tree) if (name := _dotted(node)) in bound]
    taken = {name for node, name in uses if id(node) in inside} | _assigned(tree)
    spans = sorted((_span(node), name) for node, name in uses if isinstance(node, ast.expr) and name not in taken)
    order = list(dict.fromkeys(bound[name] for _, name in spans))
    for (row, begin, _, end), name in reversed(spans):
        line = lines[row - 1]
        lines[row - 1] = line[:begin] + f"module_{order.index(bound[name]) + 1}".encode() + line[end:]
    return taken & bound.keys()


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` of a name or of attributes of one; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def _assigned(tree: ast.AST) -> set[str]:
    """Names that the text gives to something: variables, arguments, functions, classes."""
    return set(_given(ast.walk(tree)))


def _given(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
