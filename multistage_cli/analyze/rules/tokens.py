"""Secrets in the text of the Dockerfile, or written by its commands: tokens, passwords, credentials."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.scripts_of import scripts_of
from multistage_cli.build.changes import Deletion, FileWritten
from multistage_cli.build.claims import Claim
from multistage_cli.shell import Opaque, Variable, commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.shell import Word


_CREDENTIAL_FILES = frozenset(
    {".npmrc", ".netrc", ".git-credentials", ".pypirc", "pip.conf", ".yarnrc.yml", "auth.json"}
)
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:TOKEN|PASSWORD|PASSWD|SECRET|PAT|APIKEY|API_KEY|AUTH|CREDENTIALS?)(?:_|$)", re.IGNORECASE
)


@rule("MS643", "credentials-written", Severity.ERROR)
def credentials_written(build: Build, asked: Asked) -> Iterator[Match]:
    """RUN that writes a token into a file of credentials and leaves it in a layer that ships.

    Bad, found on line 3:
        FROM node:20-slim
        ARG NPM_TOKEN
        RUN echo "//registry.npmjs.org/:_authToken=$NPM_TOKEN" > /root/.npmrc

    Good:
        FROM node:20-slim
        RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm --version

    Good:
        FROM node:20-slim
        ARG NPM_TOKEN
        RUN echo "//registry.npmjs.org/:_authToken=$NPM_TOKEN" > /root/.npmrc && npm --version && rm /root/.npmrc

    Fix: mount the file with RUN --mount=type=secret,target=; to delete it in a later RUN does not help.
    """
    for entry in build.stages:
        for step in entry.steps if asked.ships(entry) else ():
            for path, name in _credentials(step):
                if step.after.exists(path) is Claim.YES:
                    message = f"{path} keeps ${name} in this layer: use RUN --mount=type=secret,target={path}"
                    yield Match.on(entry, step, message, word=path)


def _credentials(step: Step) -> Iterator[tuple[str, str]]:
    """Files of credentials that a RUN writes a secret variable into."""
    written = [change.path for change in step.changes if isinstance(change, FileWritten)]
    candidates = [path for path in written if posixpath.basename(path) in _CREDENTIAL_FILES]
    if not candidates:
        return
    for text in scripts_of(step):
        for command in commands(text.text).commands:
            targets = [redirect.target for redirect in command.redirects if redirect.operator in {">", ">>"}]
            names = [name for word in command.words for name in _secret_names(word)]
            for target in targets:
                base = "" if target is None else _last_text(target)
                for path in candidates:
                    if names and posixpath.basename(path) == posixpath.basename(base):
                        yield path, names[0]


def _last_text(word: Word) -> str:
    last = word.parts[-1] if word.parts else ""
    return last if isinstance(last, str) else ""


def _secret_names(word: Word) -> Iterator[str]:
    for part in word.parts:
        if isinstance(part, Variable) and _SECRET_NAME.search(part.name):
            yield part.name


_TOKENS = (
    r"gh[pousr]_[A-Za-z0-9]{36}", r"github_pat_[A-Za-z0-9_]{60,}", r"glpat-[A-Za-z0-9_-]{20}", r"AKIA[0-9A-Z]{16}",
    r"xox[abprs]-[A-Za-z0-9-]{20,}", r"npm_[A-Za-z0-9]{36}", r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    r"sk_live_[A-Za-z0-9]{24,}", r"AIza[0-9A-Za-z_-]{35}", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
)  # fmt: skip


@rule("MS645", "token-in-dockerfile", Severity.ERROR, confidence=Confidence.LIKELY)
def token_in_dockerfile(build: Build) -> Iterator[Match]:
    """Token or private key in the Dockerfile itself.

    Everybody who reads the repository has it, and the image's history as a rule, too.

    Bad, found on line 2:
        FROM alpine:3.22
        RUN wget -q --header "Authorization: token ghp_aaaabbbbccccddddeeeeffff0000111122223" https://example.com/

    Good:
        FROM alpine:3.22
        RUN --mount=type=secret,id=token,env=GITHUB_TOKEN \
            wget -q --header "Authorization: token $GITHUB_TOKEN" https://example.com/

    Fix: revoke it, and hand its successor over with RUN --mount=type=secret.
    """
    pattern = re.compile("|".join(rf"(?<![A-Za-z0-9]){token}" for token in _TOKENS))
    for entry in build.stages:
        for step in entry.steps:
            if step.fired:
                continue
            found = pattern.search(step.instruction.raw)
            if found is not None:
                shown = f"{found[0][:8]}..."
                yield Match.on(
                    entry, step, f"{shown} looks like a token: revoke it, and use RUN --mount=type=secret"
                )


@rule("MS646", "credentials-in-clone", Severity.ERROR)
def credentials_in_clone(build: Build, asked: Asked) -> Iterator[Match]:
    """Address with a token in it for git clone, in a layer that ships.

    Git keeps the address in .git/config, and so the token.

    Bad, found on line 3:
        FROM registry.example.com/team/git:1
        ARG TOKEN
        RUN git clone https://oauth2:$TOKEN@example.com/team/app.git /app

    Good:
        FROM registry.example.com/team/git:1 AS build
        ARG TOKEN
        RUN git clone https://oauth2:$TOKEN@example.com/team/app.git /app
        FROM alpine:3.22
        COPY --from=build /app/src /app

    Good:
        FROM registry.example.com/team/git:1
        RUN --mount=type=secret,id=netrc,target=/root/.netrc git clone https://example.com/team/app.git /app

    Fix: clone in a stage that does not ship, or with RUN --mount=type=secret and a .netrc.
    """
    for entry in build.stages:
        for step in entry.steps if asked.ships(entry) else ():
            for text in scripts_of(step):
                for command in commands(text.text).commands:
                    words = [word.literal for word in command.words[:2]]
                    if words != ["git", "clone"] or ".git" in _removed(step):
                        continue
                    if any(_has_credentials(word) for word in command.words[2:]):
                        message = "git keeps this address with its token in .git/config: clone in a stage that does not"
                        yield Match.on(entry, step, f"{message} ship", word="git clone")


def _has_credentials(word: Word) -> bool:
    text = "".join(part if isinstance(part, str) else "\0" for part in word.parts)
    found = re.match(r"https?://([^/@]*)@", text)
    if found is None or "\0" not in found[1]:
        return False
    return any(isinstance(part, Variable | Opaque) for part in word.parts)


def _removed(step: Step) -> set[str]:
    """Last names of what a RUN deletes."""
    return {
        posixpath.basename(path.rstrip("/"))
        for change in step.changes
        if isinstance(change, Deletion)
        for path in change.paths
    } | ({".git"} if "rm -rf" in step.instruction.text and ".git" in step.instruction.text else set())
