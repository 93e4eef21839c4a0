"""Compilers and build tools whose outputs the command names at best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("gcc", "g++", "cc", "c++", "clang", "clang++", "rustc", "ghc", "zig", "musl-gcc", "javac", "tsc")
def compiler(call: Call) -> Iterator[Change]:
    """The file that `-o` names, where it does."""
    arguments = read_arguments(call.words, with_value="-o -d --outDir", bundled=False)
    outputs = arguments.values("-o", "-d", "--outDir")
    yield Compilation(call.name, tuple(call.absolute(path) for path in outputs), call.line, call.certain)


@effect("make", "cmake", "ninja", "meson", "stack", "swift", "bazel", "ng", "vite", "next", "deno")
def build_tool(call: Call) -> Iterator[Change]:
    """Something is built; what and where only the project's own files tell."""
    yield Compilation(call.name, (), call.line, call.certain)
