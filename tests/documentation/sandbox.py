"""The temporary folder in which the examples of one page run, one after the other."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.documentation.blocks import Block, Command, DocumentationError

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_SECONDS = 1200
PROGRAMS = frozenset(
    ["journey", "python", "cat", "cp", "cut", "diff", "echo", "grep", "head", "ls", "mkdir", "sort", "tail", "wc"]
)
"""Programs that an example may run: they change nothing outside the folder, and need no network."""

_SHIM = f"""#!{sys.executable}
from scenarios.cli import main
if __name__ == "__main__":
    main()
"""
_VARYING = {
    r"\bin \d[\d.,]* ?(ms|s|seconds|min|minutes)\b": "a duration",
    r'_seconds": \d': "a duration",
    r"(?<![\w.])/(tmp|home|root|Users|var)/": "a path of this machine",
}
"""What differs between two runs or two machines, and must not be shown."""


@dataclass
class Sandbox:
    """A folder with a copy of `data/`, and the environment of a newcomer: nothing compiled, no terminal."""

    folder: Path
    tools: Path
    _python: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every example; nothing is taken from the process that runs the tests."""
        return {
            "PATH": f"{self.tools}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "JOURNEYLAB_CACHE": str(self.tools / "cache"),
            "HOME": str(self.tools),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def write_file(self, name: str, block: Block) -> None:
        """Write the file that a block shows."""
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise DocumentationError(f"line {block.start}: the file {name} is outside the page's folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")

    def run_command(self, command: Command, block: Block) -> list[str]:
        """The lines that a command prints.

        Raises:
            DocumentationError: It is not one of `PROGRAMS`, or its exit code is not the one that the page states.
        """
        where = f"line {block.start + 1}: $ {command.text}"
        for program in _find_programs(command.text):
            if program not in PROGRAMS:
                raise DocumentationError(
                    f"{where}: {program!r} is not run; use {', '.join(sorted(PROGRAMS))}, or a sh block"
                )
        messages = subprocess.STDOUT if block.directives.shows_messages else subprocess.PIPE
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command.text],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        if done.returncode != block.directives.exit_code:
            printed = "\n".join([*done.stdout.splitlines()[-10:], *(done.stderr or "").splitlines()[-10:]])
            raise DocumentationError(
                f"{where}: exit code {done.returncode}, expected {block.directives.exit_code} "
                f"(state it above the block: <!-- run: exit {done.returncode} -->)\n{printed}"
            )
        return done.stdout.splitlines()

    def run_python(self, block: Block) -> list[str]:
        """The lines that a Python block prints, after the earlier Python blocks of the page.

        Raises:
            DocumentationError: It raises an exception.
        """
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, "-m", "tests.documentation.python_session"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._python.stdin is not None
        assert self._python.stdout is not None
        self._python.stdin.write(json.dumps("\n".join(block.lines)) + "\n")
        self._python.stdin.flush()
        answer = json.loads(self._python.stdout.readline() or '{"error": "the process ended"}')
        if answer["error"] is not None:
            raise DocumentationError(f"line {block.start + 1}: the Python block fails\n{answer['error']}")
        return str(answer["printed"]).splitlines()

    def close(self) -> None:
        """End the Python process."""
        if self._python is not None:
            self._python.communicate()


def _find_programs(command: str) -> list[str]:
    """The first word of each part of a command line, such as both sides of a pipe."""
    words = list(shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=True))
    starts = [0, *(at + 1 for at, word in enumerate(words) if word in ("|", "||", "&&", ";"))]
    return [words[at] if at < len(words) else "" for at in starts]


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in a new temporary folder, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="documentation-") as name:
        folder, tools = Path(name) / "work", Path(name) / "tools"
        tools.mkdir()
        shutil.copytree(ROOT / "data", folder / "data")
        (tools / "journey").write_text(_SHIM, encoding="utf-8")
        (tools / "journey").chmod(0o755)
        # Not a link: a Python that starts from a link outside its environment starts its workers without the packages.
        (tools / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
        (tools / "python").chmod(0o755)
        running = Sandbox(folder, tools)
        try:
            yield running
        finally:
            running.close()


def refuse_varying(lines: tuple[str, ...], block: Block) -> None:
    """Refuse to show what differs from run to run.

    Raises:
        DocumentationError: A line has a duration or a path of this machine.
    """
    for line in lines:
        for pattern, what in _VARYING.items():
            if re.search(pattern, line):
                raise DocumentationError(
                    f"line {block.start + 1}: the output shows {what}, which varies: {line.strip()!r}. Replace the "
                    "line with '...' (and <!-- run: shortened --> above the block), or show less"
                )
