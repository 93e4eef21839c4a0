"""Each practice: what passes, what fails, what it does not apply to, with its words and its line."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.practices import Status, judge, score_of
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

P, F, N = Status.PASSED, Status.FAILED, Status.NOT_APPLICABLE
PY = "FROM python:3.12-slim"


def practice(name: str, text: str, target: str | None = None) -> tuple[Status, str, int | None]:
    found = next(entry for entry in judge(evaluate(parse(text), target=target)) if entry.name == name)
    return (found.status, found.message, found.line)


TWO = f"{PY} AS build\nRUN pip install flask\n{PY}\nCOPY --from=build /a /a\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TWO, (P, "stage build stays out of the image", 3)),
        (
            f"{PY} AS a\n{PY} AS b\n{PY}\nCOPY --from=a /a /a\nCOPY --from=b /a /a\n",
            (P, "stages a and b stay out of the image", 3),
        ),
        (f"{PY}\n{PY}\nCOPY --from=0 /a /a\n", (P, "stage 0 stays out of the image", 2)),
        (f"{PY} AS a\nFROM a\nCOPY --from=a /a /a\n", (P, "2 stages feed each other", 2)),
        (
            f"{PY}\nRUN pip install flask\n",
            (F, "stage 0 both builds and runs: build in a stage of its own, then COPY --from it", 1),
        ),
        (
            "FROM golang:1.26 AS App\nRUN go build\n",
            (F, "stage App both builds and runs: build in a stage of its own, then COPY --from it", 1),
        ),
        (
            f"{PY} AS a\nRUN pip install flask\nFROM a AS b\n",
            (
                F,
                "stage b only continues its base stages, so all they install ships: COPY --from a stage that builds",
                3,
            ),
        ),
        ("FROM nginx\nCOPY a /a\n", (N, "nothing is built here that another stage could keep out", None)),
    ],
)
def test_multistage_build(text: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Multistage Build", text) == expected


def test_many_stages_are_counted() -> None:
    text = "".join(f"{PY} AS s{n}\n" for n in range(9)) + f"{PY}\n"
    text += "".join(f"COPY --from=s{n} /a /a\n" for n in range(9))
    assert practice("Multistage Build", text)[1] == "stages s0, s1, s2 and 6 more stay out of the image"


def test_stage_whose_name_another_one_has_goes_by_its_index() -> None:
    text = f"{PY} AS x\n{PY} AS x\n{PY}\nCOPY --from=0 /a /a\nCOPY --from=x /a /a\n"
    assert practice("Multistage Build", text)[1] == "stages 0 and x stay out of the image"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("python:3.12-slim", (P, "python:3.12-slim is a slim base image", 1)),
        ("alpine:3.22", (P, "alpine:3.22 is a slim base image", 1)),
        (
            "gcr.io/distroless/static-debian12",
            (P, "gcr.io/distroless/static-debian12 is a slim base image", 1),
        ),
        ("scratch", (P, "scratch: nothing but what is copied", 1)),
        (
            "eclipse-temurin:21-jdk",
            (F, "eclipse-temurin:21-jdk is for building (jdk): ship a jre image instead", 1),
        ),
        (
            "mcr.microsoft.com/dotnet/sdk:9.0",
            (F, "mcr.microsoft.com/dotnet/sdk:9.0 is for building (sdk): ship a runtime image instead", 1),
        ),
        ("openjdk:8", (F, "openjdk:8 is a full image: look for a slim, Alpine or distroless one", 1)),
        ("example.com/x:1", (N, "example.com/x:1 is not in the catalogue of images", 1)),
        ("${BASE}", (N, "what ${BASE} holds is not known", 1)),
    ],
)
def test_slim_base_image(base: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Slim Base Image", f"FROM {base}\n") == expected


def test_slim_base_image_names_what_would_be_saved() -> None:
    status, message, line = practice("Slim Base Image", "FROM python:3.12\n")
    assert (status, line) == (F, 1)
    assert message.startswith("python:3.12 is a full image: python:3.12-slim is ")
    assert message.endswith(" MB smaller")


def test_slim_base_image_is_about_what_ships() -> None:
    text = "FROM python:3.12 AS build\nFROM python:3.12-slim AS base\nFROM base\nCOPY --from=build /a /a\n"
    assert practice("Slim Base Image", text) == (P, "python:3.12-slim is a slim base image", 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{PY}\nUSER app\n", (P, "runs as app", 2)),
        (f"{PY} AS a\nUSER 1000:0\nFROM a\n", (P, "runs as 1000:0", 2)),
        (
            "FROM gcr.io/distroless/static-debian12:nonroot\n",
            (P, "runs as 65532, as gcr.io/distroless/static-debian12:nonroot says", 1),
        ),
        (f"{PY} AS a\nFROM a AS app\n", (F, "stage app runs as root: set USER before CMD", 2)),
        (f"{PY}\nUSER app\nUSER root\n", (F, "USER root is root: name another user", 3)),
        (f"{PY}\nUSER 0:1000\n", (F, "USER 0:1000 is root: name another user", 2)),
        ("FROM scratch\n", (F, "stage 0 runs as root: set USER by number, such as USER 65532", 1)),
        (
            "FROM example.com/x\n",
            (N, "which user example.com/x runs as is not known: set USER to be sure", 1),
        ),
        (
            "FROM example.com/x\nUSER $U\n",
            (N, "which user example.com/x runs as is not known: set USER to be sure", 2),
        ),
        (
            "FROM debian:bookworm-slim\nARG U\nUSER $U\n",
            (F, "USER is empty here, which is root: name another user", 3),
        ),
    ],
)
def test_non_root_user(text: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Non-root User", text) == expected


MAVEN_FIRST = "copy pom.xml and run mvn dependency:go-offline"
EARLY = "COPY . on line 2 comes first, so every edit makes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{PY}\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
            (P, "pip installs before the rest of the source", 3),
        ),
        (
            f"{PY}\nCOPY . .\nRUN pip install -r requirements.txt\n",
            (F, f"{EARLY} pip install again: copy requirements.txt before it", 3),
        ),
        (
            f"{PY}\nCOPY . .\nRUN pip install .\n",
            (F, f"{EARLY} pip install again: copy pyproject.toml before it", 3),
        ),
        (
            "FROM node:22\nCOPY . .\nRUN npm ci\n",
            (F, f"{EARLY} npm install again: copy package.json and package-lock.json before it", 3),
        ),
        (
            "FROM node:22\nCOPY package*.json ./\nRUN npm ci\nCOPY src src\n",
            (P, "npm installs before the rest of the source", 3),
        ),
        (
            "FROM golang:1.26\nCOPY . .\nRUN go mod download\n",
            (F, f"{EARLY} go install again: copy go.mod and go.sum before it", 3),
        ),
        (
            "FROM golang:1.26\nCOPY . .\nRUN go build\n",
            (
                F,
                f"{EARLY} go fetch its dependencies again: copy go.mod and go.sum and run go mod download before it",
                3,
            ),
        ),
        (
            "FROM maven:3\nCOPY . .\nRUN mvn package\n",
            (
                F,
                f"{EARLY} maven fetch its dependencies again: {MAVEN_FIRST} before it",
                3,
            ),
        ),
        (
            "FROM mcr.microsoft.com/dotnet/sdk:9.0\nCOPY . .\nRUN dotnet restore\n",
            (F, f"{EARLY} dotnet install again: copy the project files before it", 3),
        ),
        (
            "FROM ruby:3.4\nCOPY . .\nRUN bundle install\n",
            (F, f"{EARLY} bundler install again: copy Gemfile and Gemfile.lock before it", 3),
        ),
        (
            "FROM node:22 AS base\nCOPY src src\nFROM base\nCOPY package.json .\nRUN npm ci\n",
            (
                F,
                f"{EARLY.replace('.', 'src', 1)} npm install again: copy package.json and package-lock.json before it",
                5,
            ),
        ),
        (
            f"{PY}\nRUN --mount=type=bind,target=. pip install -r requirements.txt\n",
            (
                F,
                "the whole build context is mounted, so every edit makes pip install again: mount its manifests only",
                2,
            ),
        ),
        (
            "FROM golang:1.26\nCOPY . .\nRUN --mount=type=cache,target=/go/pkg/mod go build\n",
            (N, "no dependencies are installed from a manifest", None),
        ),
        (
            f"{PY}\nCOPY . .\nRUN pip install flask\n",
            (N, "no dependencies are installed from a manifest", None),
        ),
        ("FROM nginx\nCOPY . .\n", (N, "no dependencies are installed from a manifest", None)),
    ],
)
def test_layer_caching(text: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Layer Caching", text) == expected


def test_a_second_run_of_the_same_manager_only_adds_the_project() -> None:
    text = f"{PY}\nCOPY uv.lock .\nRUN uv sync --no-install-project\nCOPY . .\nRUN uv sync\n"
    assert practice("Layer Caching", text) == (P, "uv installs before the rest of the source", 3)
    inherited = f"{PY} AS deps\nCOPY uv.lock .\nRUN uv sync\nFROM deps\nCOPY . .\nRUN uv sync\n"
    assert practice("Layer Caching", inherited)[0] is P


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{PY}\nHEALTHCHECK CMD true\n", (P, "HEALTHCHECK tells whether the service answers", 2)),
        (f"{PY}\nEXPOSE 80\n", (F, "port 80/tcp is exposed and no HEALTHCHECK asks it: add one", 2)),
        (
            "FROM nginx:1.31-alpine\n",
            (F, "nginx:1.31-alpine exposes port 80/tcp and no HEALTHCHECK asks it: add one", 1),
        ),
        (
            f"{PY}\nHEALTHCHECK CMD true\nHEALTHCHECK NONE\n",
            (F, "HEALTHCHECK NONE turns it off: write one that asks the service", 3),
        ),
        (f"{PY}\n", (N, "no port is exposed, so there is nothing to ask", None)),
        ("FROM example.com/x\nEXPOSE 80\n", (N, "whether example.com/x has a HEALTHCHECK is not known", 1)),
    ],
)
def test_health_check(text: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Health Check", text) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pip install --no-cache-dir flask", (P, "pip leaves no cache in the image", 2)),
        ("pip install flask", (F, "pip leaves its cache in the image: use pip --no-cache-dir", 2)),
        ("apk add curl", (F, "apk leaves its cache in the image: use apk add --no-cache", 2)),
        (
            "npm ci",
            (
                F,
                "npm leaves its cache in the image: use npm cache clean --force in the same RUN, or a cache mount",
                2,
            ),
        ),
        (
            "uv pip install --system flask",
            (F, "uv leaves its cache in the image: use uv --no-cache or a cache mount", 2),
        ),
        (
            "poetry install",
            (F, "poetry leaves its cache in the image: use poetry install --no-cache or a cache mount", 2),
        ),
        ("npm ci && npm cache clean --force", (P, "npm leaves no cache in the image", 2)),
        (
            "--mount=type=cache,target=/root/.cache/pip pip install flask",
            (P, "pip leaves no cache in the image", 2),
        ),
        ("apt-get install curl", (N, "pip, npm, apk and their kin are not used", None)),
        ("go mod download", (N, "pip, npm, apk and their kin are not used", None)),
    ],
)
def test_pip_cache(script: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Pip Cache", f"{PY}\nRUN {script}\n") == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", (P, "pip's cache stays behind in its stage", 2)),
        ("/", (N, "whether COPY --from=build brings pip's cache is not known", 4)),
        ("/root", (N, "whether COPY --from=build brings pip's cache is not known", 4)),
    ],
)
def test_pip_cache_of_a_stage_that_does_not_ship(path: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Pip Cache", TWO.replace("/a /a", f"{path} /a")) == expected


def test_pip_cache_where_nobody_keeps_one() -> None:
    text = TWO.replace("pip install", "pip install --no-cache-dir")
    assert practice("Pip Cache", text) == (P, "pip keeps no cache", 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TWO, (P, "COPY --from=build brings /a", 4)),
        (f"{PY}\n{PY}\nCOPY --from=0 /a /b /c /d /\n", (P, "COPY --from=0 brings /a, /b, /c and 1 more", 3)),
        (
            f"{PY} AS t\n{PY}\nRUN --mount=from=t,source=/x,target=/t true\n",
            (P, "a mount from stage t brings /x", 3),
        ),
        (
            f"{PY} AS t\n{PY}\nRUN --mount=from=t,target=/t true\n",
            (P, "a mount from stage t brings all of it", 3),
        ),
        (
            f"{PY} AS a\nFROM a\n",
            (F, "no stage takes anything from another one: COPY --from the one that builds", 2),
        ),
        (f"{PY}\n", (N, "there is no other stage to copy from", None)),
    ],
)
def test_stage_copying(text: str, expected: tuple[Status, str, int | None]) -> None:
    assert practice("Stage Copying", text) == expected


def test_score_counts_what_applies() -> None:
    found = judge(evaluate(parse(TWO)))
    score = score_of(found)
    assert score.passed == sum(entry.status is P for entry in found)
    assert score.total == sum(entry.status is not N for entry in found)


def test_a_file_without_stages_has_no_practices() -> None:
    assert judge(evaluate(parse("ARG A\n"))) == ()


def test_target_decides() -> None:
    text = f"{PY} AS dev\nRUN pip install flask\n{PY} AS prod\nCOPY --from=dev /a /a\nUSER app\n"
    assert practice("Non-root User", text)[0] is P
    assert practice("Non-root User", text, target="dev")[0] is F
