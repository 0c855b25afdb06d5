"""The house style, made executable: docstrings, size budgets, names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "synkro_assets"
MODULES = sorted(PACKAGE.rglob("*.py"))
MODELS = sorted((ROOT / "dbt_project" / "models").rglob("*.sql"))

LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_MODEL = 300, 40, 100
VAGUE_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "base.py"}
TOP_LEVEL = {
    "synkro_assets", "dbt_project", "supabase", "tests", "deploy", "benchmarks",
}  # fmt: skip


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _is_exempt(text: str | None) -> bool:
    return bool(re.search(r"^\s*Budget: \S", text or "", re.MULTILINE))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_what_lives_in_it(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, f"{_name(path)} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_modules_and_functions_keep_to_their_budget(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = len(text.splitlines())
    assert lines <= LONGEST_MODULE or _is_exempt(ast.get_docstring(tree)), f"{lines} lines"
    too_long = [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
        and not _is_exempt(ast.get_docstring(node))
    ]
    assert not too_long


@pytest.mark.parametrize("path", MODELS, ids=_name)
def test_dbt_models_keep_to_their_budget(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODEL


def test_no_module_has_a_vague_name() -> None:
    assert not [path for path in MODULES if path.name in VAGUE_NAMES]


def test_only_known_folders_stand_at_the_top() -> None:
    tracked = {path.name for path in ROOT.iterdir() if path.is_dir()}
    hidden_or_built = {
        name for name in tracked if name.startswith(".") or name in {"build", "node_modules"}
    }
    built = {name for name in tracked if name.endswith(".egg-info") or name == "__pycache__"}
    assert tracked - hidden_or_built - built <= TOP_LEVEL


def test_settings_alone_read_the_environment() -> None:
    """Others may hand an environment on; reading a SYNKRO_ variable is the settings' business."""
    reads = re.compile(r"""environ(?:\.get\(|\[)\s*["']SYNKRO_(?!DEBUG|CODE_SERVER)|getenv\(""")
    readers = [
        _name(path)
        for path in MODULES
        if path.name != "settings.py" and reads.search(path.read_text(encoding="utf-8"))
    ]
    assert not readers


def test_every_variable_of_the_settings_is_in_the_example() -> None:
    from synkro_assets.settings import Settings

    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = {f"SYNKRO_{field.upper()}" for field in Settings.model_fields}
    assert not {name for name in names if name not in example}


def test_pins_name_no_index() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|index-url|find-links|file:", text), name


def test_every_installed_requirement_is_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r ")):
                pin, _, _ = line.partition("; ")
                assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+", pin), line
