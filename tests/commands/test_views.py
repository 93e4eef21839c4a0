"""Commands as they are shown: golden files, folding, and names that try to break out."""

from __future__ import annotations

import json
import shlex
from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len

from multistage_cli.commands.recipes import Recipe, Recipes, collect_recipes
from multistage_cli.commands.views import json as json_view
from multistage_cli.commands.views import shell, text
from tests.commands.plans import with_recipes
from tests.corpus import cases
from tests.drawn import HOSTILE, WIDTHS, drawn, inside, is_harmless, uncropped
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
SHOWN = ["brief", "go-distroless", "node-npm-ci", "multi-target-python", "ubuntu-everything", "python-uv"]
NAMES = [found.name for found in cases()]


@cache
def corpus_recipes(name: str) -> Recipes:
    with inside(name) as build:
        return collect_recipes(build)


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str) -> None:
    check(GOLDEN / f"{name}.text.80.txt", drawn(text.render(corpus_recipes(name))))
    check(GOLDEN / f"{name}.sh", shell.render(corpus_recipes(name)))


def test_golden_json() -> None:
    check(GOLDEN / "brief.json", json_view.render(corpus_recipes("brief")) + "\n")


def commands_in(shown: list[str]) -> list[list[str]]:
    """The commands of a text view as a shell reads them once they are copied."""
    found: list[str] = []
    for line in shown:
        if not line.strip() or line.lstrip().startswith("#"):
            found.append("")
        elif found and found[-1].endswith("\\"):
            found[-1] = found[-1][:-1] + line
        else:
            found.append(line)
    return [shlex.split(line) for line in found if line]


@pytest.mark.parametrize("width", [20, 60, 80, 200])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_can_be_copied(name: str, width: int) -> None:
    shown = uncropped(text.render(corpus_recipes(name)), width)
    assert commands_in(shown) == [list(recipe.argv) for recipe in corpus_recipes(name).recipes]


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile_at_every_width(name: str) -> None:
    view = text.render(corpus_recipes(name))
    for width in WIDTHS:
        assert not [line for line in uncropped(view, width) if cell_len(line) > width]
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()


def test_an_option_and_its_value_stay_together() -> None:
    recipe = Recipe("x", "docker", ("docker", "run", "--rm", "-p", "80:80", "--tmpfs", "/tmp", "app:v1"))
    shown = uncropped(text.render(with_recipes(recipe)), 26)
    assert shown[1:] == [
        "   docker run --rm \\",
        "     -p 80:80 \\",
        "     --tmpfs /tmp app:v1",
        "",
    ]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_harmless(name: str) -> None:
    recipes = with_recipes(Recipe(name, name, ("docker", "run", "--build-arg", name, name)))
    for width in WIDTHS:
        view = text.render(recipes)
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()
    data = json.loads(json_view.render(recipes))
    assert data["commands"][0]["argv"][-1] == name


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_comment_of_the_script_ends_with_its_line(name: str) -> None:
    script = shell.render(with_recipes(Recipe(name, "true", ("true",))))
    first, second, rest = script.split("\n")
    assert first.startswith("# ")
    assert (second, rest) == ("true", "")


def test_shortened_keeps_what_is_about_the_image() -> None:
    recipes = corpus_recipes("hundred-stages")
    short, left = recipes.shortened(2)
    assert left == len(recipes.recipes) - len(short.recipes) > 100
    assert [recipe for recipe in short.recipes if recipe.stage is None] == [
        recipe for recipe in recipes.recipes if recipe.stage is None
    ]
    assert len({recipe.stage for recipe in short.recipes if recipe.stage}) == 2
    assert corpus_recipes("brief").shortened(2) == (corpus_recipes("brief"), 0)
