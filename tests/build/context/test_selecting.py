"""What COPY selects of a build context, and what that weighs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multistage_cli.build.claims import Claim
from multistage_cli.build.context import BuildContext, Entry, Totals, open_context
from tests.build.context.trees import Link, Tree, make, paths


class TestSelect:
    @pytest.mark.parametrize(
        ("word", "selected"),
        [
            ("src", ["src"]),
            ("src/", ["src"]),
            ("./src", ["src"]),
            ("/src", ["src"]),
            ("../src", ["src"]),
            ("../../a.txt", ["a.txt"]),
            ("src/../a.txt", ["a.txt"]),
            ("ln/../a.txt", ["a.txt"]),
            ("src//lib", ["src/lib"]),
            ("a.txt/", ["a.txt"]),
            ("a b", ["a b"]),
            (".", ["."]),
            ("/", ["."]),
            ("", ["."]),
            ("..", ["."]),
            ("empty", ["empty"]),
            ("b.txt", []),
            ("missing", []),
            ("a.txt/x", []),
            ("SRC", []),
            # Wildcards: Go's filepath.Match.
            ("*.txt", ["a.txt"]),
            ("?.txt", ["a.txt"]),
            ("[a-b].txt", ["a.txt"]),
            ("[^a].txt", []),
            ("src/*", ["src/app.py", "src/lib"]),
            ("src/*/", ["src/app.py", "src/lib"]),
            ("./s*", ["src"]),
            ("../s*", ["src"]),
            ("*/f", ["real/f"]),
            ("s*/lib", ["src/lib"]),
            ("*/lib/x.py", ["src/lib/x.py"]),
            ("*/*/*", ["src/lib/x.py", "src/lib/y.txt"]),
            ("**/*.py", ["src/app.py"]),
            ("src/**/*.py", ["src/lib/x.py"]),
            (
                "**",
                [
                    "a b",
                    "a.txt",
                    "abs",
                    "dang",
                    "empty",
                    "far",
                    "lf",
                    "ln",
                    "loop",
                    "out",
                    "real",
                    "src",
                    "up",
                ],
            ),
            ("*.nope", []),
            ("src/*.nope", []),
            ("nowhere/*", []),
            ("a.txt/*", []),
            # A set that takes a slash for a character.
            ("src[^a]app.py", ["src/app.py"]),
            ("src[.-0]lib", ["src/lib"]),
            ("s[^a]c/app.py", ["src/app.py"]),
            ("s[^a]c", ["src"]),
            (
                "[^q]*",
                [
                    "a b",
                    "a.txt",
                    "abs",
                    "dang",
                    "empty",
                    "far",
                    "lf",
                    "ln",
                    "loop",
                    "out",
                    "real",
                    "src",
                    "up",
                ],
            ),
            # Without wildcards nothing is an escape; with them it is.
            ("src/app\\.py", []),
            ("src/a\\pp.p?", ["src/app.py"]),
            # Malformed: the build fails.
            ("[", []),
            ("src/[x", []),
            ("[]", []),
            ("*\\", []),
        ],
    )
    def test_word_selects_what_copy_takes(
        self, sources: BuildContext, word: str, selected: list[str]
    ) -> None:
        assert paths(sources.select(word)) == selected

    @pytest.mark.parametrize(
        ("word", "entries"),
        [
            ("ln", [("ln", "directory", "real")]),
            ("ln/", [("ln", "directory", "real")]),
            ("lf", [("lf", "file", "real/f")]),
            ("abs", [("abs", "file", "real/f")]),
            ("up", [("up", "file", "real/f")]),
            ("far", [("far", "directory", "src")]),
            ("ln/f", [("ln/f", "file", "real/f")]),
            ("ln/in", [("ln/in", "file", "a.txt")]),
            ("ln/*", [("ln/f", "file", "real/f"), ("ln/in", "file", "a.txt")]),
            ("l[nf]", [("lf", "file", "real/f"), ("ln", "directory", "real")]),
            ("l[n]/f", []),
            # Links that lead nowhere stay links.
            ("dang", [("dang", "link", "nowhere")]),
            ("loop", [("loop", "link", "loop")]),
            ("out", [("out", "link", "../../../etc/hostname")]),
            ("d*", [("dang", "link", "nowhere")]),
        ],
    )
    def test_links_are_followed_within_the_context(
        self, sources: BuildContext, word: str, entries: list[tuple[str, str, str]]
    ) -> None:
        assert [(entry.path, entry.kind, entry.target) for entry in sources.select(word)] == entries

    def test_link_to_what_is_left_out_leads_nowhere(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b": "", "l": Link("a"), "m": Link("."), ".dockerignore": "a"})
        context = open_context(tmp_path, None)
        assert [entry.kind for entry in context.select("l")] == ["link"]
        assert context.select("m") == (Entry("m", "directory", 0, 0o755, "."),)

    def test_wildcard_passes_over_what_is_left_out(self, tmp_path: Path) -> None:
        make(tmp_path, {"a/b": "", "c/d": "", "e": "", ".dockerignore": "*\n!c/d\n!**/zzz\n"})
        context = open_context(tmp_path, None)
        assert paths(context.select("*")) == ["c"]
        assert paths(context.select("[^x]*")) == ["c"]
        assert paths(context.select("*/*")) == ["c/d"]

    @pytest.mark.parametrize(
        ("word", "claim"),
        [
            ("src", Claim.NO),
            (".", Claim.NO),
            ("ln/f", Claim.NO),
            ("*.txt", Claim.NO),
            ("*.nope", Claim.NO),
            ("*/*.nope", Claim.NO),
            ("missing", Claim.YES),
            ("b.txt", Claim.YES),
            ("a.txt/x", Claim.YES),
            ("dang", Claim.YES),
            ("dan*", Claim.YES),
            ("*", Claim.YES),
            ("nowhere/*", Claim.YES),
            ("[", Claim.YES),
            # The folder is sent for the sake of other instructions, or not at all.
            ("src/*.nope", Claim.UNKNOWN),
            ("empty/*", Claim.UNKNOWN),
            # filepath.Match sees no fault, and the client's own patterns do.
            ("[z-a]", Claim.UNKNOWN),
        ],
    )
    def test_missing_tells_whether_the_build_stops(
        self, sources: BuildContext, word: str, claim: Claim
    ) -> None:
        assert sources.missing(word) is claim

    def test_hostile_wildcards_take_no_time(self, tmp_path: Path) -> None:
        make(tmp_path, {"a" * 200: "", "/".join("a" * 100): ""})
        context = open_context(tmp_path, None)
        for word in ("*a" * 2_000 + "b", "*/" * 5_000 + "b", "[^x]*" * 1_000 + "/b", "?" * 10_000):
            assert context.select(word) == ()


class TestSizes:
    def test_directories_count_with_all_in_them(self, sources: BuildContext) -> None:
        assert sources.size_of(["src"]) == Totals(files=3, directories=1, size_bytes=8)
        assert sources.size_of(["src/lib", "a.txt"]) == Totals(files=3, size_bytes=4)
        assert sources.size_of(["ln"]) == Totals(files=1, links=1, size_bytes=1)
        assert sources.size_of(["."]) == Totals(files=6, directories=4, links=9, size_bytes=11)

    def test_a_source_counts_once(self, sources: BuildContext) -> None:
        assert sources.size_of(["src", "src/", "s*"]) == sources.size_of(["src"])
        assert sources.size_of(["a.txt", "*.txt"]) == Totals(files=1, size_bytes=1)

    def test_a_link_to_a_file_counts_as_the_file(self, sources: BuildContext) -> None:
        assert sources.size_of(["lf"]) == Totals(files=1, size_bytes=1)

    def test_nothing_is_nothing(self, sources: BuildContext) -> None:
        assert sources.size_of([]) == sources.size_of(["missing", "b.txt", "["]) == Totals()

    def test_hard_links_take_no_space_within_a_source(self, tmp_path: Path) -> None:
        make(tmp_path, {"d/a": "12345", "d/b": "1"})
        try:
            (tmp_path / "d/c").hardlink_to(tmp_path / "d/a")
        except OSError:
            pytest.skip("this file system makes no hard links")
        context = open_context(tmp_path, None)
        assert context.size_of(["d"]) == Totals(files=3, size_bytes=6)
        assert context.size_of(["d/*"]) == Totals(files=3, size_bytes=11)


SUMMED: Tree = {
    "a.txt": "12345",
    "b.log": "123",
    "é.txt": "1",
    "x\ny/deep.log": "1234",
    "x\ny/kept.txt": "12",
    "docs/api.md": "123456",
    "docs/guide.md": "12",
    "docs/inner/api.md": "1",
    "docs/inner/empty": None,
    "src/main.py": "1234567",
    "src/.log": "123",
    "src/data.log/part": "12",
    "src/link": Link("main.py"),
    "src/folder": Link("../docs"),
    "vendor/lib/a.so": "123",
    "vendor/lib/b.so": "12345",
}


class TestSums:
    """Adding up goes a shorter way than listing, and says the same."""

    @pytest.mark.parametrize(
        "ignore",
        [
            "",
            "**/*.log",
            "**/*.log\n!src/**",
            "*.log\n**/api.md",
            "docs\n!docs/api.md",
            "docs\n!docs/inner/api.md",
            "docs\n!docs/api.md\ndocs",
            "docs\n!docs/inner/missing",
            "**\n!vendor/**/b.so",
            "!vendor\nvendor",
            "!a.txt\n!**/*.log\nsrc",
            "**/*o?",
            "**/*.[l]og",
            "**/*.md\n!**/api.*\n**/inner",
            "**/*.*g\n**/a*.md\n**/kep*",
            "**/m*n.py\n**/?.txt\n**/*\n!**/*i*.md",
        ],
    )
    @pytest.mark.parametrize("below", [".", "docs", "src", "vendor/lib"])
    def test_say_the_same_as_a_walk(self, tmp_path: Path, ignore: str, below: str) -> None:
        make(tmp_path, {**SUMMED, ".dockerignore": ignore})
        os.link(tmp_path / "vendor/lib/a.so", tmp_path / "vendor/lib/again.so")
        walked, added = open_context(tmp_path), open_context(tmp_path)
        found = list(walked.entries("" if below == "." else below))
        kinds = [entry.kind for entry in found]
        bytes_twice = 3 * sum(entry.path.endswith("lib/again.so") for entry in found)
        bytes_twice *= any(entry.path.endswith("lib/a.so") for entry in found)
        assert added.size_of([below]) == Totals(
            files=kinds.count("file"),
            directories=kinds.count("directory"),
            links=kinds.count("link"),
            size_bytes=sum(entry.size_bytes for entry in found) - bytes_twice,
        )
        assert added.problems == walked.problems
        # Once the folders are known, the other way is taken.
        assert walked.size_of([below]) == added.size_of([below])
