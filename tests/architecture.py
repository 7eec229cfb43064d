"""The import arrows and the house rules that can be read off the source files; nothing is imported.

``violations(root)`` lists every breach as ``path:line: what``. Imports inside functions and under
``TYPE_CHECKING`` count like any other, and so do ``import_module`` and ``__import__`` with a literal name.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("claims", "fbscore", "reports")
CLAIM_FILE = re.compile(r"claims\.fbs_\w+\.s[0-9A]\w*_\w+")
CONSTANTS = (
    *("constants", "regularizer_constants", "grid_constants", "sequence_constants", "sample_constants"),
    *("limit_constants", "depth_constants", "limit_pair_constants"),
    *("learning_constants", "admissible_constants", "training_constants"),
    *("gamma_constants", "magnitudes"),
)
ORACLE_LIBRARIES = ("numpy", "scipy", "flint")
FILE_ACCESS = ("glob", "io", "os", "pathlib", "pickle", "shutil", "tempfile")
TOLERANCE_NAMES = {"allclose", "approx", "assert_allclose", "atol", "eps", "finfo", "isclose", "rtol", "tol"}
SMALLEST_LITERAL = 1e-3  # a claim may say 0.99 or 0.5; anything nonzero below this is a tolerance in disguise


@dataclass(frozen=True)
class Module:
    """One source file, its dotted name and its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    def imports(self) -> list[tuple[int, str]]:
        """Line and dotted target of every import; ``from a import b`` gives ``a.b``."""
        return [found for node in ast.walk(self.tree) for found in _targets(node, self._package())]

    def _package(self) -> list[str]:
        parts = self.name.split(".")
        return parts if self.path.name == "__init__.py" else parts[:-1]


def _targets(node: ast.AST, package: list[str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        base = base + (node.module.split(".") if node.module else [])
        yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)
    elif isinstance(node, ast.Call) and _last_name(node.func) in {"import_module", "__import__"}:
        names = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
        yield from ((node.lineno, name) for name in names if isinstance(name, str))


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def inside(name: str, *roots: str) -> bool:
    """Whether a dotted name is one of ``roots`` or lies below one."""
    return any(name == root or name.startswith(root + ".") for root in roots)


def modules(root: Path) -> dict[str, Module]:
    """All modules of the project below ``root``, by dotted name."""
    found: dict[str, Module] = {}
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
    return found


def closure(project: dict[str, Module], start: Iterable[str]) -> list[Module]:
    """The modules ``start`` and all of the project that importing them runs, packages above included."""
    seen: dict[str, Module] = {}
    queue = list(start)
    while queue:
        parts = queue.pop().split(".")
        for name in (".".join(parts[:end]) for end in range(1, len(parts) + 1)):
            if name in project and name not in seen:
                seen[name] = project[name]
                queue.extend(target for _, target in project[name].imports())
    return list(seen.values())


Breach = tuple[Module, int, str]
Rule = Callable[[dict[str, Module]], Iterator[Breach]]


def _forbid(where: Iterable[Module], *roots: str, why: str) -> Iterator[Breach]:
    for module in where:
        for line, target in module.imports():
            if inside(target, *roots):
                yield module, line, f"imports {target}; {why}"


def _below(project: dict[str, Module], *roots: str) -> list[Module]:
    return [module for name, module in project.items() if inside(name, *roots)]


def _nodes(where: Iterable[Module]) -> Iterator[tuple[Module, ast.AST]]:
    return ((module, node) for module in where for node in ast.walk(module.tree))


def reports_read_evidence_only(project: dict[str, Module]) -> Iterator[Breach]:
    """reports -> claims.kit.evidence, and nothing else of the project; what that imports counts too."""
    for module in _below(project, "reports"):
        for line, target in module.imports():
            if inside(target, "claims", "fbscore") and not inside(target, "claims.kit.evidence"):
                yield module, line, f"imports {target}; of the project reports reads claims.kit.evidence only"
    reader = closure(project, ["claims.kit.evidence"])
    yield from _forbid(reader, "fbscore", "torch", why="evidence is read without the networks")


def claims_never_import_reports(project: dict[str, Module]) -> Iterator[Breach]:
    """The plugin starts ``python -m reports`` as a process."""
    yield from _forbid(_below(project, "claims"), "reports", why="claims never imports reports")


def fbscore_is_a_core(project: dict[str, Module]) -> Iterator[Breach]:
    """fbscore knows nothing of claims, reports, tests or files; torch.linalg is wrapped in one place."""
    core = _below(project, "fbscore")
    yield from _forbid(core, "claims", "reports", "pytest", "hypothesis", why="fbscore stands alone")
    yield from _forbid(core, *FILE_ACCESS, why="fbscore touches no files")
    for module, node in _nodes(core):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"open", "torch.load", "torch.save"}:
            yield module, node.lineno, f"calls {ast.unparse(node.func)}; fbscore touches no files"
        wraps = module.name == "fbscore.linalg"
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "torch.linalg" and not wraps:
            yield module, node.lineno, "uses torch.linalg; only fbscore/linalg.py does"


