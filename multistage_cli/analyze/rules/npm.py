"""npm, yarn, pnpm and bun: versions, and the caches that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.installing import kept, unpinned
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS430", "unpinned-node-package", Severity.INFO, aliases=("DL3016",))
def unpinned_node_package(build: Build, asked: Asked) -> Iterator[Match]:
    """Node package without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow. What package.json and its lock file name is fine.

    Bad, found on line 2:
        FROM node:22-slim
        RUN npm install --global serve && npm cache clean --force

    Good:
        FROM node:22-slim
        RUN npm install --global serve@14.2.5 && npm cache clean --force

    Good:
        FROM node:22-slim
        COPY package.json package-lock.json ./
        RUN npm ci && npm cache clean --force

    Fix: write NAME@VERSION, or put the package into package.json and run npm ci.
    """
    yield from unpinned(build, asked, "npm yarn pnpm bun", _is_pinned, "NAME@VERSION")


def _is_pinned(name: str) -> bool:
    if name.startswith("@"):
        return "@" in name[1:]  # behind the scope
    # `owner/repository` and addresses are asked for by branch or tag, which their own words say.
    return "@" in name or "/" in name or name.startswith(".") or name.endswith((".tgz", ".tar.gz"))


_CLEAN = {"npm": "npm cache clean --force", "yarn": "yarn cache clean"}


@rule("MS431", "node-cache-kept", Severity.INFO, aliases=("DL3060",))
def node_cache_kept(build: Build, asked: Asked) -> Iterator[Match]:
    """Cache of npm or yarn in a layer that ships.

    Nothing in the image ever reads it again.

    Bad, found on line 3:
        FROM node:22-slim
        COPY package.json yarn.lock ./
        RUN yarn install --frozen-lockfile

    Good:
        FROM node:22-slim
        COPY package.json yarn.lock ./
        RUN yarn install --frozen-lockfile && yarn cache clean

    Good:
        FROM node:22-slim
        COPY package.json package-lock.json ./
        RUN --mount=type=cache,target=/root/.npm npm ci

    Good:
        FROM node:22-slim AS build
        COPY package.json yarn.lock ./
        RUN yarn install --frozen-lockfile
        FROM node:22-slim
        COPY --from=build /node_modules /node_modules

    Fix: mount a cache, or end the same RUN with `yarn cache clean` or `npm cache clean --force`.
    """
    for run, change, command in kept(
        build, asked, "npm yarn", Installation, "/root/.npm", "/usr/local/share/.cache"
    ):
        clean = _CLEAN[change.manager]
        message = f"{change.manager}'s cache stays in this layer: mount a cache, or end the RUN with {clean}"
        aliases = None if change.manager == "yarn" else ()
        yield run.match(command or change.line, message, aliases=aliases)
