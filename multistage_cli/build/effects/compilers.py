"""Compilers and build tools: the files that the command names, and what else they may leave.

Source: gcc(1), make(1), cmake(1), the documentation of Meson, Ninja, rustc and tsc; gcc tried on the engine.
"""

from __future__ import annotations

import posixpath
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Compilation, Doubted, FileWritten
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, project, scripts
from multistage_cli.build.files import Content, Nature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SHOWS: Final = (
    "--version",
    "-v",
    "-dumpversion",
    "-dumpmachine",
    "--help",
    "-print",
    "-fsyntax-only",
    "-###",
)
_SEPARATE: Final = (
    "-o -I -L -l -D -U -x -include -isystem -idirafter -iquote -MF -MT -MQ -T -u -z -target -Xlinker -arch"
)
_SOURCES: Final = (".c", ".cc", ".cpp", ".cxx", ".C", ".s", ".S", ".m", ".f90", ".f")


def linked(call: Call, *, static: Claim, libc: str | None = None) -> Content:
    """A program for the libc of the image that it is made in, or for the one named."""
    state = call.state
    if static is Claim.YES:
        return Content(Nature.BINARY, static=static)
    known = state.libc if libc is None else libc
    version = state.libc_version if libc is None else UNKNOWN
    return Content(
        Nature.BINARY,
        static=static,
        libc=UNKNOWN if known is None else known,
        libc_version=UNKNOWN if version is None else version,
    )


@effect("gcc", "g++", "cc", "c++", "clang", "clang++", "musl-gcc", "gfortran")
def c_compiler(call: Call) -> Iterator[Change]:
    """A program, or object files with `-c`."""
    arguments = read_arguments(call.words, with_value=_SEPARATE, bundled=False)
    named = arguments.value("-o")
    outputs = () if named is None else (call.absolute(named),)
    leaves = tuple(_compiled(call, arguments, named))
    yield Compilation(call.name, outputs, call.line, call.certain, leaves)


def _compiled(call: Call, arguments: Arguments, named: str | None) -> Iterator[Change]:
    options = tuple(arguments.options)
    if not arguments.operands and named is None and UNKNOWN not in call.words:
        return
    if any(option.startswith(_SHOWS) for option in options) and named is None:
        return
    if any(
        option.startswith(("-M", "-save-temps", "--coverage", "-fprofile", "-ftime")) for option in options
    ):
        yield from added(call, ".", *(() if named is None else (posixpath.dirname(named) or ".",)))
    objects = arguments.has("-c", "-S", "-E")
    unknown = UNKNOWN in call.words  # such as `$(pkg-config --cflags x)`, whose words are options
    if named is not None:
        yield _output(call, arguments, call.absolute(named), objects=objects)
    elif arguments.has("-E"):
        return
    elif objects and not unknown:
        suffix = ".s" if arguments.has("-S") else ".o"
        for source in arguments.operands:
            if source.endswith(_SOURCES):
                name = posixpath.splitext(posixpath.basename(source))[0] + suffix
                yield _output(call, arguments, call.absolute(name), objects=True)
            else:
                yield from added(call, ".")
    elif unknown:
        yield from added(call, ".")
    else:
        yield _output(call, arguments, call.absolute("a.out"), objects=False)


def _output(call: Call, arguments: Arguments, path: str, *, objects: bool) -> Change:
    if not path.startswith("/"):
        return next(project(call))
    if objects:
        content = None if arguments.has("-S", "-E") else Content(Nature.BINARY)
        return FileWritten(path, call.line, call.certain, content)
    if arguments.has("-shared", "-nostdlib", "-static-pie", "-r") or UNKNOWN in call.words:
        content = Content(Nature.BINARY)
    else:
        static = Claim.YES if arguments.has("-static", "--static") else Claim.NO
        content = linked(call, static=static, libc="musl" if call.name == "musl-gcc" else None)
    # The linker deletes what is there first.
    return FileWritten(path, call.line, call.certain, content, mode=0o755, fresh=True)


