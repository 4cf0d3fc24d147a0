"""The frame around the code: wheel, layers, lock files, set-up scripts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("connectors", "metrics", "forecasting", "alerts", "dashboard")
PROGRAMS = Path(sys.executable).parent
# They run something when they are imported: Streamlit and Alembic execute them as scripts.
SCRIPTS = re.compile(r"dashboard/app\.py|connectors/migrations/.*|.*/__main__\.py")


def _project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )["project"]
    return project


def _source_files() -> set[str]:
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools leaves its own files in the folder it builds from."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, source / package, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").touch()
    # The hook that `pip wheel --no-build-isolation` calls, for environments without pip.
    build = "import sys, setuptools.build_meta as build; build.build_wheel(sys.argv[1])"
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-c", build, str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    [built] = out.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_five_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == _source_files()


def test_every_module_can_be_imported_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in sorted(_source_files())
        if name.endswith(".py") and not SCRIPTS.fullmatch(name)
    ]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[2:]:\n"
        "    module = importlib.import_module(name)\n"
        "    assert module.__file__.startswith(sys.argv[1]), module.__file__\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path, *modules],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_module_of_the_dashboard_hides_a_package_or_the_standard_library() -> None:
    # `streamlit run` puts dashboard/ first on the path: dashboard/alerts.py would be `alerts`.
    names = {path.stem for path in (ROOT / "dashboard").iterdir() if path.suffix in ("", ".py")}
    assert not names & {*PACKAGES, *sys.stdlib_module_names} - {"__init__", "__main__"}


def test_imports_point_down_only() -> None:
    done = subprocess.run(
        [PROGRAMS / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _pins(lock: str) -> dict[str, list[str]]:
    """Name -> the pinned lines (several where platforms or Pythons differ)."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    pins: dict[str, list[str]] = {}
    for line in text.splitlines():
        name = line.split("==")[0].partition("[")[0]
        pins.setdefault(name, []).append(line)
    return pins


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_pins_with_hashes_and_names_no_index(lock: str) -> None:
    for line in (line for lines in _pins(lock).values() for line in lines):
        assert re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line), (
            line
        )
        assert "://" not in line


def test_tests_run_on_the_very_versions_that_users_get() -> None:
    tested = _pins("requirements-dev.lock")
    versions = {name: [line.split()[0] for line in lines] for name, lines in tested.items()}
    for name, lines in _pins("requirements.lock").items():
        assert [line.split()[0] for line in lines] == versions[name], "run `make lock`"


def test_the_lock_fits_the_declared_dependencies() -> None:
    pins = _pins("requirements.lock")
    dependencies = _project()["dependencies"]
    assert isinstance(dependencies, list)
    for requirement in map(Requirement, dependencies):
        for line in pins[requirement.name]:
            version = line.split()[0].split("==")[1]
            assert requirement.specifier.contains(version), f"{line}: run `make lock`"


def _run_script(name: str, *arguments: str, tools: Path) -> subprocess.CompletedProcess[str]:
    """Run a set-up script where only a few plain tools are on the PATH."""
    tools.mkdir()
    for tool in ("bash", "cat", "cksum", "cut", "dirname", "grep", "id", "tr"):
        found = shutil.which(tool)
        assert found
        (tools / tool).symlink_to(found)
    return subprocess.run(
        ["bash", ROOT / ".ci" / name, *arguments],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_set_up_without_a_fitting_python_says_so_in_one_sentence(tmp_path: Path) -> None:
    copied = tmp_path / "checkout"
    (copied / ".ci").mkdir(parents=True)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", ".ci/venv"):
        shutil.copy(ROOT / name, copied / name)
    done = _run_script(str(copied / ".ci" / "venv"), "run", tools=tmp_path / "tools")
    assert done.returncode == 1
    assert done.stderr.startswith("Deskpulse needs Python 3.11 or newer and found none")
    assert done.stderr.count("\n") == 1
    assert not (copied / ".venv").exists()


def test_what_the_tests_miss_is_named_where_it_cannot_be_installed(tmp_path: Path) -> None:
    done = _run_script("system-packages", tools=tmp_path / "tools")
    assert done.returncode == 1
    assert "Chromium (Debian: chromium)" in done.stderr
    assert "Chinese fonts (Debian: fontconfig fonts-noto-cjk)" in done.stderr


def test_the_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{_project()['version']}]" in changelog
