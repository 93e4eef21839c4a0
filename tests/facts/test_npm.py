"""What is known of npm packages."""

from __future__ import annotations

import pytest

from multistage_cli.facts import npm


@pytest.mark.parametrize(
    "name",
    [
        "@angular/cli", "@babel/core", "@esbuild/linux-x64", "@img/sharp-libvips-linux-x64", "@nestjs/core",
        "@prisma/client", "axios", "esbuild", "eslint", "express", "jest", "lodash", "next", "pm2", "prettier",
        "prisma", "react", "react-dom", "sharp", "tailwindcss", "typescript", "vite", "vue", "webpack",
    ],
)  # fmt: skip
def test_what_most_projects_use_is_known(name: str) -> None:
    found = npm.releases(name)
    assert found
    assert all(entry.installed_bytes > 0 and entry.version for entry in found)


def test_thousands_of_packages_and_a_source() -> None:
    assert len(npm.names()) > 3000
    assert npm.source().startswith("npm registry")


def test_the_newest_release_that_a_range_admits() -> None:
    found = npm.wanted("express", "^4.0.0")
    assert found is not None
    assert found.version.startswith("4.")
    assert "accepts" in {name.partition("@")[0] for name in found.needs}
    newest = npm.wanted("express", "")
    assert newest is not None
    assert newest == npm.releases("express")[0]


def test_the_nearest_release_stands_in_for_one_that_was_not_measured() -> None:
    exact = npm.releases("react")[-1]
    assert npm.nearest("react", exact.version) == exact
    found = npm.nearest("react", "0.0.1")
    assert found is not None
    assert found == npm.releases("react")[-1]
    assert npm.nearest("no-such-package-at-all", "1.0.0") is None
    assert npm.wanted("no-such-package-at-all", "") is None


def test_everything_that_is_needed_is_known_by_the_name_that_is_written() -> None:
    names = set(npm.names())
    for name in npm.names():
        for package in npm.releases(name):
            for text in (*package.optional, *(text for text in package.needs if "@" in text[1:])):
                assert text[0] + text[1:].partition("@")[0] in names


def test_unknown_packages_weigh_more_the_more_they_are() -> None:
    assert npm.of_unknown(0) == (0, 0, 0)
    before = (0, 0, 0)
    for count in (1, 4, 20, 100, 610, 5000):
        low, middle, high = npm.of_unknown(count)
        assert low <= middle <= high
        assert (low, middle, high) > before
        before = (low, middle, high)
    # Of many the average is better known than each is.
    one, many = npm.of_unknown(1), npm.of_unknown(610)
    assert many[2] / many[0] < one[2] / one[0]
    assert 0 < npm.archive_share() < 1
