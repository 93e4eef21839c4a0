"""The targets that Bake and Compose files beside a Dockerfile build, as far as they stand there plainly."""

from __future__ import annotations

import json

import pytest

from multistage_cli.analyze.config.targets import LAST_STAGE, bake_targets, compose_targets

COMPOSE = """\
name: shop
services:
  web:
    build:
      context: .
      target: app   # what ships
    ports: ["8000:8000"]
  test:
    build: {context: ., target: test}
  worker:
    build: .
  other:
    build: ./other
  elsewhere:
    build:
      context: ./docker
      dockerfile: ../Dockerfile
      target: docs
  ready:
    image: postgres:17
"""
BAKE = """\
variable "TAG" { default = "1" }
group "default" { targets = ["app", "test"] }
# target "commented" { target = "no" }
target "base" {
  context = "."
  dockerfile = "Dockerfile"
  args = { VERSION = "${TAG}" } // of no interest
  target = "plain"
}
target "app" {
  inherits = ["base"]
  target = "app"
  tags = ["shop:${TAG}", "shop:latest"]
  /* target = "no" */
}
target "test" {
  inherits = ["app"]
  platforms = [
    "linux/amd64",
    "linux/arm64",
  ]
}
target "other" {
  context = "other"
}
function "f" { params = [a]
  result = "target" }
"""


def test_compose() -> None:
    assert compose_targets(COMPOSE, "Dockerfile") == {"app", "test", LAST_STAGE, "docs"}
    assert compose_targets(COMPOSE, "Dockerfile.dev") == frozenset()
    assert compose_targets(
        "services:\n  a:\n    build:\n      dockerfile: Dockerfile.dev\n", "Dockerfile.dev"
    ) == {""}
    assert compose_targets("version: '3'\n", "Dockerfile") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  a:\n    build:\n      target: ${TARGET}\n",
        "services:\n  a:\n    build: https://example.com/x.git\n",
        "services:\n  a: &a\n    build: .\n  b: *a\n",
        "services:\n  a:\n    build:\n      context: .\n      target: [x]\n",
        "services: [",
    ],
)
def test_compose_that_is_not_plain(text: str) -> None:
    assert compose_targets(text, "Dockerfile") is None


def test_bake() -> None:
    assert bake_targets(BAKE, "docker-bake.hcl", "Dockerfile") == {"plain", "app"}
    data = {"target": {"app": {"target": "app"}, "test": {"inherits": ["app"], "dockerfile": "./Dockerfile"}}}
    assert bake_targets(json.dumps(data), "docker-bake.json", "Dockerfile") == {"app"}
    assert bake_targets('target "a" {}', "docker-bake.hcl", "Dockerfile") == {LAST_STAGE}
    assert bake_targets("", "docker-bake.hcl", "Dockerfile") == frozenset()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('target "a" { target = "x-${TAG}" }', "docker-bake.hcl"),
        ('target "a" { target = TARGET }', "docker-bake.hcl"),
        ('target "a" { inherits = ["missing"] }', "docker-bake.hcl"),
        ('target "a" { inherits = PARENTS }', "docker-bake.hcl"),
        ('target "a" {\n matrix = { t = ["x"] }\n target = t\n}', "docker-bake.hcl"),
        ('target "a" {\n target = "x"', "docker-bake.hcl"),
        ('{"target": {"a": {"target": "${TAG}"}}}', "docker-bake.json"),
        ('{"target": []}', "docker-bake.json"),
        ('{"target": {"a": 1}}', "docker-bake.json"),
        ("{", "docker-bake.json"),
        ("[" * 100_000, "docker-bake.json"),
    ],
)
def test_bake_that_is_not_plain(text: str, name: str) -> None:
    assert bake_targets(text, name, "Dockerfile") is None


def test_targets_that_inherit_in_a_circle_end() -> None:
    text = 'target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a"]\n target = "x" }'
    assert bake_targets(text, "docker-bake.hcl", "Dockerfile") == {"x"}
