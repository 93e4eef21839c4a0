"""What the program says to a person who makes a mistake, and how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from multistage_cli.cli import main

TWO_STAGES = """\
FROM python:3.12-slim AS builder
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.12-slim AS runtime
COPY --from=builder /install /usr/local
USER 1000
CMD ["python", "-m", "app"]
"""
COMMANDS = ("analyze", "cache", "commands", "flow", "inspect", "report", "sizes")
FOUND = {"analyze": 1}  # it copies a file that is not in the build context


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on standard error of a run that the user can mend."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("multistage: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("multistage: ").rstrip("\n")


def answers(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_no_dockerfile_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(capsys) == (
        "no Dockerfile here (looked for ./Dockerfile and ./Containerfile); name one: multistage report PATH"
    )


def test_missing_file_with_a_near_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile.prod").write_text(TWO_STAGES)
    assert fails(capsys, "flow", "Dockerfile.prd") == (
        'no such file: Dockerfile.prd; did you mean "Dockerfile.prod"?'
    )


def test_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("service").mkdir()
    assert fails(capsys, "flow", "service") == "service is a folder; name the Dockerfile in it"
    assert fails(capsys, "analyze", "service") == (
        "no Dockerfile in service (looked for Dockerfile, Dockerfile.*, *.Dockerfile and Containerfile); name the file"
        " itself"
    )
    Path("service/Dockerfile").write_text(TWO_STAGES)
    message = fails(capsys, "sizes", "service")
    assert message == f"service is a folder; name the Dockerfile in it: {Path('service/Dockerfile')}"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    Path("Dockerfile").chmod(0)
    assert fails(capsys) == "may not read Dockerfile: check its permissions"


def test_file_that_may_not_be_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    Path("Dockerfile").write_text(TWO_STAGES)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert fails(capsys) == "may not read Dockerfile: check its permissions"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "Dockerfile is empty; a Dockerfile starts with FROM", id="empty"),
        pytest.param(b" \n\n", "Dockerfile is empty; a Dockerfile starts with FROM", id="blank"),
        pytest.param(b"\x7fELF\x02\x01\0\0", "Dockerfile is not a text file; name a Dockerfile", id="binary"),
        pytest.param(
            "FROM scratch\n".encode("utf-16"),
            "Dockerfile is UTF-16, which Docker cannot read; save it as UTF-8",
            id="utf-16",
        ),
        pytest.param(
            b"ARG VERSION=1\n", "Dockerfile has no FROM, so there is nothing to build; add one", id="no FROM"
        ),
    ],
)
def test_files_that_are_no_dockerfile(
    capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    Path("Dockerfile").write_bytes(content)
    assert fails(capsys, "flow") == message


def test_unknown_target_with_a_near_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    assert fails(capsys, "--target", "bulider") == 'no stage is called "bulider"; did you mean "builder"?'


def test_unknown_target_far_from_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    message = fails(capsys, "flow", "--target", "x")
    assert message == 'no stage is called "x"; the stages are builder, runtime'


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_format(capsys: pytest.CaptureFixture[str], command: str) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    assert fails(capsys, command, "--format", "jsn") == f'{command} has no format "jsn"; did you mean "json"?'


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(capsys, "flwo") == 'there is no command "flwo"; did you mean "flow"?'


def test_a_file_in_the_place_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    message = fails(capsys, "Dockerfile")
    assert message == "Dockerfile is a file, not a command; write: multistage report Dockerfile"


def test_unknown_option(capsys: pytest.CaptureFixture[str]) -> None:
    message = fails(capsys, "flow", "--frmat", "json")
    assert message.startswith("No such option: --frmat")
    assert message.endswith("see multistage flow --help")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--build-arg", "=x", '--build-arg "=x" has no name; write NAME=VALUE'),
        ("--build-context", "assets", '--build-context "assets" is not NAME=WHERE, such as assets=./assets'),
    ],
)
def test_malformed_options(capsys: pytest.CaptureFixture[str], option: str, value: str, message: str) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    assert fails(capsys, "flow", option, value) == message


def test_messages_cannot_be_forged_by_a_file_name(capsys: pytest.CaptureFixture[str]) -> None:
    message = fails(capsys, "flow", "a\nmultistage: all is well\x1b[2J")
    assert message == r"no such file: a\nmultistage: all is well\x1b[2J; check the path"


def test_a_build_argument_without_a_value_comes_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("Dockerfile").write_text("ARG BASE=alpine:3.22\nFROM ${BASE}\n")
    monkeypatch.setenv("BASE", "debian:trixie-slim")
    flow = json.loads(answers(capsys, "flow", "--format", "json", "--build-arg", "BASE"))
    assert flow["stages"][0]["base"] == "debian:trixie-slim"


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for command in COMMANDS:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TWO_STAGES.encode())))
        found = json.loads(answers(capsys, command, "-", "--format", "json"))
        assert found["version"] == 1


def test_containerfile_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Containerfile").write_text(TWO_STAGES)
    assert json.loads(answers(capsys, "flow", "--format", "json"))["path"] == "Containerfile"


def test_bare_command_is_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    assert answers(capsys) == answers(capsys, "report", "Dockerfile")
    assert answers(capsys, "--format", "json") == answers(capsys, "report", "--format", "json")


def test_output_is_written_whole_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    assert answers(capsys, "flow", "--format", "json", "--output", "flow.json") == ""
    assert json.loads(Path("flow.json").read_text())["target"] == "runtime"
    assert sorted(path.name for path in Path().iterdir()) == ["Dockerfile", "flow.json"]


def test_output_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    message = fails(capsys, "flow", "--output", "no/such/folder/flow.txt")
    assert message == f"cannot write {Path('no/such/folder/flow.txt')}: No such file or directory"


def test_findings_end_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text("FROM alpine:3.22\nCOPY --from=3 /a /b\n")
    out = answers(capsys, "analyze", code=1)
    assert "line 2" in out
    assert "there is no stage 3" in out
    assert answers(capsys, "analyze", "--fail-on", "never") == out


def test_several_files_of_which_one_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    assert main(["analyze", "Dockerfile", "missing", "--format", "json"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "multistage: no such file: missing; check the path\n"
    files = json.loads(captured.out)["files"]
    assert [file["path"] for file in files] == ["Dockerfile", "missing"]
    assert files[0]["score"]["total"] > 0
    assert files[1]["error"] == "no such file: missing; check the path"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert answers(capsys, "--version").startswith("multistage ")
    out = answers(capsys, "--help")
    for command in COMMANDS:
        assert command in out


@pytest.mark.parametrize("command", [*COMMANDS, "explain"])
def test_the_example_of_a_help_page_is_understood(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"Example: multistage (.*)", answers(capsys, command, "--help"))
    assert len(examples) == 1
    words = examples[0].split()
    assert words[0] == command
    # With `--help` behind them all options are read, and nothing else is done.
    assert "Usage: multistage" in answers(capsys, *words, "--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_control_codes_in_a_pipe(command: str) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    done = subprocess.run(
        [sys.executable, "-m", "multistage_cli", command], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == FOUND.get(command, 0)
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize("command", COMMANDS)
def test_plain_ascii_where_the_locale_is_c(command: str) -> None:
    Path("Dockerfile").write_text(TWO_STAGES)
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "multistage_cli", command],
        capture_output=True,
        check=False,
        env=environment,
        timeout=60,
    )
    assert done.returncode == FOUND.get(command, 0)
    assert done.stdout.isascii()
    assert b"?" not in done.stdout.replace(b"{{", b"")


def test_closed_pipe_is_no_error() -> None:
    Path("Dockerfile").write_text("FROM alpine:3.22\n" + "RUN true\n" * 3000)
    process = subprocess.Popen(
        [sys.executable, "-m", "multistage_cli", "sizes", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) in {0, 1}
    assert errors == b""


def test_a_bug_of_ours_is_exit_code_three(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(build: object) -> None:
        raise ValueError("on purpose")

    Path("Dockerfile").write_text(TWO_STAGES)
    monkeypatch.setattr("multistage_cli.flow.graph.collect_flow", broken)
    assert main(["flow"]) == 3
    errors = capsys.readouterr().err
    assert "this is a bug: ValueError in test_cli.py" in errors
    assert "please report it" in errors


def test_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(build: object) -> None:
        raise KeyboardInterrupt

    Path("Dockerfile").write_text(TWO_STAGES)
    monkeypatch.setattr("multistage_cli.flow.graph.collect_flow", interrupted)
    assert main(["flow"]) == 130