def oracle_is_independent(project: dict[str, Module]) -> Iterator[Breach]:
    """claims/oracle: numpy, scipy, python-flint, the standard library; no torch by a detour either."""
    allowed = (*ORACLE_LIBRARIES, *PACKAGES, *sys.stdlib_module_names)
    oracle = _below(project, "claims.oracle")
    judge = closure(project, [module.name for module in oracle])
    yield from _forbid(judge, "torch", "fbscore", why="claims/oracle shares nothing with what it judges")
    for module in oracle:
        for line, target in module.imports():
            if not inside(target, "torch", *allowed):
                yield module, line, f"imports {target}; claims/oracle uses numpy, scipy and python-flint only"


def constants_are_independent(project: dict[str, Module]) -> Iterator[Breach]:
    """The files of constants and everything they import inside the project know nothing of fbscore."""
    judge = closure(project, [f"claims.{name}" for name in CONSTANTS])
    yield from _forbid(judge, "fbscore", why="claims/constants.py runs this and is independent of fbscore")


def kit_knows_no_theorem(project: dict[str, Module]) -> Iterator[Breach]:
    """claims/kit imports no claim file."""
    papers = {".".join(name.split(".")[:2]) for name in project if name.startswith("claims.fbs_")}
    yield from _forbid(_below(project, "claims.kit"), *sorted(papers), why="claims/kit knows no theorem")


def claims_tolerate_nothing(project: dict[str, Module]) -> Iterator[Breach]:
    """No tolerance in a claim file, neither as a number nor by name; margins judge."""
    claims = [module for name, module in project.items() if CLAIM_FILE.fullmatch(name)]
    for module, node in _nodes(claims):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, float) and 0 < value < SMALLEST_LITERAL:
            yield module, getattr(node, "lineno", 0), f"the literal {value!r}; a claim file has no tolerance"
        name = node.arg if isinstance(node, ast.keyword | ast.arg) else _last_name(node)
        if name in TOLERANCE_NAMES:
            yield module, getattr(node, "lineno", 0), f"the name {name}; a claim file has no tolerance"


def init_only_exports(project: dict[str, Module]) -> Iterator[Breach]:
    """fbscore/__init__.py: a docstring, imports and ``__all__``."""
    for statement in project["fbscore"].tree.body if "fbscore" in project else []:
        imports = isinstance(statement, ast.Import | ast.ImportFrom)
        exports = ast.unparse(statement).startswith("__all__ = ")
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (imports or exports or docstring):
            yield project["fbscore"], statement.lineno, "a statement; fbscore/__init__.py only exports"


RULES: tuple[Rule, ...] = (
    reports_read_evidence_only,
    claims_never_import_reports,
    fbscore_is_a_core,
    oracle_is_independent,
    constants_are_independent,
    kit_knows_no_theorem,
    claims_tolerate_nothing,
    init_only_exports,
)


def violations(root: Path) -> list[str]:
    """Every breach of a rule below ``root``, as ``path:line: what``."""
    project = modules(root)
    breaches = {(module.path, line, what) for rule in RULES for module, line, what in rule(project)}
    return [f"{path.relative_to(root).as_posix()}:{line}: {what}" for path, line, what in sorted(breaches)]
