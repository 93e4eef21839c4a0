"""RUN scripts: words, redirections, and which commands a successful script cannot have left out."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from multistage_cli.shell import Opaque, Piped, Runs, Script, Variable, commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def words(script: str) -> list[list[str | None]]:
    return [[word.literal for word in command.words] for command in commands(script).commands]


# Words


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("'single $x'", "single $x"),
        ('"double"', "double"),
        (r'"a \"b\" \$x \\ \n"', r'a "b" $x \ \n'),
        (r"a\ b\$", "a b$"),
        ("a'b'\"c\"d", "abcd"),
        ("'it'\\''s'", "it's"),
        ("--opt=v", "--opt=v"),
        ("10", "10"),
        ('""', ""),
        ("''", ""),
        ('"x $ y"', "x $ y"),
        ('"a  b"', "a  b"),
        ('" a "', " a "),
        ("é", "é"),
        ("~/x", "~/x"),
        ("$x", None),
        ("${x}", None),
        ('"a$x"', None),
        ("$(id)", None),
        ("`id`", None),
        ("$((1+2))", None),
        ("${x:-y}", None),
        ("${#x}", None),
        ("$'a\\n'", None),
    ],
)
def test_words(text: str, value: str | None) -> None:
    [command] = [found for found in commands(f"c {text}").commands if found.words[0].literal == "c"]
    assert [word.literal for word in command.words] == ["c", value]
    assert command.words[1].text == text


def test_parts_keep_variables() -> None:
    [command] = commands('c "a $x-${y}${z:-w}"b').commands
    assert command.words[1].parts == ("a ", Variable("x"), "-", Variable("y"), Opaque("${z:-w}"), "b")
    assert command.words[1].resolve({"x": "1", "y": "2"}) is None
    [command] = commands('c "a $x-${y}"').commands
    assert command.words[1].resolve({"x": "1", "y": "2"}) == "a 1-2"
    assert command.words[1].resolve({"x": "1"}) is None


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("*.txt", True),
        ("a?", True),
        ("[ab]", True),
        ("{a,b}", True),
        ("'*'", False),
        (r"\*", False),
        ("a", False),
    ],
)
def test_patterns(text: str, pattern: bool) -> None:
    assert commands(f"c {text}").commands[0].words[1].pattern is pattern


def test_offsets_are_characters() -> None:
    script = "é; c 'ü' x"
    last = commands(script).commands[-1]
    assert [script[word.offset : word.offset + len(word.text)] for word in last.words] == ["c", "'ü'", "x"]
    assert script[last.offset : last.end] == "c 'ü' x"


def test_names_have_no_folder() -> None:
    found = commands("/usr/bin/apt-get update; $x y; A=1").commands
    assert [command.name for command in found] == ["apt-get", "", ""]


def test_assignments_and_exports() -> None:
    found = commands("A=1 B=$x c; D=2; export E=3 F; read -r g; for h in 1; do :; done")
    assert [(name, word.literal if word else None) for name, word in found.commands[0].assignments] == [
        ("A", "1"),
        ("B", None),
    ]
    assert found.assigned >= {"D", "E", "g", "h"}
    assert "A" not in found.assigned


def test_redirections() -> None:
    [command] = commands("c >out 2>&1 <in >>more").commands
    assert [
        (entry.descriptor, entry.operator, entry.target and entry.target.literal)
        for entry in command.redirects
    ] == [
        ("", ">", "out"),
        ("2", ">&", "1"),
        ("", "<", "in"),
        ("", ">>", "more"),
    ]


def test_a_redirection_behind_a_list_is_the_last_commands() -> None:
    first, second = commands("a && b > f").commands
    assert (len(first.redirects), len(second.redirects)) == (0, 1)


def test_heredocs() -> None:
    found = commands("cat <<EOF > f\nline $x\nEOF\nnext a")
    assert found.commands[0].redirects[0].body == "line $x\n"
    assert found.commands[1].name == "next"


# Structure


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("a; b\nc & d", "a b c d"),
        ("a | b |& c", "a b c"),
        ("a && b || c", "a b c"),
        ("if a; then b; elif c; then d; else e; fi", "a b c d e"),
        ("for i in 1; do a; done; while b; do c; done; until d; do e; done", "a b c d e"),
        ("for ((i=0;i<3;i++)); do a; done", "a"),
        ("case $x in a) b;; *) c;; esac", "b c"),
        ("f() { a; }; (b; { c; })", "a b c"),
        ('! a; x=$(b); c `d` "$(e)"', "a b c d e"),
        ("diff <(a) <(b)", "diff a b"),
        ("cat <<E && b\nx\nE\nc", "cat b c"),
        ("cat <<E | b\nx\nE", "cat b"),
        ("a \\\n  --x\n# comment\nb", "a b"),
    ],
)
def test_commands_in_order(script: str, names: str) -> None:
    found = [command.name for command in commands(script).commands if command.words]
    assert sorted(found) == sorted(names.split())


def test_functions_are_named() -> None:
    assert commands("f() { a; }; function g { b; }").functions == {"f", "g"}


def test_subshells_are_told_apart() -> None:
    found = {
        command.name: command.subshells for command in commands("a; (b; c); d | e; { f; }; g &").commands
    }
    assert found["a"] == found["f"] == ()
    assert found["b"] == found["c"] != ()
    assert len({found[name] for name in "bdeg"}) == 4


def runs(script: str, **options: bool) -> str:
    """The names of the commands: bare where the script cannot succeed without, else with a mark."""
    marks = {(True, True): "", (True, False): "?", (False, True): "~", (False, False): "~?"}
    return " ".join(
        command.name + marks[command.runs is Runs.ALWAYS, command.checked]
        for command in commands(script, **options).commands
        if command.words
    )


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a", "a"),
        ("a && b && c", "a b c"),
        ("a; b", "a? b"),
        ("a && b; c", "a? b~? c"),
        ("set -e; a; b", "set a b"),
        ("set -ex; a && b; c", "set a? b~ c"),
        ("a || true", "a? true~?"),
        ("a || exit 1; b", "a exit~? b"),
        ("a || { echo no; exit 1; }; b", "a echo~? exit~? b"),
        ("a || exit; b", "a exit~? b"),
        ("a || exit 256; b", "a? exit~? b~"),
        ("a || false", "a false~?"),
        ("a || false; b", "a? false~? b"),
        ("(a || exit 1); b", "a? exit~? b"),
        ("(a && b)", "a b"),
        ("a | b", "a? b"),
        ("set -o pipefail; a | b", "set? a b"),
        ("! a", "a?"),
        ("! a | b", "a~? b?"),
        ("if a; then b; fi", "a? b~?"),
        ("for i in x y; do a; done", "a"),
        ('for i in "$@"; do a; done', "a~"),
        ("for i in x; do a; continue; b; done", "a~? continue~? b~"),
        ("while a; do b; done", "a? b~"),
        ("f() { a; }; f", "a~? f"),
        ("exit 0; a", "exit? a~"),
        ("exit 1; a", "exit? a"),
        ("(exit 0); a", "exit? a"),
        ("exec x; a", "exec? a~"),
        ("exec >f; a", "exec? a"),
        ("set -e; set +e; a; b", "set set? a? b"),
        ("set -e; (set +e); a; b", "set set? a? b"),
        ("set -e; f() { set +e; }; f; a; b", "set set~? f? a? b"),
        ("set -- -e; a; b", "set? a? b"),
        ("set -e; a & b", "set a~? b"),
        ("x=$(a); b", "a~? b"),
        ("trap 'exit 0' EXIT; a", "trap? a~"),
        ("trap 'rm -f x' EXIT; a", "trap? a"),
        ("cat <<E && b\nx\nE", "cat b"),
        ("cat <<E || b\nx\nE", "cat? b~?"),
        ("a && 'b", "a~?"),
    ],
)  # fmt: skip
def test_what_a_successful_script_has_run(script: str, expected: str) -> None:
    assert runs(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a | b", "unheard no"),
        ("a && b | c | d", "no unheard unheard no"),
        ("a 2>&1 | b", "unheard no"),
        ("set -e; a | b; c", "no unheard no no"),
        ("set -o pipefail; a | b", "no heard no"),
        ("a | b; c", "heard no no"),
        ("a | b || true", "heard no no"),
        ("if a | b; then c; fi", "heard no no"),
        ("(a; b) | c", "no no no"),
    ],
)
def test_pipes(script: str, expected: str) -> None:
    """A failure is heard where pipefail is set, or where nobody asks whether the pipeline failed."""
    assert " ".join(command.piped.value for command in commands(script).commands) == expected
    assert all(command.piped is not Piped.UNHEARD for command in commands(script, pipefail=True).commands)


def test_options_of_the_shell() -> None:
    assert runs("a; b", errexit=True) == "a b"
    assert runs("a | b", pipefail=True) == "a b"


# Hostile scripts


@pytest.mark.parametrize(
    "script",
    [
        "",
        "\n",
        "'",
        '"',
        "$(",
        "`",
        "a && ",
        "| b",
        "if",
        "fi",
        "case x in",
        "<<",
        "<<E",
        "((",
        "\x00",
        "\ufeff a",
        "{",
        "a <(",
        "é '",
    ],
)
def test_broken_scripts_claim_nothing(script: str) -> None:
    found = commands(script)
    assert not found.broken or all(
        command.runs is Runs.MAYBE and not command.checked for command in found.commands
    )


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("{ ", "; }"),
        ("$(", ")"),
        ("! ", ""),
        ("if a; then ", "; fi"),
        ("a && ", ""),
        ("a | ", ""),
        ('"$(', ')"'),
    ],
)
def test_deep_nesting(opening: str, closing: str) -> None:
    assert isinstance(commands(opening * 10_000 + "c" + closing * 10_000), Script)


def test_a_megabyte() -> None:
    found = commands(f"apt-get install -y curl {'x' * 75} && " * 10_000 + "true")
    assert len(found.commands) == 10_001
    assert all(command.checked for command in found.commands)
    assert len(commands(f"echo '{'x' * 1_000_000}'").commands[0].words[1].text) == 1_000_002


# Claims against real shells


class Writer:
    """Writes random scripts whose commands are `c NUMBER EXIT`."""

    def __init__(self, seed: int, *, bash: bool) -> None:
        self.random = random.Random(seed)
        self.count = 0
        self.bash = bash

    def call(self) -> str:
        self.count += 1
        return f"c {self.count} {self.random.choice([0, 0, 0, 1])}"

    def control(self) -> str:
        others = ["set -o pipefail", "set +o pipefail", "set -eo pipefail"] if self.bash else []
        return self.random.choice(
            [
                "set -e", "set -eu", "set -o errexit", "set +e", "set -- -e", "set -e -- x", "exit 0", "exit 1",
                "exit", "exit 256", "command exit 0", "eval 'exit 0'", "trap 'exit 0' EXIT", "exec true", "return 0",
                "true", "false", "break", "continue", *others,
            ]
        )  # fmt: skip

    def script(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.3:
            return self.call() if self.random.random() < 0.75 else self.control()
        pattern = self.random.choice(PATTERNS)
        # `@` is a script, `%` a call.
        parts = [
            self.script(depth - 1) if letter == "@" else self.call() if letter == "%" else letter
            for letter in pattern
        ]
        return "".join(parts)


PATTERNS = (
    "@ && @", "@ || @", "@; @", "@\n@", "@; @; @", "{ @; }", "( @ )", "{ @; @; }", "( @; @ )",
    "{ @; } | { @; }", "% | %", "( @ ) | ( @ )", "! %", "! ( @ )", "! % | %",
    "if @; then @; fi", "if @; then @; else @; fi", "if @; then @; elif @; then @; fi",
    "for i in 1 2; do @; done", 'for i in "$" "@"; do %; done', "for i in $e; do @; done",
    "for i in /none*; do @; done",
    "while %; do @; break; done", "until %; do @; break; done", "case x in x) @;; esac", "case x in y) @;; esac",
    "f() { @; }; @; f; @", "@ || exit 1", "@ || exit", "@ || false", "@ || { echo no; exit 1; }", "@ || ( exit 1 )",
    "@ || { exit; }", "@ || { true; exit; }", "@ || true", "echo $(@)", "x=$(@)", "% > /dev/null", "% && % > /dev/null",
    "{ @; } > /dev/null", "% & wait", "{ @; } & wait $!", "[ -n x ] && @", "[ -z x ] || @", "[ -z x ] && @",
    "exec 3>/dev/null; @", "cat <<E && %\nx\nE\n", "cat <<E || %\nx\nE\n",
    "% <<E && % || %\nx\nE\n", "% <<E | %\nx\nE\n",
    "% && % <<E || %\nx\nE\n", "% && % <<E || exit 1\nx\nE\n", "% || % <<E | %\nx\nE\n",
)  # fmt: skip
SHELLS = [
    ("sh", ()), ("sh", ("-e",)), ("bash", ()), ("bash", ("-e",)), ("bash", ("-o", "pipefail")),
    ("bash", ("-e", "-o", "pipefail")),
]  # fmt: skip
SCRIPTS = 60


@pytest.mark.parametrize(("shell", "flags"), SHELLS)
def test_no_shell_succeeds_without_what_is_claimed(
    shell: str, flags: tuple[str, ...], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    executable = shutil.which(shell)
    if executable is None:
        pytest.skip(f"there is no {shell}")
    log = tmp_path / "log"
    claims = 0
    for seed in range(SCRIPTS):
        writer = Writer(seed, bash=shell == "bash")
        script = writer.script(seed % 4 + 1)
        log.write_text("")
        head = f'c() {{ echo "$1" >> {log}; return "$2"; }}\n'
        try:
            result = subprocess.run(
                [executable, *flags, "-c", head + script],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            continue
        if result.returncode != 0:
            continue
        ran = set(log.read_text().split())
        for command in commands(script, errexit="-e" in flags, pipefail="pipefail" in flags).commands:
            if command.name != "c" or command.runs is Runs.MAYBE:
                continue
            number, code = (word.literal for word in command.arguments)
            assert number in ran, (script, number)
            assert code == "0" or not command.checked, (script, number)
            claims += command.checked
    record_property("claims", claims)
    assert claims > SCRIPTS / 6  # the test would prove nothing if no script succeeded
