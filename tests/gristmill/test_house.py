"""The house keeps its shape: faces, sentences, arrows, and no folder that hides the standard library."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for place in ("platform/gristmill", "pipelines", "apps", "dashboards", "bench", "examples")
    for path in sorted((ROOT / place).rglob("*.py"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]
PACKAGES = ["gristmill", "pipelines", "apps", "dashboards"]
ROOMS_BELOW = {  # what each room may import of gristmill, from the bottom up
    "errors": set(),
    "files": {"errors"},
    "schema": {"errors"},
    "gate": {"errors"},
    "progress": set(),
    "config": {"errors"},
    "staging": {"errors", "files"},
    "data": {"errors", "files", "schema", "staging"},
    "features": {"errors", "schema", "data"},
    "launch": {"errors"},
    "training": {"errors", "files", "progress", "features", "data", "launch"},
    "layers": {"errors"},
    "estimator": {"errors", "files", "progress", "features", "data", "launch", "layers", "training"},
    "eager": {"errors", "training"},
    "lite": {"errors", "files", "gate"},
    "runs": {"errors", "files", "staging"},
}


def module_name(path: Path) -> str:
    relative = path.relative_to(ROOT / "platform" if path.is_relative_to(ROOT / "platform") else ROOT)
    return ".".join(relative.with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, only_at_run_time: bool = True) -> set[str]:
    """Modules that a file imports; what stands under TYPE_CHECKING does not run."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if only_at_run_time and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return found


def test_nothing_hides_the_standard_library() -> None:
    assert not (ROOT / "platform/__init__.py").exists()
    assert not (ROOT / "tests/platform").exists()
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_package_is_typed() -> None:
    assert all(
        (ROOT / place / "py.typed").is_file() for place in ("platform/gristmill", "pipelines", "apps", "dashboards")
    )


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_every_module_opens_with_a_sentence(path: Path) -> None:
    sentence = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
    assert sentence
    assert sentence[-1] in ".:)?"


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name == "__init__.py"], ids=module_name)
def test_a_folder_has_one_face(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        and node.value is not None
        and "__all__" in ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
    ]
    if module_name(path) != "gristmill":
        assert len(listed) == 1, "an __init__.py names its public face in __all__"
        assert listed[0] == sorted(listed[0])
        handed_on = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name != "*"
        }
        own = {
            node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_"
        }
        defines = any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Call)) for node in ast.walk(tree))
        if defines:
            assert own <= set(listed[0])
        else:
            assert handed_on == set(listed[0]), "an __init__ that only hands on hands on what it names"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_in_all_is_there(package: str) -> None:
    top = importlib.import_module(package)
    for found in pkgutil.walk_packages(top.__path__, f"{package}."):
        if not found.name.endswith("__main__") and not found.name.startswith(("dashboards.app", "dashboards.pages")):
            module = importlib.import_module(found.name)
            names = getattr(module, "__all__", [])
            assert sorted(names) == list(names), found.name
            assert all(hasattr(module, name) for name in names), found.name


@pytest.mark.parametrize("path", [p for p in SOURCES if p.is_relative_to(ROOT / "platform")], ids=module_name)
def test_the_framework_knows_no_app_and_no_pipeline(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & {"pipelines", "apps", "dashboards", "bench"}


@pytest.mark.parametrize("path", [p for p in SOURCES if p.is_relative_to(ROOT / "pipelines")], ids=module_name)
def test_pipelines_know_no_app(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & {"apps", "dashboards", "bench"}


@pytest.mark.parametrize("room", ROOMS_BELOW)
def test_imports_run_one_way(room: str) -> None:
    place = ROOT / "platform/gristmill" / room
    for path in sorted(place.rglob("*.py")) or [place.with_suffix(".py")]:
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("gristmill.")}
        assert rooms <= ROOMS_BELOW[room] | {room}, path


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_no_star_imports(path: Path) -> None:
    assert not any(name.endswith(".*") for name in imported(path))
