"""What a .dockerignore leaves out: a table of moby's rules, and patterns that are there to do harm.

Where a rule comes from stands above its rows. The engine was asked about most of them, and is asked again in
tests/engine/test_context.py.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.build.context.dockerignore import Ignore, from_words, parse

# patterns (lines), paths left out, paths that stay; paths are separated by spaces unless they hold one
TABLE: list[tuple[str, str | list[str], str | list[str]]] = [
    # filepath.Match and docs.docker.com/build/concepts/context: a plain name is relative to the context.
    ("a", "a a/b a/b/c", "b ab a.b b/a A"),
    ("a/b", "a/b a/b/c", "a b a/bc x/a/b"),
    ("node_modules", "node_modules node_modules/x/index.js", "web/node_modules node_modules2"),
    # "*" and "?" stop at a slash; a folder that matches takes its contents along.
    ("*", "a a/b .git x.y", ""),
    ("*.log", "a.log .log a.log/b", "a/b.log log a.logs"),
    ("*/temp*", "a/temp a/temp1 a/temporary/x", "temp a/b/temp"),
    ("*/*/temp*", "a/b/temp a/b/temp9", "a/temp temp a/b/c/temp"),
    ("temp?", "tempa temp1 temp1/x tempé", "temp temp12"),
    ("a?b", ["aéb", "a b", "axb"], ["a/b", "ab"]),
    ("?", "a é", "ab"),
    ("a/*", "a/b a/b/c a/.x", "a b"),
    ("*.*", "a.b .x a.", "a d/e.f"),
    ("a*c*e", "ace abcde acde", "ac abcd a/c/e acex"),
    # patternmatcher.go compile: "**" takes any number of folders, none included.
    ("**", "a a/b a/b/c .x", ""),
    ("**/*.go", "a.go a/b.go a/b/c.go", "a.gox a/go"),
    ("**/b", "b a/b a/x/b a/b/c", "ab a/bc b.x"),
    ("**/a/b", "a/b x/a/b x/y/a/b/c", "xa/b a/x/b"),
    ("a/**", "a/b a/b/c a/.x", "a ab"),
    ("a/**/b", "a/b a/x/b a/x/y/b", "ab a/xb axb"),
    ("a/**/b/**/c", "a/b/c a/x/b/y/z/c", "a/b a/c b/c"),
    ("**/a/**", "a/b x/a/b x/y/a/b/c", "a x/a b"),
    ("**/.git", ".git sub/.git sub/.git/config", ".gitignore"),
    ("**/*.*", "a.b d/e.f", "a d/e"),
    ("**/?", "a xx/y x/yz", "ab xx/yz"),
    # compile, "i == 0": without a slash behind it a leading "**" is a plain suffix, a trailing one a prefix.
    ("**foo", "foo xfoo a/foo a/xfoo", "foox"),
    ("**.txt", "a.txt a/b.txt .txt", "txt a.txtx"),
    ("**foo/bar", "foo/bar xfoo/bar a/xfoo/bar", "bar foo/x/bar"),
    ("a**", "a ab a/x abc/d", "b"),
    ("a**d", "ad a/x/d", "axd b a/xd"),
    ("a**/d", "ad a/d a/x/d abc/d", "abd axd"),
    ("a/b**", "a/b a/bc a/bc/d", "a a/c"),
    ("***", "a a/b", ""),
    ("**/**", "a a/b a/b/c", ""),
    # patternmatcher.go MatchesOrParentMatches, last match wins.
    ("*.md\n!README.md", "a.md b.md/x", "README.md a/README.md"),
    ("*.md\n!README*.md\nREADME-secret.md", "a.md README-secret.md", "README.md README-x.md"),
    ("*.md\nREADME-secret.md\n!README*.md", "a.md", "README-secret.md README.md"),
    ("!a\na", "a a/b", "b"),
    ("a\n!a", "", "a a/b"),
    ("*\n!a", "b b/a", "a a/b"),
    ("*\n!a/b", "a a/c b a/bc", "a/b a/b/c"),
    ("a\n!a/b\na/b/c", "a a/x a/b/c a/b/c/d", "a/b a/b/x"),
    ("a\n!a/b\n!a/c/d", "a/x a/c a/c/e", "a/b a/c/d"),
    ("**\n!**/*.go", "a a/b.c", "a.go x/y/b.go"),
    ("**/*.pyc\n!keep/**", "a.pyc x/keep/a.pyc", "keep/a.pyc keep/b/c.pyc"),
    ("*\n!src\nsrc/*.tmp", "a src/x.tmp", "src src/x.py src/a/x.tmp"),
    ("!a", "", "a b"),
    # filter.go Walk: a folder that is left out is entered only where an exception may lie in it, by its
    # plain name; "/*/**" counts as a plain name and names the folder before it.
    ("a\n!**/b", "a a/c", "a/b a/x/b"),
    ("a/x\n!a/*/**", "a/x a/x/y a/x/y/z", "a/k"),
    ("a/x\n!a/*/**\n!q*", "a/x", "a/x/y a/x/y/z a/k"),
    ("a\n!a/*", "a", "a/b a/b/c"),
    ("a\n!a/**", "a", "a/b a/b/c"),
    ("a\n!a/b/*", "a a/b a/x", "a/b/c"),
    ("a\n!b/*", "a a/b", "b b/x"),
    # MatchesUsingParentResults: a pattern that could not change a folder's verdict is not remembered for it,
    # so that repeating it later does not undo an exception.
    ("dir\n!dir/file\ndir", "dir dir/other", "dir/file"),
    ("dir/file\n!dir", "dir/file", "dir dir/other"),
    ("!dir\ndir/file", "dir/file", "dir dir/other"),
    # ignorefile.go ReadAll: only a "#" in the first column is a comment.
    ("# a\na", "a", ["# a", "#"]),
    (" # x", ["# x"], ["x"]),
    ("\\#y", "#y", "y"),
    ("a#b", "a#b", "a"),
    # ReadAll: white space around a line, empty lines, line ends and a byte order mark.
    ("  a  \n\n\t\nb\t", "a b", "c"),
    ("a\r\nb\r\n", "a b", "c"),
    ("\ufeffa", "a", "b"),
    ("b\n\ufeffa", ["b", "\ufeffa"], ["a"]),
    ("b\n\ufeffa*", ["a", "ab"], ["\ufeffa"]),
    ("\u00a0a\u2003", ["a"], ["\u00a0a"]),
    ("a b", ["a b", "a b/c"], ["a", "b"]),
    ("! a\n*\n!  b", "a c", "b"),
    # ReadAll cleans with filepath.Clean and drops one leading slash.
    ("/a", "a a/b", "b/a"),
    ("//a", "a", "b/a"),
    ("a/", "a a/b", "b"),
    ("a//b", "a/b", "a"),
    ("./a", "a", "b"),
    ("a/./b", "a/b", "a"),
    ("a/../b", "b b/c", "a"),
    ("/../a", "a", "b"),
    ("../a", "", "a b"),
    ("..", "", "a b"),
    (".", "", "a b"),
    ("/", "", "a b"),
    ("*\n!/a", "b", "a"),
    ("*\n!./a/", "b", "a a/b"),
    ("**/", "a a/b", ""),
    ("a/**/", "a/b", "a"),
    # New cleans once more, with the "!" as part of the first name.
    ("*\n!!b", "b c", "!b"),
    ("a\n!../..", "a", "b"),
    ("\\!b", "!b", "b"),
    # Escapes outside of sets: punctuation stands for itself, the rest is Go's regexp (compile passes it on).
    ("a\\*", "a*", "ab a"),
    ("a\\?", "a?", "ab"),
    ("a\\[b", "a[b", "ab"),
    ("x\\.y", "x.y", "xay"),
    ("foo\\d", "foo1 foo1/x", "food foox foo\\d"),
    ("a\\sb", ["a b"], ["asb", "a/b"]),
    ("a\\wb", "a_b axb", "a-b"),
    ("a\\Db", "axb a-b", "a1b"),
    ("\\x41", "A", "x41 B"),
    ("\\102", "B", "102"),
    ("\\pL", "A é", "1"),
    ("\\PL", "1 -", "A"),
    ("src\\bin", "", "src/bin src\\bin srcbin"),
    ("a\\b-b", "a-b", "ab"),
    ("a\\Bb", "ab", "a-b"),
    ("\\Aa", "a", "Aa"),
    ("a\\z", "a", "az"),
    ("a\\tb", ["a\tb"], ["atb"]),
    ("\\Qab", "ab$ ab$x", "ab abc"),
    ("\\Qa\\Eb*", "ab abc", "a"),
    # Characters that mean something in regexps and nothing in filepath.Match.
    ("a.c*", "a.c a.cd", "abc"),
    ("a+b*", "a+b a+bc", "aab ab"),
    ("a(b)*", "a(b) a(b)c", "ab"),
    ("a|b*", "a|b", "a b"),
    ("a{2}*", "a{2}", "aa"),
    ("a$*", "a$ a$b", "a"),
    # ... and "^", which compile forgets to escape: it is the start of the path.
    ("a^b", "a^b", "ab"),
    ("a^b*", "", "a^b a^bc ab"),
    ("^a*", "a ab", "^a"),
    # Sets.
    ("[ab]", "a b a/x", "c ab"),
    ("[a-c]x", "ax bx cx", "dx x"),
    ("[^a]b", "bb cb", "ab b"),
    ("[!a]", "! a", "b"),
    ("[a\\-c]", "a c -", "b"),
    ("[\\]]", "]", "["),
    ("[a-c]*", "a abc c.x", "d"),
    ("*[0-9]", "a1 9", "a"),
    ("[\\d]", "1", "d"),
    ("[[:alpha:]]x", "ax", "1x :x"),
    ("[[:^alpha:]]x", "1x", "ax"),
    ("a[.]b", "a.b", "axb"),
    ("[é]", "é", "e"),
    # A negated set takes a slash for a character; so does a range around it.
    ("a[^c]b", "a/b axb", "acb a"),
    ("a[.-0]b", "a/b a.b", "axb"),
    # compile turns "*" and "?" into regexps inside sets as well.
    ("[*]", "] ^^/]", "*"),
    ("x[?]", "x[] x^] x/]", "x? x["),
    ("[**]", "( * ) ?", "a **"),
    # Case and Unicode.
    ("Readme", "Readme", "readme README"),
    ("*.TXT", "a.TXT", "a.txt"),
    ("日本*", "日本語", "日"),
    # A newline in a name: "." of the regexps stops there, "[^/]" does not.
    ("a*", ["a\nb"], ["b"]),
    ("a/**/z*", ["a/b/z"], ["a/x\ny/z"]),
    # Bytes that are not UTF-8: JSON turns those of a pattern into U+FFFD, and Go reads those of a path so.
    ("caf\udce9", [], ["caf\udce9"]),
    ("caf?", ["caf\udce9"], ["caf"]),
    ("caf[\ufffd]", ["caf\udce9"], ["cafe"]),
    # Nothing to read.
    ("", "", "a"),
    ("\n\n#\n", "", "a #"),
]


def rows() -> list[tuple[str, str, bool]]:
    """One case per pattern list and path."""
    cases: list[tuple[str, str, bool]] = []
    for patterns, out, kept in TABLE:
        for paths, excluded in ((out, True), (kept, False)):
            cases.extend(
                (patterns, path, excluded) for path in (paths.split() if isinstance(paths, str) else paths)
            )
    return cases


@pytest.mark.parametrize(("patterns", "path", "excluded"), rows())
def test_path_is_left_out_as_in_buildkit(patterns: str, path: str, excluded: bool) -> None:
    ignore = parse(patterns, windows=False)
    assert ignore.problems == ()
    assert ignore.excludes(path) is excluded
    folder, _, name = path.rpartition("/")
    if not ignore.level(folder).closed:
        assert ignore.level(folder).excludes(name) is excluded


@pytest.mark.parametrize(
    ("text", "line", "always"),
    [
        # patternmatcher.New: an exception of nothing, and what filepath.Match calls malformed.
        ("a\n!", 2, True),
        ("!/", 1, True),
        ("[a", 1, True),
        ("# x\n\n[]a]", 3, True),
        ("[^]", 1, True),
        ("[-a]", 1, True),
        ("[a-]", 1, True),
        ("[a-b-c]", 1, True),
        ("[a\\", 1, True),
        ("a\\", 1, True),
        ("a\\ ", 1, True),
        # compile: what only Go's regexp refuses is noticed when a path is tried.
        ("[z-a]", 1, False),
        ("build\\output", 1, False),
        ("\\é", 1, False),
        ("\\8", 1, False),
        ("\\1", 1, False),
        ("\\xg0", 1, False),
        ("\\pq", 1, False),
        ("\\p", 1, False),
        ("\\C", 1, False),
        ("[[:nope:]]", 1, False),
        ("[*[]", 1, False),
        ("[a-\\d]", 1, False),
        # bufio.Scanner and gRPC.
        ("a\n" + "x" * 65_536, 2, True),
        ("a\n" + "é" * 32_768, 2, True),
        ("a\rb", 1, True),
        ("b\na\x1cb\n", 2, True),
        ("a\x7fb", 1, True),
    ],
)
def test_line_that_stops_the_build_is_reported(text: str, line: int, always: bool) -> None:
    ignore = parse(text, windows=False)
    assert [(problem.line, problem.always) for problem in ignore.problems] == [(line, always)]
    assert ignore.problems[0].message
    assert not ignore.excludes("some/path")


def test_longest_line_is_read() -> None:
    assert parse("x" * 65_535 + "\nb", windows=False).excludes("b")


def test_lines_behind_one_that_is_too_long_are_not_read() -> None:
    assert not parse("x" * 65_536 + "\nb", windows=False).excludes("b")


def test_control_characters_pass_where_a_pattern_is_not_ascii() -> None:
    # encodeStringForHeader in BuildKit's session/filesync encodes all patterns if one needs it.
    assert parse("a\x1cb\né", windows=False).problems == ()


def test_malformed_line_leaves_the_others_in_force() -> None:
    ignore = parse("a\n[\nb", windows=False)
    assert [pattern.line for pattern in ignore.patterns] == [1, 3]
    assert ignore.excludes("b")


@pytest.mark.parametrize(
    ("patterns", "path", "line"),
    [
        ("a\nb", "b/c", 2),
        ("# x\n*.md\n!README.md", "README.md", 3),
        ("# x\n*.md\n!README.md", "a.md", 2),
        ("a\na", "a", 1),
        ("a", "b", None),
        ("!a", "a", None),
        ("a\n!b", "a/x/y", 1),
        ("a\n!a/b", "a/b/c", 2),
        ("a", ".", None),
        ("a", "", None),
    ],
)
def test_deciding_line_is_known(patterns: str, path: str, line: int | None) -> None:
    found = parse(patterns, windows=False).matching(path)
    assert (found and found.line) == line


def test_pattern_remembers_how_it_was_written() -> None:
    [pattern] = parse("\n  !/docs/../src/ \n", windows=False).patterns
    assert (pattern.line, pattern.source, pattern.text, pattern.exception) == (
        2,
        "!/docs/../src/",
        "src",
        True,
    )


@pytest.mark.parametrize(
    ("patterns", "directory", "expected"),
    [
        ("a", "a", False),
        ("a", "a/b", False),
        ("a", "b", True),
        ("a", "", True),
        ("*", "a", False),
        ("*", "", True),
        ("a\n!a/b", "a", True),
        ("a\n!a/b", "a/c", False),
        ("a\n!a/b/c", "a/b", True),
        ("a\n!ab", "a", False),
        ("a\n!**/*.py", "a", True),
        # fsutil would walk it, and find nothing: no exception can match below "node_modules".
        ("node_modules\n!src/*.py", "node_modules", False),
        ("node_modules\n!src/*.py\n!node_modules/keep", "node_modules", True),
        ("a\n!x**", "a", False),
        ("a\n!a**\nc", "c", False),
        ("*\n!**", "a", True),
    ],
)
def test_folder_is_walked_only_where_something_can_come_back(
    patterns: str, directory: str, expected: bool
) -> None:
    assert parse(patterns, windows=False).may_include_below(directory) is expected


def test_exceptions_are_announced() -> None:
    assert parse("a\n!b").has_exceptions
    assert not parse("a\nb").has_exceptions
    assert not Ignore().has_exceptions


def test_content_is_lost_where_a_line_is_repeated() -> None:
    # filter.go: Walk lists dir/file, and Open, which asks MatchesOrParentMatches, does not give it out.
    ignore = parse("dir\n!dir/file\ndir", windows=False)
    lost = ignore.level("dir").empties("file")
    assert lost is not None
    assert lost.line == 3
    assert parse("dir\n!dir/file", windows=False).level("dir").empties("file") is None


@pytest.mark.parametrize(
    ("patterns", "path"),
    [("src\\bin", "src/bin"), ("src\\*.cs", "src/a.cs"), ("*\n!src\\", "b"), ("**\\obj", "a/b/obj")],
)
def test_backslash_separates_folders_for_a_client_on_windows(patterns: str, path: str) -> None:
    assert parse(patterns, windows=True).excludes(path)


def test_leading_backslash_stays_on_windows() -> None:
    # The engine drops a leading "/", and knows nothing of the client's separators.
    assert not parse("\\src", windows=True).excludes("src")
    assert parse("/src", windows=True).excludes("src")


@pytest.mark.parametrize("path", ["a/b", "/a/b", "./a/b", "a//b/", "a/./b", "../a/b", "x/../a/b"])
def test_paths_are_cleaned_before_they_are_compared(path: str) -> None:
    assert parse("a/b", windows=False).excludes(path)


def test_exclude_option_takes_words_as_they_are() -> None:
    # COPY --exclude goes to patternmatcher.New without ignorefile: a leading slash stays and matches nothing.
    ignore = from_words(["/a", "#b", "*.md", "!x.md", "[z-a]"])
    assert [ignore.excludes(path) for path in ("a", "#b", "y.md", "x.md")] == [False, True, True, False]
    assert [problem.line for problem in ignore.problems] == [5]


HOSTILE = [
    "a*" * 5_000 + "b",
    "*a" * 5_000,
    "**/" * 3_333 + "b",
    "**/a" * 2_500 + "b",
    "a**" * 3_333 + "b",
    "?*" * 5_000,
    "[ab]*" * 2_000 + "c",
    "**/*" * 2_500 + "/b",
    "^\\b" * 3_333 + "*",
    "[" + "a-b" * 5_000 + "]*",
    "!" * 10_000,
    "../" * 3_333 + "*",
]


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("path", ["a" * 4_000, "a/" * 2_000 + "a", "/".join("abc" * 500)], ids=range(3))
def test_hostile_pattern_takes_no_time(pattern: str, path: str) -> None:
    ignore = parse(f"x\n{pattern}\n!{pattern}\n", windows=False)
    # Python's re would not come back from most of these. "**/*/b" repeated wants a "/b" and finds none.
    assert ignore.excludes(path) is (
        ignore.matching(path) is not None and not ignore.matching(path).exception
    )


def test_many_patterns_are_read_and_asked() -> None:
    ignore = parse("\n".join(f"folder{number}/*.log" for number in range(5_000)), windows=False)
    assert ignore.excludes("folder4999/a.log")
    assert not ignore.excludes("folder5000/a.log")


# An oracle of its own: the walk as filter.go describes it, over `re`, for patterns that `re` reads as Go does.
WORDS = ["a", "b", "*", "**", "?", "[ab]", "[^a]", "a*", "*b", "**/a", "ab"]
LINES = st.lists(
    st.tuples(st.booleans(), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("/".join)),
    min_size=1,
    max_size=5,
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=4).map("/".join)


def to_re(text: str) -> re.Pattern[str]:
    special = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}
    if re.fullmatch(r"\*\*[^*?\[\]\\]*", text):
        # Leading "**" and nothing else special: a suffix.
        rest = text[2:]
        return re.compile(
            f"(?s:.*){re.escape(rest)}" + (f"|{re.escape(rest[1:])}" if rest.startswith("/") else "")
        )
    tokens = re.findall(r"\*\*/?$|\*\*/?|.", text)
    parts = []
    for index, token in enumerate(tokens):
        if token.startswith("**"):
            parts.append(".*" if index == len(tokens) - 1 else "(.*/)?")
        else:
            parts.append(special.get(token, token))
    return re.compile("".join(parts))


def oracle(lines: list[tuple[bool, str]], path: str) -> bool:
    patterns = [(exception, to_re(text)) for exception, text in lines]
    plain = all(not set("*[?^") & set(trimmed(text)) for exception, text in lines if exception)
    parents: list[bool] = [False] * len(patterns)
    matched = False
    names = path.split("/")
    for depth in range(1, len(names) + 1):
        here = "/".join(names[:depth])
        now: list[bool] = []
        matched = False
        for (exception, pattern), inherited in zip(patterns, parents, strict=True):
            hit = inherited or (exception is matched and pattern.fullmatch(here) is not None)
            now.append(hit)
            if hit:
                matched = not exception
        parents = now
        if matched and plain and not any(f"{trimmed(t)}/".startswith(f"{here}/") for e, t in lines if e):
            return True
    return matched


def trimmed(text: str) -> str:
    return text.removesuffix("/**").removesuffix("/*")


@settings(max_examples=400, deadline=None)
@given(LINES, st.lists(PATHS, min_size=1, max_size=6))
def test_verdicts_follow_the_walk(lines: list[tuple[bool, str]], paths: list[str]) -> None:
    ignore = parse(
        "".join(("!" if exception else "") + text + "\n" for exception, text in lines), windows=False
    )
    for path in paths:
        assert ignore.excludes(path) is oracle(lines, path), path
        folder, _, name = path.rpartition("/")
        level = ignore.level(folder)
        if not level.closed:
            decided_by = level.deciding(name)
            assert level.excludes(name) is (decided_by is not None and not decided_by.exception)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.text(max_size=30))
def test_any_text_gives_an_answer(text: str, path: str) -> None:
    ignore = parse(text, windows=False)
    assert ignore.excludes(path) in {True, False}
    assert parse(text, windows=True).may_include_below(path) in {True, False}
    assert all(1 <= problem.line <= text.count("\n") + 1 for problem in ignore.problems)
