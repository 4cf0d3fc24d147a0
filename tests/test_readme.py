"""The two READMEs say the same, and what they name exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
READMES = ("README.md", "README.zh-CN.md")


def _code(readme: str) -> list[str]:
    """Lines of the code blocks without their comments, which are in the reader's language."""
    blocks = re.findall(
        r"^```(?:sh|toml)\n(.*?)^```", (ROOT / readme).read_text(encoding="utf-8"), re.M | re.S
    )
    lines = (re.sub(r"\s+#.*|^#.*", "", line) for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


def test_both_readmes_name_the_same_commands_and_settings() -> None:
    english, chinese = map(_code, READMES)
    assert english
    assert english == chinese


@pytest.mark.parametrize("readme", READMES)
def test_what_a_readme_points_to_is_there(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)|src=\"([^\"]+)\"", text)
    for target in ("".join(pair) for pair in targets):
        assert (ROOT / target).exists(), target


def test_every_command_of_the_readme_has_a_help_page() -> None:
    commands = {line.split()[1] for line in _code("README.md") if line.startswith("deskpulse ")}
    assert commands
    for command in commands:
        done = subprocess.run(
            [PROGRAMS / "deskpulse", command, "--help"], capture_output=True, check=False
        )
        assert done.returncode == 0, command
