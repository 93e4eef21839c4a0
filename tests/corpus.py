"""The Dockerfiles under tests/data/dockerfiles and what a careful reader says about them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Case:
    """One folder of the corpus."""

    name: str
    dockerfile: Path
    expected: dict[str, Any]

    @property
    def text(self) -> str:
        return self.dockerfile.read_bytes().decode("utf-8", "surrogateescape")

    def build(self, target: str | None = None) -> Build:
        options = self.expected.get("options", {})
        return evaluate(
            parse(self.text),
            path="Dockerfile",
            file=self.dockerfile,
            target=target,
            build_args=options.get("build_args", {}),
            build_contexts=options.get("build_contexts", {}),
            context=open_context(self.dockerfile.parent, self.dockerfile),
        )


def cases() -> list[Case]:
    """All of them, by name."""
    return [
        Case(path.parent.name, path.parent / "Dockerfile", tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted((DATA / "dockerfiles").glob("*/expected.toml"))
    ]


def case(name: str) -> Case:
    """The one of that name."""
    return next(found for found in cases() if found.name == name)
