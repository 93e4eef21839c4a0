"""What a registry says of a base image, in the states of the build and for the rooms that ask them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.build.state import State
from multistage_cli.facts.configurations import Check, Configuration, Registered
from multistage_cli.facts.images import Lookup, resolve
from multistage_cli.parser import parse

CONFIGURATION = Configuration(
    environment=(("PATH", "/opt/bin:/bin"), ("APP_HOME", "/srv")),
    user="app",
    working_directory="/srv",
    entrypoint=("/entry",),
    command=("serve",),
    exposed_ports=("8080/tcp", "0/tcp", "x", "70000/tcp", "53/udp"),
    volumes=("/data",),
    labels=(("team", "shop"),),
    shell=("/bin/bash", "-c"),
    stop_signal="SIGINT",
    healthcheck=Check(("CMD-SHELL", "curl localhost:8080"), interval_seconds=5, retries=2),
)
SAID = Registered("", "sha256:0", "linux/amd64", None, 10, 100, 0, 0, CONFIGURATION)


class World:
    """Stands for the network: has one answer for every image, and notes who asks."""

    def __init__(self, said: Registered = SAID) -> None:
        self.said = said
        self.asked: list[tuple[str, str]] = []

    def prepare(self, wanted: object) -> None:
        self.wanted = list(wanted)  # type: ignore[call-overload]

    def look(self, text: str, platform: str) -> Lookup:
        self.asked.append((text, platform))
        return replace(resolve(text), registered=self.said)


def build_of(text: str, world: World, platform: str = "linux/amd64") -> Build:
    return evaluate(parse(text), online=world, platform=platform)  # type: ignore[arg-type]


def start_of(text: str, said: Configuration = CONFIGURATION) -> State:
    return build_of(text, World(replace(SAID, configuration=said))).stages[0].start


@pytest.mark.parametrize("image", ["registry.example/shop/api:1", "python:3.12-slim", "python:3.12.99-slim"])
def test_the_whole_configuration(image: str) -> None:
    start = start_of(f"FROM {image}\n")
    assert dict(start.environment) == {"PATH": "/opt/bin:/bin", "APP_HOME": "/srv"}
    assert not start.variables.open
    assert start.variables.known("NOT_THERE") is None
    assert (start.user.value, start.working_directory.value) == ("app", "/srv")
    assert (start.entrypoint.value, start.command.value) == (("/entry",), ("serve",))
    assert [port.text for port in start.ports] == ["8080/tcp", "53/udp"]
    assert start.ports_known
    assert dict(start.volumes) == {"/data": None}
    assert {name: setting.value for name, setting in start.labels.items()} == {"team": "shop"}
    assert (start.shell.value, start.stop_signal.value) == (("/bin/bash", "-c"), "SIGINT")
    check = start.healthcheck.value
    assert check is not UNKNOWN
    assert check is not None
    assert (check.words, check.json_form) == (("curl localhost:8080",), False)
    assert (check.interval_seconds, check.retries, check.timeout_seconds) == (5, 2, None)


def test_what_is_not_set_is_not_set() -> None:
    start = start_of("FROM registry.example/shop/api:1\n", Configuration())
    assert start.path == ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
    assert (start.user.value, start.working_directory.value) == ("", "/")
    assert (start.entrypoint.value, start.command.value, start.healthcheck.value) == ((), (), None)
    assert start.shell.value == ("/bin/sh", "-c")
    assert start.runs_as_root is Claim.YES


@pytest.mark.parametrize(
    ("user", "expected"),
    [("root", Claim.YES), ("0:0", Claim.YES), ("app", Claim.NO), ("", Claim.YES), ("65532", Claim.NO)],
)
def test_who_it_runs_as(user: str, expected: Claim) -> None:
    start = start_of("FROM registry.example/shop/api:1\n", Configuration(user=user))
    assert start.runs_as_root is expected


@pytest.mark.parametrize(
    ("folder", "expected"), [("", "/"), ("srv", "/srv"), ("/srv/../x/", "/x"), ("/a//b", "/a/b"), ("//", "/")]
)
def test_where_it_works(folder: str, expected: str) -> None:
    start = start_of("FROM registry.example/shop/api:1\n", Configuration(working_directory=folder))
    assert start.working_directory.value == expected


def test_a_check_that_is_switched_off() -> None:
    for test in (("NONE",), ("ODD", "x")):
        start = start_of("FROM registry.example/a:1\n", Configuration(healthcheck=Check(test)))
        assert start.healthcheck.value is None


def test_what_a_registry_cannot_tell_stays_unknown() -> None:
    start = start_of("FROM registry.example/shop/api:1\n")
    assert start.exists("/usr/bin/curl") is Claim.UNKNOWN
    assert start.has_package("curl") is Claim.UNKNOWN
    assert start.has_user("app") is Claim.UNKNOWN
    assert start.libc is UNKNOWN


def test_facts_of_the_catalogue_stay() -> None:
    start = start_of("FROM python:3.12-slim\n")
    assert start.exists("/usr/local/bin/python3") is Claim.YES
    assert start.has_package("curl") is Claim.NO


def test_windows() -> None:
    said = replace(SAID, platform="windows/amd64", configuration=Configuration(user="ContainerUser"))
    start = build_of("FROM registry.example/a:1\n", World(said)).stages[0].start
    assert start.windows
    assert start.runs_as_root is Claim.NO
    assert "PATH" not in start.environment
    assert start.shell.value == ("cmd", "/S", "/C")


def test_which_images_are_asked_about() -> None:
    world = World()
    build = build_of(
        "ARG BASE\n"
        "FROM --platform=$BUILDPLATFORM golang:1.24 AS build\n"
        "FROM --platform=linux/arm/v7 alpine:3.22 AS other\n"
        "FROM ${BASE} AS unknown\n"
        "FROM scratch\n"
        "FROM build\n"
        "FROM registry.example/a:1\n"
        "COPY --from=nginx:1.27 /etc/nginx /etc/nginx\n"
        "COPY --from=build /out /out\n",
        world,
        platform="linux/arm64",
    )
    assert build.online is world
    assert set(world.wanted) == {
        ("golang:1.24", "linux/amd64"),
        ("alpine:3.22", "linux/arm/v7"),
        ("registry.example/a:1", "linux/arm64"),
        ("nginx:1.27", "linux/arm64"),
    }
    assert set(world.asked) - {("scratch", "linux/arm64")} == set(world.wanted)


def test_a_stage_sees_the_variables_of_its_base() -> None:
    build = build_of("FROM registry.example/a:1\nWORKDIR $APP_HOME/sub\nENV X=${NONE:-y}\n", World())
    final = build.stages[0].final
    assert final.working_directory.value == "/srv/sub"
    assert final.environment["X"] == "y"
