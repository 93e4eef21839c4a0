"""What registries and indexes say, in the estimate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.facts import npm
from multistage_cli.facts.configurations import Configuration, Registered
from multistage_cli.facts.images import Lookup, resolve
from multistage_cli.facts.online.pip import Place
from multistage_cli.facts.python import Resolution, closure, distribution
from multistage_cli.facts.requirements import Requirement
from multistage_cli.parser import parse
from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.model import Sizes
from multistage_cli.sizes.ranges import Range
from tests.sizes.built import parts_of

SAID = Registered("", "sha256:0", "linux/amd64", None, 40_000_000, 100_000_000, 3_000_000, 0, Configuration())


class World:
    """Stands for the network."""

    def __init__(self, said: Registered = SAID) -> None:
        self.said = said
        self.asked: list[tuple[list[str], Place, bool]] = []

    def prepare(self, wanted: object) -> None:
        pass

    def look(self, text: str, platform: str) -> Lookup:
        known = resolve(text)
        image = known.image and replace(known.image, size_bytes=self.said.size_bytes)
        return replace(known, image=image, registered=self.said)

    def distributions(
        self, requirements: Sequence[Requirement], place: Place, *, alone: bool = False
    ) -> Resolution:
        self.asked.append(([entry.name for entry in requirements], place, alone))
        found = distribution("click")
        assert found is not None
        return Resolution(
            (replace(found, version="0.1", source_bytes=1_000, bytecode_bytes=400, collected=""),), ()
        )

    def npm_sizes(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        self.npm_asked = list(wanted)
        return {("no-such-package", "1.2.3"): 5_000_000}


def sizes_of(
    text: str, world: World, folder: Path | None = None, files: dict[str, str] | None = None
) -> Sizes:
    for name, content in (files or {}).items():
        assert folder is not None
        (folder / name).write_text(content)
    context = open_context(folder) if folder else None
    return estimate_sizes(evaluate(parse(text), context=context, online=world))  # type: ignore[arg-type]


@pytest.mark.parametrize("image", ["registry.example/shop/api:1", "python:3.12-slim", "python:3.12.99-slim"])
def test_the_size_of_the_base_image(image: str) -> None:
    found = sizes_of(f"FROM {image}\n", World())
    assert found.base.size == found.image == Range(97_000_000, 100_000_000, 103_000_000)
    assert found.base.known
    assert found.base.unknown is None
    assert found.unknown == ()


def test_layers_that_the_registry_keeps_to_itself() -> None:
    found = sizes_of("FROM registry.example/shop/api:1\n", World(replace(SAID, unread_layers=2)))
    assert found.unknown == (
        "the exact size of registry.example/shop/api:1, of which the registry tells 2 layers only compressed",
    )


def test_triggers_are_not_followed() -> None:
    said = replace(SAID, configuration=Configuration(triggers=("COPY . /app",)))
    found = sizes_of("FROM registry.example/shop/api:1\n", World(said))
    assert found.unknown == ("what the ONBUILD instructions of registry.example/shop/api:1 add",)


PIP = "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"


def test_pip_is_asked_what_it_would_install(tmp_path: Path) -> None:
    world = World()
    found = sizes_of(PIP, world, tmp_path, {"requirements.txt": "flask>=3\n"})
    assert world.asked == [(["flask"], Place("3.12", "amd64", "glibc", "2.41"), False)]
    size = parts_of(found)["click"].size
    assert size.estimate == 1_400
    # What the wheel holds is known, its bytecode is worked out: ten distributions were 0 to 8 % off.
    assert size.low <= 1_400 * 0.92
    assert size.high >= 1_400 * 1.08


@pytest.mark.parametrize(
    ("requirements", "command"),
    [
        ("--index-url https://pip.example/simple\nflask\n", "pip install -r requirements.txt"),
        ("--extra-index-url=https://pip.example/simple\nflask\n", "pip install -r requirements.txt"),
        ("-c constraints.txt\nflask\n", "pip install -r requirements.txt"),
        ("flask\n", "pip install -r requirements.txt -i https://pip.example/simple"),
        ("flask\n", "pip install --index-url https://pip.example/simple -r requirements.txt"),
        ("flask\n", "pip install --no-binary :all: -r requirements.txt"),
        ("flask\n", "pip install -c constraints.txt -r requirements.txt"),
        ("flask\n", "--mount=type=secret,id=pip,target=/etc/pip.conf pip install -r requirements.txt"),
        ("flask\n", "PIP_INDEX_URL=https://pip.example/simple pip install -r requirements.txt"),
    ],
)
def test_pip_is_not_asked_where_the_build_chooses_itself(
    tmp_path: Path, requirements: str, command: str
) -> None:
    world = World()
    text = f"FROM python:3.12-slim\nCOPY . .\nRUN {command}\n"
    sizes_of(text, world, tmp_path, {"requirements.txt": requirements, "constraints.txt": "click<8\n"})
    assert world.asked == []


def test_an_index_in_the_environment(tmp_path: Path) -> None:
    world = World()
    text = PIP.replace("RUN", "ENV PIP_INDEX_URL=https://pip.example/simple\nRUN")
    sizes_of(text, world, tmp_path, {"requirements.txt": "flask\n"})
    assert world.asked == []


def test_a_pip_configuration_in_the_image(tmp_path: Path) -> None:
    world = World()
    text = PIP.replace("RUN", "COPY pip.conf /etc/\nRUN")
    sizes_of(text, world, tmp_path, {"requirements.txt": "flask\n", "pip.conf": "[global]\n"})
    assert world.asked == []


def test_all_of_another_image() -> None:
    found = sizes_of("FROM scratch\nCOPY --from=registry.example/shop/api:1 / /\n", World())
    assert found.image == Range(97_000_000, 100_000_000, 103_000_000)


def test_a_lock_brings_nothing_else(tmp_path: Path) -> None:
    world = World()
    lock = '{"default": {"click": {"version": "==8.1.7"}}}'
    text = "FROM python:3.12-slim\nCOPY Pipfile.lock Pipfile ./\nRUN pip install pipenv && pipenv sync --system\n"
    sizes_of(text, world, tmp_path, {"Pipfile.lock": lock, "Pipfile": ""})
    assert [(names, alone) for names, _, alone in world.asked] == [(["pipenv"], False), (["click"], True)]


def test_npm_is_asked_for_what_the_facts_lack(tmp_path: Path) -> None:
    world = World()
    known = npm.releases("express")[0].version
    lock = {"lockfileVersion": 3, "packages": {
        "": {"name": "shop", "version": "1.0.0"},
        "node_modules/express": {"version": known},
        "node_modules/no-such-package": {"version": "1.2.3"},
    }}  # fmt: skip
    files = {"package-lock.json": json.dumps(lock), "package.json": '{"name": "shop", "version": "1.0.0"}'}
    text = "FROM node:22-slim\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci && npm cache clean --force\n"
    found = parts_of(sizes_of(text, world, tmp_path, files))
    assert world.npm_asked == [("no-such-package", "1.2.3")]
    size = found["no-such-package"].size
    assert size.estimate == 5_000_000
    assert not found["no-such-package"].guessed
    assert (size.high - size.low) / size.estimate < 0.1


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    found = estimate_sizes(evaluate(parse(PIP), context=open_context(tmp_path)))
    flask = parts_of(found)["flask"].size
    known = closure([Requirement("flask")]).distributions
    assert {entry.name for entry in known} <= parts_of(found).keys()
    assert flask.low < flask.estimate < flask.high
