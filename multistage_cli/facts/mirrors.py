"""Other names of known images: registries that mirror, cache or also publish them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.facts.references import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.facts.references import Reference

# Registries where everybody has a namespace: `quay.io/python` or `ghcr.io/acme/python` says nothing
# about Docker's python. On a company's own registry a bare `registry.example.com/python` does.
_SHARED_REGISTRIES: Final = (
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "quay.io",
    "public.ecr.aws",
    "registry.gitlab.com",
    "mcr.microsoft.com",
    "cgr.dev",
    "lscr.io",
    "nvcr.io",
    "registry.k8s.io",
    "registry.access.redhat.com",
    "registry.redhat.io",
)
_MIRROR_WORDS: Final = frozenset(
    ["cache", "cached", "dockerhub", "hub", "mirror", "mirrors", "proxy", "pullthrough", "remote", "upstream"]
)
# The deepest that a mirror's own folders go, so that a long path costs no more than a short one.
_DEEPEST: Final = 6


class Origin(Struct, frozen=True):
    """A repository that another one probably copies.

    Attributes:
        repository: Its familiar name: `python`, `mcr.microsoft.com/dotnet/sdk`.
        same_publisher: Whether the people who publish the one publish the other, so that a tag
            means the same build in both.
        how: The relation in a sentence: "It looks like a mirror of python."
    """

    repository: str
    same_publisher: bool
    how: str


def origins(reference: Reference) -> Iterator[Origin]:
    """The repositories that `reference` may be a copy of, the surest first; often none."""
    yield from _published_twice(reference)
    yield from _mirrored(reference)


def _published_twice(reference: Reference) -> Iterator[Origin]:
    domain, path = reference.domain, reference.path
    if domain == "registry-1.docker.io":
        # The host that docker.io stands for (`defaultDomain` in github.com/distribution/reference).
        how = f"{domain} is Docker Hub itself."
        yield Origin(path.removeprefix("library/"), same_publisher=True, how=how)
    elif domain == "public.ecr.aws" and path.startswith("docker/library/"):
        # Docker publishes its official images there as well (AWS containers blog, 29 November 2021).
        how = "public.ecr.aws/docker/library has Docker's own copies of its official images."
        yield Origin(path.removeprefix("docker/library/"), same_publisher=True, how=how)
    elif domain == "public.ecr.aws" and path == "amazonlinux/amazonlinux":
        # The same images, often days before Docker Hub (github.com/amazonlinux/container-images).
        how = "public.ecr.aws/amazonlinux has Amazon's own copies, often newer ones than Docker Hub."
        yield Origin("amazonlinux", same_publisher=False, how=how)
    elif domain == "registry.redhat.io":
        origin = f"registry.access.redhat.com/{path}"
        yield Origin(origin, same_publisher=False, how=f"{domain} probably has the same as {origin}.")
    elif domain == DOCKER_HUB and path.startswith("chainguard/"):
        origin = f"cgr.dev/{path}"
        yield Origin(origin, same_publisher=False, how=f"Chainguard probably publishes the same as {origin}.")


def _mirrored(reference: Reference) -> Iterator[Origin]:
    """What the path says: `library/python`, a folder called mirror, or a whole foreign reference."""
    if reference.domain == DOCKER_HUB:
        return
    parts = reference.path.split("/")
    for start in range(max(0, len(parts) - _DEEPEST), len(parts)):
        name = "/".join(parts[start:])
        if parts[start] == DOCKER_HUB and start + 1 < len(parts):
            yield _mirror("/".join(parts[start + 1 :]).removeprefix("library/"))
        elif "." in parts[start] and start + 1 < len(parts):
            yield _mirror(name)
        elif parts[start] == "library" and start + 2 == len(parts):
            yield _mirror(parts[start + 1])
        elif _says_mirror(reference, parts[:start]) and start + 2 >= len(parts):
            yield _mirror(name)


def _says_mirror(reference: Reference, folders: list[str]) -> bool:
    if folders:
        # GitLab's dependency proxy writes GROUP/dependency_proxy/containers/IMAGE.
        last = folders[-1] if folders[-1] != "containers" else "".join(folders[-2:-1])
        words = last.replace("_", "-").replace(".", "-").split("-")
        return not _MIRROR_WORDS.isdisjoint(words)
    if reference.domain == "mirror.gcr.io":
        # Google's cache of Docker Hub (cloud.google.com/artifact-registry/docs/pull-cached-dockerhub-images).
        return True
    return reference.domain not in _SHARED_REGISTRIES and "/" not in reference.path


def _mirror(repository: str) -> Origin:
    return Origin(repository, same_publisher=False, how=f"It looks like a mirror of {repository}.")
