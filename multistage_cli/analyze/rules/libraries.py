"""Programs and extensions in another stage: the C library, the shared libraries and the data that they need."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.rules.interpreters import Named, copies_into, landed
from multistage_cli.analyze.scripts_of import scripts_of
from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Nature
from multistage_cli.shell import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Content, Entry


def _programs(
    build: Build, asked: Asked
) -> Iterator[tuple[EvaluatedStage, EvaluatedStage, Step, str, Content, int | None]]:
    """Each dynamic program that a COPY brings into what a target ships.

    Yields:
        The target, the stage of the COPY, the COPY, where the program lies, what it is, and the line that made it.
    """
    seen: set[tuple[int, str]] = set()
    programs = Named(_is_dynamic)
    for target, owner, step, source, path in copies_into(build, asked):
        for below in programs.below(source, path):
            entry = source.final.files.entry(below)
            content = entry.content
            place = landed(step, source, path, below)
            if place is None or content is None or (target.stage.index, place) in seen:
                continue
            there = target.final.files.entry(place)
            by = there.writer
            if (
                there.exists is Claim.YES
                and by is not None
                and (by.stage, by.line) == (owner.stage.index, step.line)
            ):
                seen.add((target.stage.index, place))
                yield target, owner, step, place, content, entry.writer.line if entry.writer else None


def _is_dynamic(path: str, entry: Entry) -> bool:
    """Whether a path is a program that needs a loader; what loads a library decides about that."""
    content = entry.content
    if entry.exists is not Claim.YES or content is None or content.nature is not Nature.BINARY:
        return False
    return content.static is Claim.NO and not _is_library(path)


def _is_library(path: str) -> bool:
    name = posixpath.basename(path)
    return name.endswith((".so", ".a", ".o")) or ".so." in name


def _made(line: int | None, path: str) -> tuple[Related, ...]:
    return () if line is None else (Related(line, f"{posixpath.basename(path)} is built here"),)


@rule("MS460", "program-for-another-libc", Severity.ERROR)
def program_for_another_libc(build: Build, asked: Asked) -> Iterator[Match]:
    """Program that is linked with glibc in an image with musl, or the other way round.

    Its loader is not there, so the kernel says "no such file or directory" (the shell: "not found") of a file that
    is there. It happens to what Debian builds and Alpine runs.

    Bad, found on line 5:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c
        FROM alpine:3.22
        COPY --from=build /hello /usr/local/bin/hello
        CMD ["hello"]

    Good:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -static -o /hello /main.c
        FROM alpine:3.22
        COPY --from=build /hello /usr/local/bin/hello
        CMD ["hello"]

    Fix: build and run on the same distribution, or link statically (gcc -static, CGO_ENABLED=0 for Go, a musl target
    for Rust).
    """
    for target, owner, step, path, content, line in _programs(build, asked):
        state = target.final
        if (
            content.libc is UNKNOWN
            or state.libc is UNKNOWN
            or state.libc is None
            or content.libc == state.libc
        ):
            continue
        if content.libc == "glibc" and state.exists("/lib64/ld-linux-x86-64.so.2") is not Claim.NO:
            continue
        if content.libc == "musl" and state.has_package("musl") is not Claim.NO:
            continue
        message = (
            f"{path} is linked with {content.libc}, {target.stage.title} has {state.libc}: link it statically, or"
            " build it on the same distribution"
        )
        yield Match.on(owner, step, message, related=_made(line, path))


@rule("MS461", "dynamic-program-without-loader", Severity.ERROR)
def dynamic_program_without_loader(build: Build, asked: Asked) -> Iterator[Match]:
    """Program that needs shared libraries in an image without any: scratch, or distroless static.

    The kernel says "no such file or directory" of a file that is there: what is missing is the loader.

    Bad, found on line 5:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c
        FROM scratch
        COPY --from=build /hello /hello
        ENTRYPOINT ["/hello"]

    Good:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -static -o /hello /main.c
        FROM scratch
        COPY --from=build /hello /hello
        ENTRYPOINT ["/hello"]

    Fix: link statically (gcc -static, CGO_ENABLED=0 for Go, a musl target for Rust), or take an image with the
    library.
    """
    for target, owner, step, path, content, line in _programs(build, asked):
        if target.final.libc is None and content.libc is not UNKNOWN:
            message = (
                f"{path} is linked dynamically, and {target.stage.title} has no C library: link it statically, or"
                " start from an image with one"
            )
            yield Match.on(owner, step, message, related=_made(line, path))


@rule("MS462", "newer-glibc-in-builder", Severity.WARNING, confidence=Confidence.LIKELY)
def newer_glibc_in_builder(build: Build, asked: Asked) -> Iterator[Match]:
    """Program that is linked with a newer glibc than the image has that runs it.

    It may ask for versions of functions that the older one does not have: "version `GLIBC_2.38' not found". Tags
    without a Debian release (rust:1, python:3-slim) move to the next one by themselves, and only some of the stages.

    Bad, found on line 5:
        FROM debian:trixie-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c
        FROM debian:bookworm-slim
        COPY --from=build /hello /usr/local/bin/hello
        CMD ["hello"]

    Good:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c
        FROM debian:trixie-slim
        COPY --from=build /hello /usr/local/bin/hello
        CMD ["hello"]

    Fix: name the same Debian release in both tags, or an older one in the builder's.
    """
    for target, owner, step, path, content, line in _programs(build, asked):
        state = target.final
        if content.libc != "glibc" or state.libc != "glibc":
            continue
        made_with, has = content.libc_version, state.libc_version
        if made_with is UNKNOWN or has is UNKNOWN or has is None or _numbers(made_with) <= _numbers(has):
            continue
        message = (
            f"{path} is linked with glibc {made_with}, {target.stage.title} has {has}: build on that release"
        )
        yield Match.on(owner, step, message, related=_made(line, path))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version))


@rule("MS463", "shared-library-missing", Severity.ERROR, confidence=Confidence.LIKELY)
def shared_library_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """Program that is linked with a library of a -dev package, in an image without that library.

    It ends with "error while loading shared libraries". The builder's `libpq-dev` is for compiling; whoever runs the
    program needs `libpq5`.

    Bad, found on line 5:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c -lpq
        FROM debian:bookworm-slim
        COPY --from=build /hello /usr/local/bin/hello
        CMD ["hello"]

    Good:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
        RUN echo 'int main(void) { return 0; }' > /main.c && gcc -o /hello /main.c -lpq
        FROM debian:bookworm-slim
        RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
        COPY --from=build /hello /usr/local/bin/hello
        CMD ["hello"]

    Fix: install the package with the library in the stage that runs it.
    """
    for target, owner, step, path, _, line in _programs(build, asked):
        copied = step.copied
        source = None if copied is None or copied.source is None else copied.source.stage
        if source is None:
            continue
        for package, library in _linked_with(build, build.stages[source], path, line):
            if has_library(build, target, package):
                continue
            message = f"{path} needs {library} of {package}, which {target.stage.title} does not have: install it there"
            yield Match.on(owner, step, message, related=_made(line, path))


def _linked_with(
    build: Build, source: EvaluatedStage, path: str, line: int | None
) -> Iterator[tuple[str, str]]:
    """The packages with the libraries that `-lNAME` means for the program, by the -dev packages of its stage."""
    from multistage_cli.facts import debian, debian_files

    suite = source.final.packages.suite
    if suite is None:
        return
    names = _link_options(source, posixpath.basename(path), line)
    for number in build.graph.chain(source.stage.index) if names else ():
        for _, change in build.stages[number].changes():
            if not isinstance(change, Installation) or change.manager != "apt":
                continue
            for named in change.packages:
                for package in debian.runtime_libraries(named, suite) if named.endswith("-dev") else ():
                    files = sorted(map(posixpath.basename, debian_files.libraries(package, suite) or ()))
                    fits = [file for file in files if any(_is_named(file, name) for name in names)]
                    if fits:
                        yield package, fits[0]


def _is_named(library: str, name: str) -> bool:
    """Whether `-lNAME` means a library: libpq.so.5 for `-lpq`, libyaml-0.so.2 for `-lyaml`."""
    return re.match(rf"lib{re.escape(name)}(?:-[0-9.]+)?\.so", library) is not None


def _link_options(source: EvaluatedStage, name: str, line: int | None) -> frozenset[str]:
    """NAME of each `-lNAME` on the command that makes the program."""
    found: set[str] = set()
    for step, change in source.changes():
        if not isinstance(change, Compilation) or change.line != line:
            continue
        for text in scripts_of(step):
            for command in commands(text.text).commands:
                words = [word.literal or "" for word in command.words]
                made = any(word.endswith(f"/{name}") or word == name for word in words)
                if (
                    command.name == change.tool
                    and made
                    and "-static" not in words
                    and "-Wl,--as-needed" not in words
                ):
                    found.update(word[2:] for word in words if word.startswith("-l") and word[2:])
    return frozenset(found)


def has_library(build: Build, target: EvaluatedStage, package: str) -> bool:
    """Whether the image has a package, or may have it or its files."""
    from multistage_cli.facts import debian_files

    state = target.final
    # Debian 13 renamed some for the 64-bit time_t.
    if any(state.has_package(name) is not Claim.NO for name in (package, f"{package}t64")):
        return True
    if "LD_LIBRARY_PATH" in state.environment:
        return True
    suite = state.packages.suite
    files = () if suite is None else debian_files.libraries(package, suite) or ()
    if any(state.exists(path) is Claim.YES for path in files):
        return True
    return any(
        step.copied is not None and _may_hold_libraries(step.copied.destination)
        for number in build.graph.chain(target.stage.index)
        for step in build.stages[number].steps
    )


def _may_hold_libraries(destination: Known[str]) -> bool:
    """Whether a COPY may bring shared libraries to where the loader looks."""
    if destination is UNKNOWN:
        return True
    folder = destination.rstrip("/")
    return folder in {"", "/usr", "/usr/local"} or folder.startswith(("/lib", "/usr/lib", "/usr/local/lib"))
