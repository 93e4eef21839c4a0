"""What the image holds after every kind of instruction.

tests/engine/test_evaluate.py compares whole configurations with a real engine's.
"""

from __future__ import annotations

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import Build, EvaluatedStage, evaluate
from multistage_cli.parser import parse


def build(text: str, **options: object) -> Build:
    return evaluate(parse(text), **options)  # type: ignore[arg-type]


def final(text: str, **options: object) -> EvaluatedStage:
    found = build(text, **options).target
    assert found is not None
    return found


def ports(text: str) -> list[str]:
    return [port.text for port in final(text).final.ports]


def test_scratch() -> None:
    state = final("FROM scratch\n").final
    assert (state.working_directory.value, state.user.value, state.command.value) == ("/", "", ())
    assert (state.shell_exists, state.runs_as_root, state.ports_known) == (Claim.NO, Claim.YES, True)


def test_an_unknown_base_is_unknown() -> None:
    state = final("ARG x\nFROM example.org/own:${x:-1}\n").final
    assert state.working_directory.value is state.user.value is state.entrypoint.value is UNKNOWN
    assert (state.shell_exists, state.runs_as_root, state.ports_known) == (
        Claim.UNKNOWN,
        Claim.UNKNOWN,
        False,
    )


def test_a_stage_takes_over_what_its_base_stage_has() -> None:
    text = (
        'FROM scratch AS a\nENV x=1\nWORKDIR /w\nUSER 7\nEXPOSE 80\nVOLUME /v\nLABEL l=1\nCMD ["c"]\n'
        'STOPSIGNAL SIGINT\nHEALTHCHECK CMD ["h"]\nSHELL ["/s"]\nFROM a\nLABEL m=2\n'
    )
    state = final(text).final
    assert state.variables.environment["x"] == "1"
    assert (state.working_directory.value, state.user.value, state.user.line) == ("/w", "7", 4)
    assert ([port.text for port in state.ports], dict(state.volumes)) == (["80/tcp"], {"/v": 6})
    assert {name: setting.value for name, setting in state.labels.items()} == {"l": "1", "m": "2"}
    assert (state.command.value, state.stop_signal.value, state.shell.value) == (("c",), "SIGINT", ("/s",))
    assert state.healthcheck.value is not None


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        ('CMD ["c"]\nENTRYPOINT ["e"]\n', ("c",)),
        ('ENTRYPOINT ["e"]\nCMD ["c"]\n', ("c",)),
        ('ENTRYPOINT ["e"]\n', ()),
        ("CMD run $x\n", ("/bin/sh", "-c", "run $x")),
        ('SHELL ["/bin/bash", "-ec"]\nCMD run\n', ("/bin/bash", "-ec", "run")),
        ("CMD []\n", ()),
        ("USER a\n", ("base",)),
    ],
)
def test_entrypoint_resets_an_inherited_command_only(lines: str, command: tuple[str, ...]) -> None:
    assert final(f'FROM scratch AS a\nCMD ["base"]\nFROM a\n{lines}').final.command.value == command


def test_healthcheck_none() -> None:
    setting = final("FROM scratch\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n").final.healthcheck
    assert (setting.value, setting.line) == (None, 3)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("80 80/tcp 80/TCP", ["80/tcp"]),
        ("53/udp 53", ["53/udp", "53/tcp"]),
        ("8000-8002/sctp", ["8000-8002/sctp"]),
        ("$p ${q:-9}", ["70/tcp", "9/tcp"]),
        ("127.0.0.1:90:91", ["91/tcp"]),
    ],
)
def test_ports(words: str, expected: list[str]) -> None:
    assert ports(f"FROM scratch\nARG p=70\nEXPOSE {words}\n") == expected


@pytest.mark.parametrize("words", ["x", "70000", "9-8", "80/foo", "9" * 5000, "1-"])
def test_what_is_no_port_leaves_ports_unknown(words: str) -> None:
    state = final(f"FROM scratch\nEXPOSE {words} 80\n").final
    assert ([port.text for port in state.ports], state.ports_known) == (["80/tcp"], False)


@pytest.mark.parametrize(
    ("lines", "folder"),
    [
        ("WORKDIR /a\nWORKDIR b\nWORKDIR ../c/./d/\n", "/a/c/d"),
        ("WORKDIR a\n", "/a"),
        ("WORKDIR //x//y\n", "/x/y"),
        ("ENV h=/home\nWORKDIR $h/app\n", "/home/app"),
        ('WORKDIR "/with space"\n', "/with space"),
        ("WORKDIR ../..\n", "/"),
    ],
)
def test_working_directory(lines: str, folder: str) -> None:
    assert final(f"FROM scratch\n{lines}").final.working_directory.value == folder


def test_a_path_that_no_system_can_make_is_unknown() -> None:
    assert final("FROM scratch\n" + "WORKDIR folder\n" * 1000).final.working_directory.value is UNKNOWN


def test_a_relative_working_directory_of_an_unknown_base_is_unknown() -> None:
    assert final("FROM own\nWORKDIR a\n").final.working_directory.value is UNKNOWN
    assert final("FROM own\nWORKDIR /a\nWORKDIR b\n").final.working_directory.value == "/a/b"


