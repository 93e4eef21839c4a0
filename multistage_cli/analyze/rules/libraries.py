"""Programs and extensions in another stage: the C library, the shared libraries and the data that they need."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.rules.interpreters import Named, copies_into, landed
from multistage_cli.analyze.scripts_of import scripts_of
from multistage_cli.analyze.started import started
from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Nature
from multistage_cli.shell import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Content, Entry
    from multistage_cli.facts.python import Distribution


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
            if _has_library(build, target, package):
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


def _has_library(build: Build, target: EvaluatedStage, package: str) -> bool:
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


_MANAGERS = frozenset({"pip", "uv", "pipx"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@rule("MS464", "python-library-missing", Severity.ERROR, confidence=Confidence.LIKELY)
def python_library_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """Python package that loads a library which neither it nor the image has.

    The import ends with "cannot open shared object file". Most wheels bring their libraries along; these do not.

    Bad, found on line 6:
        FROM python:3.12-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
        RUN python -m venv /opt/venv
        RUN /opt/venv/bin/pip install --no-cache-dir psycopg2
        FROM python:3.12-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]

    Good:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/venv
        RUN /opt/venv/bin/pip install --no-cache-dir psycopg2-binary
        FROM python:3.12-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]

    Good:
        FROM python:3.12-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
        RUN python -m venv /opt/venv
        RUN /opt/venv/bin/pip install --no-cache-dir psycopg2
        FROM python:3.12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]

    Fix: install the package with the library in the stage that runs it, or take a distribution that brings it
    (psycopg2-binary).
    """
    seen: set[tuple[int, str]] = set()
    for target, owner, step, found in (*_copied_packages(build, asked), *_own_packages(build, asked)):
        if (target.stage.index, found.name) in seen or _has_library(build, target, found.package):
            continue
        seen.add((target.stage.index, found.name))
        message = (
            f"{found.name} needs {found.package}, which {target.stage.title} does not have: install it there"
        )
        related = () if found.step is step else (Related(found.step.line, f"{found.name} is installed here"),)
        yield Match.on(owner, step, message, word=found.name, related=related)


@dataclass(frozen=True, slots=True)
class _Needing:
    """A distribution that a RUN installs, and a Debian package that it needs to run."""

    step: Step
    change: Installation
    name: str
    package: str


_Place = tuple["EvaluatedStage", "EvaluatedStage", "Step", _Needing]


def _copied_packages(build: Build, asked: Asked) -> Iterator[_Place]:
    """The target, the stage and the COPY that brings a distribution which needs something."""
    known: dict[int, list[_Needing]] = {}
    for target, owner, step, source, path in copies_into(build, asked):
        for number in build.graph.chain(source.stage.index):
            if number not in known:
                known[number] = list(_needing(build.stages[number]))[:_MOST_NEEDING]
            for found in known[number]:
                if _brings(source, path, found.change):
                    yield target, owner, step, found


def _own_packages(build: Build, asked: Asked) -> Iterator[_Place]:
    """The same of what a target installs itself."""
    for index in asked.targets:
        for number in build.graph.chain(index):
            for found in _needing(build.stages[number]):
                yield build.stages[index], build.stages[number], found.step, found


def _needing(entry: EvaluatedStage) -> Iterator[_Needing]:
    for step, change in entry.changes():
        if _is_python(change) and isinstance(change, Installation):
            for name, package in _needs(change, step):
                yield _Needing(step, change, name, package)


_MOST_NEEDING = 20
"""Distributions of one stage that are asked about: there are six in the facts."""


def _is_python(change: object) -> bool:
    return isinstance(change, Installation) and change.manager in _MANAGERS and not change.stored


def _needs(change: Installation, made: Step) -> Iterator[tuple[str, str]]:
    """The distributions that are asked for and the Debian packages that they need to run."""
    for asked in change.packages:
        found = _distribution(asked)
        if found is None or _lacking(found, made):
            continue  # it is not even built: MS465 tells of that
        for need in found.run_needs:
            if need.startswith("apt:"):
                yield found.name, need.removeprefix("apt:")


def _distribution(asked: str) -> Distribution | None:
    from multistage_cli.facts import python

    named = _NAME.match(asked)
    return None if named is None or "/" in asked else python.distribution(named[0])


def _lacking(found: Distribution, step: Step) -> list[str]:
    """What a distribution needs to be built, and a RUN surely has not."""
    if any(_is_system(change) for change in step.changes) or step.before.has_command("gcc") is Claim.YES:
        return []
    needs = [need.removeprefix("apt:") for need in found.build_needs if need.startswith("apt:")]
    return [need for need in needs if step.before.has_package(need) is Claim.NO]


def _is_system(change: object) -> bool:
    return isinstance(change, Installation) and change.manager in {"apt", "apk", "dnf"}


def _brings(source: EvaluatedStage, path: str, change: Installation) -> bool:
    """Whether a copied path holds what was installed."""
    places = list(source.final.virtual_environments)
    if change.prefix is not None and change.prefix is not UNKNOWN:
        places = [change.prefix]
    elif not places:
        places = ["/usr/local/lib"]
    base = path.rstrip("/")
    return any(
        place == path or place.startswith(f"{base}/") or path.startswith(f"{place}/lib") for place in places
    )


@rule("MS465", "build-library-missing", Severity.ERROR, confidence=Confidence.LIKELY)
def build_library_missing(build: Build) -> Iterator[Match]:
    """`pip install` of a distribution that is compiled here, without its compiler or headers.

    It has no wheel for Linux. pip ends with "pg_config executable not found", "gcc failed: No such file or directory"
    or the like, and with it the build.

    Bad, found on line 2:
        FROM python:3.12-slim
        RUN pip install --no-cache-dir psycopg2

    Good:
        FROM python:3.12-slim
        RUN pip install --no-cache-dir psycopg2-binary

    Good:
        FROM python:3.12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev \
            && pip install --no-cache-dir psycopg2 && apt-get purge -y gcc && rm -rf /var/lib/apt/lists/*

    Fix: install what the message names before, or take a distribution with wheels (psycopg2-binary).
    """
    for entry in build.stages:
        for step, change in entry.changes():
            if (
                not isinstance(change, Installation)
                or change.manager not in _MANAGERS
                or change.certain is not Claim.YES
            ):
                continue
            for asked in change.packages:
                found = _distribution(asked)
                missing = [] if found is None else _lacking(found, step)
                if found is not None and missing:
                    message = (
                        f"{found.name} is compiled here and needs {', '.join(missing)}: install them before"
                    )
                    yield Match.on(entry, step, message, word=found.name)


@rule("MS466", "no-certificates", Severity.INFO, confidence=Confidence.LIKELY)
def no_certificates(build: Build, asked: Asked) -> Iterator[Match]:
    """Program in an empty image without CA certificates.

    Each HTTPS connection that it makes fails with "certificate signed by unknown authority". A program that makes
    none, or that carries certificates itself, is fine.

    Bad, found on line 5:
        FROM golang:1.25 AS build
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -o /out/app .
        FROM scratch
        COPY --from=build /out/app /app
        ENTRYPOINT ["/app"]

    Good:
        FROM golang:1.25 AS build
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -o /out/app .
        FROM scratch
        COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
        COPY --from=build /out/app /app
        ENTRYPOINT ["/app"]

    Fix: COPY --from=BUILDER /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/, or start from distroless static.
    """
    outputs: dict[int, set[str]] = {}
    for target, owner, step, source, path in copies_into(build, asked):
        state = target.final
        if source.stage.index not in outputs:
            outputs[source.stage.index] = {
                output
                for _, change in source.changes()
                if isinstance(change, Compilation) and change.tool in {"go", "cargo"}
                for output in change.outputs
            }
        built = path in outputs[source.stage.index]
        if built and state.libc is None and all(state.exists(place) is Claim.NO for place in _CERTIFICATES):
            message = (
                f"{target.stage.title} has no CA certificates: HTTPS fails unless {posixpath.basename(path)}"
            )
            yield Match.on(owner, step, f"{message} carries its own")


# Where Go's crypto/x509 looks on Linux (root_linux.go); OpenSSL and rustls-native-certs look in some of these.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
)  # fmt: skip


@rule("MS467", "time-zone-data-missing", Severity.WARNING)
def time_zone_data_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """ENV TZ with a zone that the image has no data of.

    Programs then take UTC and say nothing.

    Bad, found on line 2:
        FROM scratch
        ENV TZ=Europe/Berlin
        COPY app /app
        ENTRYPOINT ["/app"]

    Good:
        FROM scratch
        ENV TZ=Europe/Berlin
        COPY --from=debian:bookworm-slim /usr/share/zoneinfo /usr/share/zoneinfo
        COPY app /app
        ENTRYPOINT ["/app"]

    Fix: install tzdata, or copy /usr/share/zoneinfo from a stage that has it.
    """
    for index in asked.targets:
        state = build.stages[index].final
        zone = state.environment.get("TZ")
        if zone is None or zone is UNKNOWN or "/" not in zone or zone.startswith(("/", ":")):
            continue
        if state.exists(f"/usr/share/zoneinfo/{zone}") is not Claim.NO or not started(
            build, build.stages[index]
        ):
            continue
        if "ZONEINFO" in state.environment:
            continue
        for number in build.graph.chain(index):
            owner = build.stages[number]
            for step in reversed(owner.steps):
                if step.instruction.name == "ENV" and any(
                    pair.name == "TZ" for pair in step.instruction.pairs
                ):
                    message = (
                        f"{build.stages[index].stage.title} has no data of {zone}: install tzdata, or copy it"
                    )
                    yield Match.on(owner, step, message, word=zone)
                    break