@effect("rustc", "ghc", "zig", "tsc", "javac", "swiftc", "nim", "crystal", "v")
def other_compiler(call: Call) -> Iterator[Change]:
    """The file or folder that an option names; by default something beside the sources."""
    arguments = read_arguments(
        call.words,
        with_value="-o -d --outDir --out-dir -C --crate-name --edition -p --project -O -cp -classpath",
        bundled=False,
    )
    named = arguments.values("-o", "-d", "--outDir", "--out-dir")
    outputs = tuple(call.absolute(path) for path in named)
    leaves = [*added(call, ".", *outputs)]
    if not arguments.complete:  # such as `zig build --prefix /out`
        leaves.append(Doubted("/", call.line, call.certain, removes=False, alters=False))
    if call.name in {"zig", "nim", "crystal", "swiftc"}:
        leaves += caches(call, ".cache")
    if call.name in {"rustc", "ghc"} and arguments.value("-o") and call.words:
        content = Content(Nature.BINARY)
        leaves.append(
            FileWritten(call.absolute(named[0]), call.line, call.certain, content, mode=UNKNOWN, fresh=True)
        )
    yield Compilation(call.name, outputs, call.line, call.certain, tuple(leaves))


_PLAIN_TARGETS: Final = frozenset({
    "all", "build", "compile", "lib", "libs", "static", "shared", "release", "debug", "test", "tests", "check",
    "clean", "distclean", "docs", "html", "dist", "generate", "fmt", "lint",
})  # fmt: skip


@effect("make", "gmake", "ninja", "samu")
def make(call: Call) -> Iterator[Change]:
    """Something is built; what and where only the project's own files tell.

    A target of its own name, or `install`, may put anything anywhere.
    """
    arguments = read_arguments(
        call.words,
        switches="-s -k -B -i -n -q --silent --quiet --always-make --no-print-directory --keep-going -v --verbose",
        with_value="-C --directory -f --file --makefile -o -W -I -l --load-average",
    )
    folder = arguments.value("-C", "--directory") or "."
    targets = {word for word in arguments.operands if "=" not in word and not word.isdecimal()}
    leaves = [*scripts(call, folder), *(project(call) if folder != "." else ()), *caches(call, ".cache")]
    if not targets <= _PLAIN_TARGETS or UNKNOWN in call.words:
        leaves.append(_all_over(call))
    yield Compilation(call.name, (), call.line, call.certain, tuple(leaves))


@effect("cmake", "meson")
def configured(call: Call) -> Iterator[Change]:
    """Configuring and building stay in the project and its build folder, installing does not."""
    words = [word for word in call.words if word is not UNKNOWN]
    folders = [
        value
        for option, value in pairwise(words)
        if option in {"-B", "--build", "-C", "--prefix", "-S", "setup"} and not value.startswith("-")
    ]
    folders += [word[2:] for word in words if word.startswith("-B") and len(word) > len("-B")]
    leaves = [*project(call), *(change for folder in folders for change in project(call, folder))]
    if "--build" in words or "compile" in words:
        leaves += scripts(call)
    if {"install", "--install"} & set(words) or UNKNOWN in call.words:
        leaves.append(_all_over(call))
    yield Compilation(call.name, (), call.line, call.certain, tuple(leaves))


@effect(
    "configure", "autoreconf", "autogen.sh", "bootstrap.sh", "autoconf", "automake", "libtoolize", "aclocal"
)
def autotools(call: Call) -> Iterator[Change]:
    """The project is made ready: files in it, and in the folder that it is called from."""
    leaves = [*project(call)]
    if "/" in call.path:
        leaves += project(call, call.path.rpartition("/")[0])
    yield Compilation(call.name, (), call.line, call.certain, tuple(leaves))


@effect(
    "stack", "swift", "bazel", "bazelisk", "ng", "vite", "next", "nuxt", "deno", "webpack", "esbuild", "turbo"
)
def build_tool(call: Call) -> Iterator[Change]:
    """Something is built in the project; what only its own files tell."""
    leaves = (*scripts(call), *caches(call, ".cache", ".stack", ".npm", ".local", ".config"))
    yield Compilation(call.name, (), call.line, call.certain, leaves)


def _all_over(call: Call) -> Doubted:
    return Doubted("/", call.line, call.certain, removes=False, alters=False)
