"""Secret files that end up in the image: copied, taken from another stage or a mount, deleted too late."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.rules.interpreters import Named, copies_into, landed
from multistage_cli.analyze.scripts_of import scripts_of
from multistage_cli.build.changes import Deletion, PathsCopied
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind, Nature
from multistage_cli.build.instructions import read_mounts
from multistage_cli.shell import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.files import Entry
    from multistage_cli.build.state import State

_MOST_PATHS = 5_000
"""Files of a build context that are looked at by name."""

_SUSPECTS = frozenset({
    ".env", ".env.local", ".env.production", ".netrc", "_netrc", ".git-credentials", ".pgpass", ".htpasswd", "id_rsa",
    "id_dsa", "id_ecdsa", "id_ed25519", ".npmrc", ".yarnrc.yml", ".pypirc", "pip.conf", "credentials",
    "credentials.json", "config.json", "kubeconfig", "service-account.json",
})  # fmt: skip
_SUSPECT_ENDS = (".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx")
_HARMLESS_FOLDERS = frozenset(
    {"test", "tests", "testdata", "fixtures", "example", "examples", "node_modules", "docs"}
)


def _is_suspect(path: str) -> bool:
    """Whether a file is worth a look: whether it is a secret, its content says."""
    name = posixpath.basename(path)
    if _HARMLESS_FOLDERS & set(path.split("/")[:-1]):
        return False
    return name in _SUSPECTS or name.endswith(_SUSPECT_ENDS)


def _secrets_of_context(build: Build) -> tuple[str, ...]:
    """Paths of the build context that may be secrets."""
    if build.context is None:
        return ()
    found = zip(build.context.entries(), range(_MOST_PATHS), strict=False)
    return tuple(entry.path for entry, _ in found if entry.kind == "file" and _is_suspect(entry.path))


def _is_secret(entry: Entry) -> bool:
    return entry.exists is Claim.YES and entry.content is not None and entry.content.nature is Nature.SECRET


@rule("MS640", "secret-file-copied", Severity.ERROR, confidence=Confidence.LIKELY)
def secret_file_copied(build: Build, asked: Asked) -> Iterator[Match]:
    """COPY or ADD that brings a private key or a file with passwords or tokens into a layer that ships.

    Whoever pulls the image can read it, also where a later instruction deletes it.

    Bad, found on line 3:
        FROM alpine:3.22
        WORKDIR /app
        COPY . .
        ==> .env <==
        DATABASE_PASSWORD=example

    Good:
        FROM alpine:3.22
        WORKDIR /app
        COPY . .
        ==> .env <==
        DATABASE_PASSWORD=example
        ==> .dockerignore <==
        .env

    Good:
        FROM alpine:3.22 AS build
        COPY .netrc /root/.netrc
        FROM alpine:3.22
        COPY --from=build /etc/alpine-release /release
        ==> .netrc <==
        machine example.com login me password example

    Fix: name it in .dockerignore; hand it over with RUN --mount=type=secret while building, and as a file or a
    variable of the container while running.
    """
    suspects = _secrets_of_context(build)
    for entry in build.stages if suspects else ():
        if not asked.ships(entry):
            continue
        for step in entry.steps:
            found = _copied_secret(step, suspects)
            if found is not None:
                path, place = found
                message = f"{path} looks like a secret and ships as {place}: name it in .dockerignore"
                yield Match.on(entry, step, message)


def _copied_secret(step: Step, suspects: tuple[str, ...]) -> tuple[str, str] | None:
    """The first secret of the build context that a COPY takes, and where it lies then."""
    copied = step.copied
    if copied is None or copied.source is not None or copied.destination is UNKNOWN:
        return None
    for source in copied.sources:
        if source is UNKNOWN:
            continue
        base = posixpath.normpath(f"/{source}").strip("/")
        for path in suspects:
            if base == path or set(source) & set("*?["):
                folder = copied.destination.rstrip("/")
                places = [f"{folder}/{posixpath.basename(path)}", folder]
            elif not base or path.startswith(f"{base}/"):
                places = [f"{copied.destination.rstrip('/')}/{path.removeprefix(base).lstrip('/')}"]
            else:
                continue
            for place in places:
                there = step.after.files.entry(place)
                if _is_secret(there) and there.writer is not None and there.writer.line == step.line:
                    return path, place
    return None


@rule("MS641", "secret-crosses-stages", Severity.ERROR, confidence=Confidence.LIKELY)
def secret_crosses_stages(build: Build, asked: Asked) -> Iterator[Match]:
    """COPY --from that brings a secret file of a builder into a layer that ships.

    It came into the builder with a wide COPY, or a command wrote it there, and rides along in its folder.

    Bad, found on line 5:
        FROM alpine:3.22 AS build
        WORKDIR /app
        COPY . .
        FROM alpine:3.22
        COPY --from=build /app /app
        ==> .env <==
        DATABASE_PASSWORD=example

    Good:
        FROM alpine:3.22 AS build
        WORKDIR /app
        COPY . .
        FROM alpine:3.22
        COPY --from=build /app/page.txt /app/
        ==> .env <==
        DATABASE_PASSWORD=example
        ==> page.txt <==
        hello

    Fix: copy what is needed only, or name the file in .dockerignore.
    """
    suspects = _secrets_of_context(build)
    secrets = Named(lambda path, entry: _is_suspect(path) and _is_secret(entry))
    for _, owner, step, source, path in copies_into(build, asked):
        for below in (*secrets.below(source, path), *_from_context(source.final, path, suspects)):
            place = landed(step, source, path, below)
            if place is None or not _is_secret(step.after.files.entry(place)):
                continue
            writer = source.final.files.entry(below).writer
            related = () if writer is None else (Related(writer.line, f"{below} comes from here"),)
            message = (
                f"{below} of {source.stage.title} looks like a secret and ships as {place}: do not copy it"
            )
            yield Match.on(owner, step, message, related=related)
            break


def _from_context(state: State, path: str, suspects: tuple[str, ...]) -> Iterator[str]:
    """The secrets below a path that the build context brought."""
    base = path.rstrip("/")
    for suspect in suspects:
        parts = suspect.split("/")
        for depth in range(len(parts)):
            found = f"{base}/{'/'.join(parts[depth:])}"
            if _is_secret(state.files.entry(found)):
                yield found


@rule("MS642", "secret-mount-kept", Severity.ERROR)
def secret_mount_kept(build: Build, asked: Asked) -> Iterator[Match]:
    """RUN that copies what a secret mount shows into a layer that ships.

    The mount itself is in no layer. A copy of it is.

    Bad, found on line 2:
        FROM alpine:3.22
        RUN --mount=type=secret,id=netrc cp /run/secrets/netrc /root/.netrc

    Bad, found on line 2:
        FROM alpine:3.22
        RUN --mount=type=secret,id=token cat /run/secrets/token > /etc/token

    Good:
        FROM alpine:3.22
        RUN --mount=type=secret,id=netrc,target=/root/.netrc wget -q https://example.com/

    Good:
        FROM alpine:3.22
        RUN --mount=type=secret,id=netrc cp /run/secrets/netrc /root/.netrc \
            && wget -q https://example.com/ && rm /root/.netrc

    Fix: mount it where it is needed (target=), or delete the copy in the same RUN.
    """
    for entry in build.stages:
        if not asked.ships(entry):
            continue
        for step in entry.steps:
            mounts = [
                mount
                for mount in read_mounts(step.instruction)
                if mount.type == "secret" and mount.env is None
            ]
            places = {
                mount.target or f"/run/secrets/{posixpath.basename(mount.source or mount.id or '')}"
                for mount in mounts
            }
            for path in _copies_of(step, places) if places else ():
                if step.after.exists(path) is Claim.YES:
                    message = (
                        f"{path} keeps a copy of a secret in this layer: mount it there with target={path}"
                    )
                    yield Match.on(entry, step, message, word=path)


def _copies_of(step: Step, places: set[str]) -> list[str]:
    found = []
    for change in step.changes:
        if isinstance(change, PathsCopied) and change.certain is Claim.YES and places & set(change.sources):
            into = step.after.files.entry(change.destination).kind is Kind.DIRECTORY
            name = posixpath.basename(next(path for path in change.sources if path in places))
            found.append(f"{change.destination.rstrip('/')}/{name}" if into else change.destination)
    for text in scripts_of(step):
        for command in commands(text.text).commands:
            words = {word.literal or "" for word in command.words[1:]}
            if command.name != "cat" or not words & places:
                continue
            for redirect in command.redirects:
                target = None if redirect.target is None else redirect.target.literal
                if redirect.operator in {">", ">>"} and target is not None and target.startswith("/"):
                    found.append(target)
    return [path for path in found if not path.startswith(("/dev/", "/proc/"))]


@rule("MS644", "secret-deleted-too-late", Severity.ERROR, confidence=Confidence.LIKELY)
def secret_deleted_too_late(build: Build, asked: Asked) -> Iterator[Match]:
    """Secret file that a later instruction deletes.

    It is not in the container's files any more, and all the same in the layer that brought it, which everybody
    downloads.

    Bad, found on line 3:
        FROM alpine:3.22
        COPY .netrc /app/.netrc
        RUN HOME=/app wget -q https://example.com/ && rm /app/.netrc
        ==> .netrc <==
        machine example.com login me password example

    Good:
        FROM alpine:3.22
        RUN --mount=type=secret,id=netrc,target=/root/.netrc wget -q https://example.com/

    Fix: mount it with RUN --mount=type=secret,target=.
    """
    for entry in build.stages:
        for step in entry.steps if asked.ships(entry) else ():
            for change in step.changes:
                if not isinstance(change, Deletion):
                    continue
                for path in change.paths:
                    before = step.before.files.entry(path)
                    if not _is_secret(before) or before.writer is None:
                        continue
                    related = (Related(before.writer.line, f"this layer keeps {path}"),)
                    message = (
                        f"{path} stays in the layer of line {before.writer.line}: use RUN --mount=type=secret"
                    )
                    yield Match.on(entry, step, message, word=path, related=related)


# The forms that the providers themselves publish for secret scanners; each is long and unmistakable.
@rule("MS647", "git-history-shipped", Severity.WARNING)
def git_history_shipped(build: Build, asked: Asked) -> Iterator[Match]:
    """COPY that brings the repository's .git into a layer that ships.

    It is the whole history: all that was ever deleted, and often more bytes than the program.

    Good:
        FROM alpine:3.22
        WORKDIR /app
        COPY . .
        ==> .dockerignore <==
        .git

    Bad, found on line 3:
        FROM alpine:3.22
        WORKDIR /app
        COPY . .
        ==> .git/HEAD <==
        ref: refs/heads/main

    Fix: write .git into .dockerignore.
    """
    for entry in build.stages:
        for step in entry.steps if asked.ships(entry) else ():
            copied = step.copied
            if copied is None or copied.destination is UNKNOWN:
                continue
            place = f"{copied.destination.rstrip('/')}/.git"
            before = step.before.exists(f"{place}/HEAD")
            if step.after.exists(f"{place}/HEAD") is Claim.YES and before is Claim.NO:
                message = f"{place}, the whole history, ships with this: write .git into .dockerignore"
                yield Match.on(entry, step, message)
