"""What the catalogue says of base images, and what it does not."""

from __future__ import annotations

import pytest

from multistage_cli.facts.images import (
    Certainty,
    Confidence,
    Image,
    full_variant,
    is_slim,
    parse_reference,
    resolve,
    slim_variant,
)
from tests.facts.hostile_references import HOSTILE, SHA

KNOWN, LIKELY, UNKNOWN = Certainty.KNOWN, Certainty.LIKELY, Certainty.UNKNOWN


# reference, certainty, the image whose facts are given
RESOLVED = [
    ("python", KNOWN, "python:latest"),
    ("python:latest", KNOWN, "python:latest"),
    ("python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("library/python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("docker.io/python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("docker.io/library/python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("index.docker.io/library/python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("registry-1.docker.io/library/python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("public.ecr.aws/docker/library/python:3.12-slim", KNOWN, "python:3.12-slim"),
    ("public.ecr.aws/docker/library/python:3.12.4-slim", LIKELY, "python:3.12-slim"),
    ("public.ecr.aws/amazonlinux/amazonlinux:2023", LIKELY, "amazonlinux:2023"),
    ("mirror.gcr.io/library/python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("example.com/" + "mirror/" * 34 + "python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("mirror.gcr.io/grafana/grafana:11.2.0", LIKELY, "grafana/grafana:11.2.0"),
    ("registry.example.com/python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("localhost:5000/python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("ghcr.io/acme/mirror/library/python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("ghcr.io/acme/mirror/python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("ghcr.io/acme/docker.io/library/python:3.12-slim", LIKELY, "python:3.12-slim"),
    ("example.jfrog.io/docker-remote/node:22-alpine", LIKELY, "node:22-alpine"),
    ("gitlab.example.com/team/dependency_proxy/containers/alpine:3.22", LIKELY, "alpine:3.22"),
    ("registry.example.com/mcr.microsoft.com/dotnet/sdk:8.0", LIKELY, "mcr.microsoft.com/dotnet/sdk:8.0"),
    ("registry.redhat.io/ubi9/ubi-minimal", LIKELY, "registry.access.redhat.com/ubi9/ubi-minimal:latest"),
    ("chainguard/python", LIKELY, "cgr.dev/chainguard/python:latest"),
    ("registry.example.com/python:3.99-slim", UNKNOWN, None),
    ("ghcr.io/acme/python:3.12-slim", UNKNOWN, None),
    ("acme/python:3.12-slim", UNKNOWN, None),
    ("quay.io/python:3.12-slim", UNKNOWN, None),
    ("docker.io/gcr.io/distroless/static:nonroot", UNKNOWN, None),
    (f"python:3.12-slim@{SHA}", LIKELY, "python:3.12-slim"),
    (f"python:3.12.4-slim@{SHA}", LIKELY, "python:3.12-slim"),
    (f"python:3.99-slim@{SHA}", UNKNOWN, None),
    (f"python@{SHA}", UNKNOWN, None),
    (f"debian@{SHA}", LIKELY, "debian"),
    (f"alpine@{SHA}", LIKELY, "alpine"),
    (f"bitnami/redis@{SHA}", UNKNOWN, None),
    ("python:3.99-slim", UNKNOWN, None),
    ("python:3.12-slmi", UNKNOWN, None),
    ("python:4", UNKNOWN, None),
    ("python:3.12.4-slim", LIKELY, "python:3.12-slim"),
    ("python:3.12.4-slim-bookworm", LIKELY, "python:3.12-slim-bookworm"),
    ("python:3.12.14-slim", KNOWN, "python:3.12.14-slim"),
    ("python:3.8-slim", KNOWN, "python:3.8-slim"),
    ("python:3.8.18-slim", LIKELY, "python:3.8-slim"),
    ("node:20.11.1-alpine", LIKELY, "node:20-alpine"),
    ("node:22.5.1-alpine3.19", UNKNOWN, None),
    ("node:24-slim", LIKELY, "node:24.21.0-slim"),
    ("node:lts-alpine", KNOWN, "node:lts-alpine"),
    ("golang:1.22.3", LIKELY, "golang:1.22"),
    ("golang:1-bullseye", UNKNOWN, None),
    ("debian", KNOWN, "debian:latest"),
    ("debian:13", KNOWN, "debian:13"),
    ("debian:12.5-slim", LIKELY, "debian:12-slim"),
    ("debian:bookworm-20240211-slim", LIKELY, "debian:bookworm-slim"),
    ("ubuntu:noble-20240212", LIKELY, "ubuntu:noble"),
    ("ubuntu:20230101", UNKNOWN, None),
    ("alpine:3.20.3", LIKELY, "alpine:3.20"),
    ("alpine:4", UNKNOWN, None),
    ("traefik:v3.7.2", LIKELY, "traefik:v3.7"),
    ("amazonlinux:2023.1.20240101.0", LIKELY, "amazonlinux:2023"),
    ("eclipse-temurin:17.0.9_9-jre-alpine", LIKELY, "eclipse-temurin:17.0.20_8-jre-alpine"),
    ("eclipse-temurin:8u392-b08-jre-alpine", LIKELY, "eclipse-temurin:8-jre-alpine"),
    ("gcr.io/distroless/static-debian12", KNOWN, "gcr.io/distroless/static-debian12:latest"),
    ("gcr.io/distroless/static-debian12:nonroot", KNOWN, "gcr.io/distroless/static-debian12:nonroot"),
    ("gcr.io/distroless/base-debian12:debug", KNOWN, "gcr.io/distroless/base-debian12:debug"),
    ("gcr.io/distroless/cc-debian12", KNOWN, "gcr.io/distroless/cc-debian12:latest"),
    ("gcr.io/distroless/python3-debian12:nonroot", KNOWN, "gcr.io/distroless/python3-debian12:nonroot"),
    ("gcr.io/distroless/nodejs22-debian12:nonroot", KNOWN, "gcr.io/distroless/nodejs22-debian12:nonroot"),
    ("gcr.io/distroless/java21-debian12:debug", KNOWN, "gcr.io/distroless/java21-debian12:debug"),
    ("gcr.io/distroless/nodejs26-debian13", LIKELY, "gcr.io/distroless/nodejs26-debian13:latest"),
    ("gcr.io/distroless/static-debian12:v1", UNKNOWN, None),
    ("cgr.dev/chainguard/static", KNOWN, "cgr.dev/chainguard/static:latest"),
    ("cgr.dev/chainguard/go", UNKNOWN, None),
    ("nginxinc/nginx-unprivileged:1.27-alpine", LIKELY, "nginxinc/nginx-unprivileged:1.27-alpine"),
    ("bitnami/postgresql:16", LIKELY, "bitnami/postgresql:16"),
    ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", LIKELY, "nvidia/cuda:12.4.1-runtime-ubuntu22.04"),
    ("maven:3.9-eclipse-temurin-17-windowsservercore", UNKNOWN, None),
    ("scratch", KNOWN, "scratch"),
    ("scratch:latest", UNKNOWN, None),
    ("docker.io/library/scratch", UNKNOWN, None),
    ("acme/app", UNKNOWN, None),
]


@pytest.mark.parametrize(("text", "certainty", "image"), RESOLVED)
def test_reference_is_resolved(text: str, certainty: Certainty, image: str | None) -> None:
    found = resolve(text)
    assert found.certainty is certainty
    assert (found.image.reference if found.image else None) == image
    assert found.reference == parse_reference(text)


@pytest.mark.parametrize("text", [row[0] for row in RESOLVED] + HOSTILE)
def test_every_answer_is_one_that_people_can_read(text: str) -> None:
    found = resolve(text)
    assert (found.image is None) is (found.certainty is Certainty.UNKNOWN)
    assert found.because.endswith(".")
    assert found.because.isascii()
    assert found.because.isprintable()
    assert len(found.because) < 700


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_unknown(text: str) -> None:
    assert resolve(text).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (
            "python:3.99-slim",
            "The catalogue has python but not its tag 3.99-slim; the nearest tag there is 3.14-slim.",
        ),
        ("python:3.12-slmi", "the nearest tag there is 3.12-slim."),
        ("node:99", "the nearest tag there is 25."),
        ("node:1", "the nearest tag there is 8."),
        ("acme/python:3", "it is not Docker's official image python."),
        ("acme/app", "The catalogue does not have acme/app."),
        ("docker.io/gcr.io/a", "The catalogue does not have docker.io/gcr.io/a."),
        ("python:3.12-slim", "The catalogue has python:3.12-slim as built on 2026-09-19."),
        ("python:3.8-slim", "The catalogue has python:3.8-slim, without its size."),
        ("python:3.12.4-slim", "of the same line it has python:3.12-slim as built on 2026-09-19."),
        (f"python:3.12-slim@{SHA}", "The digest decides which build this is"),
        (f"debian@{SHA}", "hold for all known tags of debian."),
        (f"python@{SHA}", "does not tell which image of python this is."),
        ("bitnami/redis:7.4", "fit tags that look like it."),
        ("localhost/python:3.12", "It looks like a mirror of python. The catalogue has python:3.12"),
        (
            "localhost/python:4",
            "It looks like a mirror of python. The catalogue has python but not its tag 4",
        ),
        ("public.ecr.aws/docker/library/alpine:3.22", "Docker's own copies of its official images."),
        ("scratch", "no files, no shell, no users."),
        ("scratch:latest", 'Only the bare word "scratch" is the empty image'),
        ("Python", "must be lower case: 'python'."),
    ],
)
def test_reason_says_why(text: str, part: str) -> None:
    assert part in resolve(text).because


def image_of(text: str) -> Image:
    image = resolve(text).image
    assert image is not None
    return image


def test_facts_of_an_image() -> None:
    assert image_of("python:3.12-slim") == Image(
        reference="python:3.12-slim",
        repository="python",
        tag="3.12-slim",
        canonical_tag="3.12.14-slim-trixie",
        created="2026-09-19T01:07:11Z",
        architecture="amd64",
        size_bytes=119_420_000,
        size_error_bytes=5_000,
        compressed_bytes=43_188_023,
        os_family="debian",
        os_version="trixie",
        libc="glibc",
        package_manager="apt",
        default_user="root",
        shell="/bin/bash",
        entrypoint=(),
        command=("python3",),
        exposed_ports=(),
        environment=(
            ("PATH", "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("LANG", "C.UTF-8"),
            ("PYTHON_VERSION", "3.12.14"),
        ),
        users=image_of("debian:trixie-slim").users,
        users_complete=True,
        source=image_of("python:3.12-slim").source,
        confidence=Confidence.HIGH,
    )


def test_scratch_has_nothing_and_is_certain_of_it() -> None:
    scratch = image_of("scratch")
    assert (scratch.size_bytes, scratch.size_error_bytes) == (0, 0)
    assert (scratch.shell, scratch.libc, scratch.package_manager) == (None, None, None)
    assert scratch.users == ()
    assert scratch.users_complete


@pytest.mark.parametrize(
    ("text", "user", "shell"),
    [
        ("gcr.io/distroless/static-debian12", "root", None),
        ("gcr.io/distroless/static-debian12:nonroot", "65532", None),
        ("gcr.io/distroless/base-debian11:nonroot", "65532", None),
        ("gcr.io/distroless/java21-debian12:debug", "root", "/busybox/sh"),
        ("gcr.io/distroless/python3-debian12:debug-nonroot", "65532", "/busybox/sh"),
        ("cgr.dev/chainguard/python", "65532", None),
        ("cgr.dev/chainguard/python:latest-dev", "65532", "/bin/sh"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", "1654", None),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "root", "/bin/bash"),
        ("nginxinc/nginx-unprivileged:1.27", "101", "/bin/bash"),
        ("bitnami/redis:7.4", "1001", "/bin/bash"),
        ("bitnami/minideb:bookworm", "root", "/bin/bash"),
        ("jenkins/jenkins:lts-jdk21", "jenkins", "/bin/bash"),
        ("elasticsearch:8.15.5", "1000:0", "/bin/bash"),
        ("grafana/grafana:11.2.0", "472", "/bin/bash"),
        ("memcached:1.6", "memcache", "/bin/bash"),
        ("node:22", "root", "/bin/bash"),
        ("alpine:3.22", "root", "/bin/sh"),
        ("ghcr.io/astral-sh/uv:0.8.3", "root", None),
        ("registry.access.redhat.com/ubi9/python-312", "1001", "/bin/bash"),
    ],
)
def test_user_and_shell(text: str, user: str, shell: str | None) -> None:
    image = image_of(text)
    assert (image.default_user, image.shell) == (user, shell)


@pytest.mark.parametrize(
    ("text", "user", "number"),
    [
        ("node:22", "node", 1000),
        ("node:22-alpine", "node", 1000),
        ("nginx:1.31", "nginx", 101),
        ("postgres:17", "postgres", 999),
        ("postgres:17-alpine", "postgres", 70),
        ("ubuntu:24.04", "ubuntu", 1000),
        ("debian:bookworm", "_apt", 42),
        ("debian:bullseye", "_apt", None),
        ("python:3.12", "www-data", 33),
        ("gcr.io/distroless/static-debian12", "nonroot", 65532),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "app", 1654),
    ],
)
def test_users_that_exist(text: str, user: str, number: int | None) -> None:
    assert (user, number) in image_of(text).users


def test_users_are_all_only_where_that_is_known() -> None:
    assert image_of("debian:bookworm-slim").users_complete
    assert "ubuntu" not in dict(image_of("ubuntu:22.04").users)
    assert image_of("ubuntu:22.04").users_complete
    assert not image_of("python:3.12").users_complete
    assert not image_of("nginx:1.31").users_complete
    assert not image_of(f"debian@{SHA}").users_complete


def test_distroless_nonroot_has_the_layers_of_latest() -> None:
    latest = image_of("gcr.io/distroless/static-debian12")
    nonroot = image_of("gcr.io/distroless/static-debian12:nonroot")
    assert nonroot.size_bytes == latest.size_bytes
    assert "the same layers" in nonroot.source
    assert image_of("gcr.io/distroless/java21-debian12:debug").size_bytes is None


def test_digest_alone_tells_only_what_all_tags_share() -> None:
    debian = image_of(f"debian@{SHA}")
    assert (debian.os_family, debian.package_manager, debian.os_version) == ("debian", "apt", None)
    assert (debian.tag, debian.size_bytes, debian.created) == (None, None, None)
    assert resolve(f"debian@{SHA}").size_range_bytes is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python:3.12-slim", (119_415_000, 119_425_000)),
        ("python:3.12", (1_105_000_000, 1_115_000_000)),
        ("python:3.12.4-slim", (107_478_000, 131_362_000)),
        (f"python:3.12-slim@{SHA}", (107_478_000, 131_362_000)),
        ("cgr.dev/chainguard/python", (22_500_000, 67_500_000)),
        ("hello-world", None),
        ("scratch", (0, 0)),
        ("python:3.8-slim", None),
        ("acme/app", None),
    ],
)
def test_size_range(text: str, expected: tuple[int, int] | None) -> None:
    assert resolve(text).size_range_bytes == expected


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("python:3.12-slim", "python:3.12"),
        ("python:3.12.14-slim", "python:3.12.14"),
        ("python:3.12-slim-bookworm", "python:3.12-bookworm"),
        ("python:3.12-alpine", "python:3.12"),
        ("python:3.11-slim", "python:3.11-bookworm"),
        ("python:slim", "python:latest"),
        ("node:22-alpine", "node:22"),
        ("node:22-alpine3.23", "node:22"),
        ("node:24.21.0-slim", "node:24"),
        ("debian:bookworm-slim", "debian:bookworm"),
        ("debian:12-slim", "debian:12"),
        ("nginx:alpine", "nginx:latest"),
        ("eclipse-temurin:21-jre-alpine", "eclipse-temurin:21-jre-noble"),
        ("php:8.3-fpm-alpine", "php:8.3-fpm"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", "mcr.microsoft.com/dotnet/aspnet:8.0-jammy"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-bookworm-slim", "mcr.microsoft.com/dotnet/aspnet:8.0-jammy"),
        ("registry.example.com/python:3.12-slim", "python:3.12"),
        ("python:3.12", None),
        ("node:20-slim", None),
        ("debian:buster-slim", None),
        ("nginx:1.30-alpine-slim", None),
        ("alpine:3.22", None),
        ("busybox", None),
        ("scratch", None),
        ("gcr.io/distroless/static-debian12", None),
    ],
)
def test_full_variant(text: str, full: str | None) -> None:
    found = full_variant(image_of(text))
    assert (found.reference if found else None) == full


@pytest.mark.parametrize(
    ("text", "slim"),
    [
        ("python:3.12", "python:3.12-slim"),
        ("python:3.12-bookworm", "python:3.12-slim-bookworm"),
        ("python", "python:slim"),
        ("python:3.11", "python:3.11-slim"),
        ("node:22", "node:22-slim"),
        ("node:20", "node:20-slim"),
        ("debian:bookworm", "debian:bookworm-slim"),
        ("debian:trixie", "debian:trixie-slim"),
        ("golang:1.25", "golang:1.25-alpine"),
        ("golang:1.24", "golang:1.24-alpine"),
        ("nginx:1.31", "nginx:1.31-alpine"),
        ("postgres:17", "postgres:17-alpine"),
        ("almalinux:9", "almalinux:9-minimal"),
        ("eclipse-temurin:21-jre-noble", "eclipse-temurin:21-jre-alpine"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy", "mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled"),
        ("python:3.12-slim", None),
        ("python:3.12-alpine", None),
        ("debian:buster", None),
        ("ubuntu:24.04", None),
        (f"ubuntu@{SHA}", None),
        ("scratch", None),
    ],
)
def test_slim_variant(text: str, slim: str | None) -> None:
    found = slim_variant(image_of(text))
    assert (found.reference if found else None) == slim


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python:3.12-slim", True),
        ("python:3.12", False),
        ("alpine", True),
        ("caddy:2", True),
        ("traefik:v3.7", True),
        ("scratch", True),
        ("ubuntu", False),
        ("gcr.io/distroless/cc-debian12", True),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", True),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy", False),
        ("cgr.dev/chainguard/go", True),
        ("registry.access.redhat.com/ubi9/ubi-micro", True),
        ("acme/python:3.12-slim", True),
        ("acme/python:3.12-slim-bookworm", True),
        ("acme/node:18-alpine3.19", True),
        ("acme/java:21-noble-chiselled", True),
        ("acme/alpine-node:18", True),
        ("acme/python:3.12", False),
        ("acme/slimmer:1", False),
        ("ghcr.io/acme/distroless/app", True),
    ],
)
def test_is_slim(text: str, expected: bool) -> None:
    assert is_slim(parse_reference(text)) is expected
    image = resolve(text).image
    assert image is None or is_slim(image) is expected