@pytest.mark.parametrize(
    ("user", "root"),
    [
        ("root", Claim.YES), ("0", Claim.YES), ("0:5", Claim.YES), ("root:app", Claim.YES), ("00", Claim.YES),
        ("app", Claim.NO), ("1000:0", Claim.NO), ("app:root", Claim.NO),
    ],
)  # fmt: skip
def test_users(user: str, root: Claim) -> None:
    state = final(f"FROM scratch\nUSER {user}\n").final
    assert (state.user.value, state.runs_as_root) == (user, root)


def test_windows() -> None:
    state = final("FROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR C:\\\\app\nCMD x\n").final
    assert state.windows
    assert state.working_directory.value == "C:\\app"
    assert state.shell.value == ("cmd", "/S", "/C")


@pytest.mark.parametrize(
    ("user", "root"),
    [("ContainerAdministrator", Claim.YES), ("ContainerUser", Claim.NO), ("other", Claim.UNKNOWN)],
)
def test_windows_users(user: str, root: Claim) -> None:
    assert final(f"FROM own\nUSER {user}\n", platform="windows/amd64").final.runs_as_root is root


def copied(lines: str) -> tuple[tuple[object, ...], object]:
    steps = final(f"FROM scratch AS s\nFROM scratch\n{lines}").steps
    found = next(step.copied for step in reversed(steps) if step.copied is not None)
    return found.sources, found.destination


@pytest.mark.parametrize(
    ("lines", "sources", "destination"),
    [
        ("COPY a b /c/\n", ("a", "b"), "/c/"),
        ("WORKDIR /w\nCOPY a .\n", ("a",), "/w/"),
        ("WORKDIR /w\nCOPY a b\n", ("a",), "/w/b"),
        ("COPY a /\n", ("a",), "/"),
        ("COPY a ./x/..\n", ("a",), "/"),
        ("ARG d=/d\nCOPY $d/f ${d}/\n", ("/d/f",), "/d/"),
        ("COPY --from=s /x y\n", ("/x",), "/y"),
        ('COPY ["a b", "/c d"]\n', ("a b",), "/c d"),
        ("ADD https://example.org/x.tar /t/\n", ("https://example.org/x.tar",), "/t/"),
    ],
)
def test_copies(lines: str, sources: tuple[str, ...], destination: str) -> None:
    assert copied(lines) == (sources, destination)


def test_a_variable_of_an_unknown_base_is_unknown_in_copies() -> None:
    [step] = final("FROM own\nCOPY $X/a $Y/\n").steps
    assert step.copied is not None
    assert (step.copied.sources, step.copied.destination) == ((UNKNOWN,), UNKNOWN)


def test_heredocs_are_files() -> None:
    [_, step] = final("FROM scratch\nARG v=1\nCOPY <<a.txt <<'b.txt' /d/\n$v\na.txt\n$v\nb.txt\n").steps
    assert step.copied is not None
    assert step.copied.heredocs == (("a.txt", "1\n"), ("b.txt", "$v\n"))


@pytest.mark.parametrize(
    ("source", "whole"), [(".", True), ("./", True), ("/", True), ("src", False), ("./src", False)]
)
def test_the_whole_context(source: str, whole: bool) -> None:
    [step] = final(f"FROM scratch\nCOPY {source} /\n").steps
    assert step.copied is not None
    assert step.copied.whole_context is whole


def test_crossings_are_absolute() -> None:
    text = "FROM scratch AS s\nFROM scratch\nARG d=x\nWORKDIR /w\nCOPY --from=s out/$d ../v/\n"
    [crossing] = build(text).crossings
    assert (crossing.paths, crossing.destination) == (("/out/x",), "/v/")


def test_triggers_run_at_the_line_of_from() -> None:
    entry = final("FROM scratch AS p\nONBUILD ENV a=1\nONBUILD WORKDIR /w\nFROM p\nENV b=$a\n")
    assert [(step.instruction.name, step.line, step.fired) for step in entry.steps] == [
        ("ENV", 4, True), ("WORKDIR", 4, True), ("ENV", 5, False),
    ]  # fmt: skip
    assert entry.final.variables.environment["b"] == "1"


def test_a_stage_that_a_named_context_replaces_runs_nothing() -> None:
    found = build("FROM scratch AS a\nUSER 5\nFROM a\n", build_contexts={"a": "."})
    assert found.stages[0].steps == ()
    assert found.stages[1].final.user.value is UNKNOWN


@pytest.mark.parametrize("line", ["LABEL l{0}=v", "ENV e{0}=v", "EXPOSE {0}", "VOLUME /v{0}"])
def test_twenty_thousand_lines(line: str) -> None:
    count = 20_000
    state = final(
        "FROM scratch\n" + "\n".join(line.format(index) for index in range(1, count + 1)) + "\n"
    ).final
    sizes = {
        "LABEL": len(state.labels), "ENV": len(state.variables.environment) - 1, "EXPOSE": len(state.ports),
        "VOLUME": len(state.volumes),
    }  # fmt: skip
    assert sizes[line.split(maxsplit=1)[0]] == count
