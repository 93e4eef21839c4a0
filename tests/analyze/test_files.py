"""`multistage analyze` from the command line: files, folders, configuration, processes, exit codes."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.files import Request, analyze_path
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Match, Rule, rule
from multistage_cli.build.evaluate import evaluate
from multistage_cli.cli import main
from multistage_cli.parser import parse

SHELL_FORM = "FROM alpine:3.22 AS app\nCMD sleep 1\n"
CLEAN = 'FROM alpine:3.22\nUSER 1000\nCMD ["sleep", "1"]\n'
THREE = "FROM alpine:3.22 AS base\nFROM base AS dev\nCMD a\nFROM base AS app\nUSER 1000\nFROM base AS old\n"

pytestmark = pytest.mark.usefixtures("few_rules")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()  # nothing above this folder counts
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(**files: str) -> None:
    for name, text in files.items():
        write(name, text)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(("analyze", *arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def data(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    _, out, _ = run(capsys, "--format", "json", *arguments)
    found: list[dict[str, Any]] = json.loads(out)["files"]
    return found


def codes(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [
        f"{entry['code']}:{entry['line']}" for file in data(capsys, *arguments) for entry in file["findings"]
    ]


# Files and folders.


def test_a_folder_in_a_stable_order(capsys: pytest.CaptureFixture[str]) -> None:
    for number in (3, 1, 2):
        write(f"services/s{number}/Dockerfile", SHELL_FORM)
    code, out, err = run(capsys, "services")
    assert code == 1
    assert err == ""
    heads = [line for line in out.splitlines() if line.startswith("services")]
    assert heads == [f"services{os.sep}s{number}{os.sep}Dockerfile" for number in (1, 2, 3)]
    assert out.splitlines()[-1] == "3 files: 3 warnings"


@pytest.mark.parametrize(
    "name", ["text", "json", "github", "markdown", "sarif", "gitlab", "junit", "checkstyle"]
)
def test_processes_change_nothing(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(9):
        write(f"s{number}/Dockerfile", SHELL_FORM if number % 2 else CLEAN)
    write("s4/Dockerfile", "")
    one = run(capsys, ".", "--jobs", "1", "--format", name)
    several = run(capsys, ".", "--jobs", "3", "--format", name)
    assert one == several
    assert one[0] == 2
    assert one[2].count("is empty") == 1


def test_processes_that_are_started_anew() -> None:
    """Where processes are not forked, everything that travels to them must be picklable."""
    write("Dockerfile", SHELL_FORM)
    request = Request()
    assert pickle.loads(pickle.dumps(request)) == request
    found = analyze_path(Path("Dockerfile"), request)
    assert pickle.loads(pickle.dumps(found)) == found


def test_one_that_cannot_be_read_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    write("a/Dockerfile", SHELL_FORM)
    write("b/Dockerfile", "\0")
    code, out, err = run(capsys, "a/Dockerfile", "b/Dockerfile", "missing")
    assert code == 2
    assert "MS501" in out
    assert err.splitlines() == [
        "multistage: b/Dockerfile is not a text file; name a Dockerfile".replace("/", os.sep),
        "multistage: no such file: missing; check the path",
    ]
    assert out.splitlines()[-1] == "3 files: 1 warning, 2 not read"
    errors = [file["error"] is None for file in data(capsys, "a/Dockerfile", "b/Dockerfile", "missing")]
    assert errors == [True, False, False]


def test_a_folder_with_one_file_is_shown_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    write("a/Dockerfile", CLEAN)
    code, out, _ = run(capsys, "a")
    assert code == 0
    assert "1 file" not in out


def test_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    write("a/Dockerfile", SHELL_FORM)
    write("b/Dockerfile", f"{SHELL_FORM}ENV a b\n")
    code, out, _ = run(capsys, ".", "--statistics")
    assert code == 1
    assert out.splitlines() == [
        "2  MS501  shell-form-command",
        "1  MS105  legacy-key-value",
        "",
        "2 files: 2 warnings, 1 style",
    ]
    _, out, _ = run(capsys, ".", "--statistics", "--format", "json")
    assert json.loads(out)["rules"][0] == {"code": "MS501", "name": "shell-form-command", "count": 2}
    code, out, err = run(capsys, ".", "--statistics", "--format", "sarif")
    assert (code, out) == (2, "")
    assert err == "multistage: --statistics has no format sarif; use text or json\n"


def test_results_go_to_a_file_whole_or_not_at_all(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    write("Dockerfile", SHELL_FORM)
    code, out, _ = run(capsys, "--format", "json", "--output", "found.json")
    assert (code, out) == (1, "")
    assert json.loads(Path("found.json").read_text())["summary"]["warnings"] == 1
    code, _, err = run(capsys, "nowhere", "--output", "other.json")
    assert code == 2
    assert "no such file" in err
    assert sorted(path.name for path in folder.iterdir()) == [".git", "Dockerfile", "found.json"]


# Rules and exit codes.


def test_select_and_ignore(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", f"{SHELL_FORM}ENV a b\n")
    assert codes(capsys) == ["MS501:2", "MS105:3"]
    assert codes(capsys, "--select", "MS1,MS2") == ["MS105:3"]
    assert codes(capsys, "--select", "DL3025", "--select", "MS105") == ["MS501:2", "MS105:3"]
    assert codes(capsys, "--ignore", "JSONArgsRecommended") == ["MS105:3"]
    code, out, err = run(capsys, "--select", "MS5O1")
    assert (code, out) == (2, "")
    assert err.startswith('multistage: --select has "MS5O1", which is no rule; did you mean "MS501"?')


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), 1), (("--fail-on", "error"), 0), (("--fail-on", "style"), 1), (("--fail-on", "never"), 0),
        (("--ignore", "MS5"), 0),
    ],
)  # fmt: skip
def test_exit_code(options: tuple[str, ...], expected: int, capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", SHELL_FORM)
    assert run(capsys, *options)[0] == expected


def test_a_rule_that_crashes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, few_rules: tuple[Rule, ...]
) -> None:
    @rule("MS299", "made-to-crash", Severity.STYLE)
    def made_to_crash(build: object) -> Any:
        """Break."""
        yield Match(parse("FROM a").instructions[0].span, "before the crash")
        raise KeyError("oh")

    every = (*few_rules, made_to_crash)
    monkeypatch.setattr("multistage_cli.analyze.selection.all_rules", lambda: every)
    write("Dockerfile", SHELL_FORM)
    code, out, _ = run(capsys, "--fail-on", "never", "--format", "json")
    assert code == 3
    found = {entry["code"]: entry["message"] for entry in json.loads(out)["files"][0]["findings"]}
    assert found.keys() == {"MS299", "MS501", "MS901"}
    assert "bug in rule MS299 (made-to-crash): KeyError in test_files.py, line" in found["MS901"]


# Configuration.


def test_the_nearest_configuration_counts(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", SHELL_FORM)
    write("a/b/Dockerfile", SHELL_FORM)
    write("multistage.toml", 'ignore = ["MS501"]\n')
    assert codes(capsys, ".") == []
    write("a/pyproject.toml", '[project]\nname = "a"\n')
    assert codes(capsys, "a") == []
    write("a/pyproject.toml", "[tool.multistage]\n")
    assert codes(capsys, "a") == ["MS501:2"]
    write("a/b/multistage.toml", 'fail-on = "error"\n')
    assert run(capsys, "a")[0] == 0
    assert run(capsys, "a", "--fail-on", "warning")[0] == 1
    assert codes(capsys, ".", "--no-config") == ["MS501:2", "MS501:2"]
    assert codes(capsys, "a", "--config", "multistage.toml") == []


def test_hadolints_configuration_where_there_is_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", SHELL_FORM)
    write(".hadolint.yaml", "ignored: [DL3025]\n")
    assert codes(capsys) == []
    write("multistage.toml", "")
    assert codes(capsys) == ["MS501:2"]
    assert codes(capsys, "--config", ".hadolint.yaml") == []


def test_the_search_ends_at_the_repositorys_top(capsys: pytest.CaptureFixture[str]) -> None:
    write("multistage.toml", 'ignore = ["MS501"]\n')
    write("inner/Dockerfile", SHELL_FORM)
    Path("inner/.git").mkdir()
    assert codes(capsys, "inner") == ["MS501:2"]


def test_paths_and_stages(capsys: pytest.CaptureFixture[str]) -> None:
    write("a/Dockerfile", SHELL_FORM)
    write("b/Dockerfile", SHELL_FORM)
    write("multistage.toml", '[per-path."b/*"]\nseverity = { MS501 = "style" }\n')
    severities = [file["findings"][0]["severity"] for file in data(capsys, ".")]
    assert severities == ["warning", "style"]
    write("multistage.toml", '[per-stage."a*"]\nignore = ["MS501"]\n')
    assert codes(capsys, ".") == []


def test_configuration_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", SHELL_FORM)
    write("multistage.toml", 'ignores = ["MS501"]\n')
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert err == 'multistage: multistage.toml has an unknown key "ignores"; did you mean "ignore"?\n'
    write("other/Dockerfile", SHELL_FORM)
    code, _, err = run(capsys, ".")
    assert code == 2
    assert err.count("unknown key") == 1
    assert (
        run(capsys, "--config", "missing.toml")[2]
        == "multistage: cannot read missing.toml: No such file or directory\n"
    )
    assert "exclude each other" in run(capsys, "--config", "x", "--no-config")[2]


# Targets.


def test_leaves_are_targets(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", THREE)
    (file,) = data(capsys)
    assert file["targets"] == ["dev", "app", "old"]
    assert [entry["code"] for entry in file["findings"]] == ["MS501"]


def test_targets_from_files_beside_the_dockerfile(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", THREE)
    write("compose.yaml", "services:\n  a:\n    build: {context: ., target: app}\n")
    (file,) = data(capsys)
    assert file["targets"] == ["app", "old"], "a plain docker build goes on beside Compose"
    spare, *_ = file["findings"]
    assert [f"{entry['code']}:{entry['line']}" for entry in file["findings"]] == ["MS204:2", "MS501:3"]
    assert (spare["severity"], spare["message"]) == (
        "info",
        'no target that compose.yaml lists needs stage "dev", so nothing builds it: copy from it or delete it',
    )
    Path("compose.yaml").unlink()
    write("docker-bake.hcl", 'target "app" { target = "app" }\n')
    (file,) = data(capsys)
    assert file["targets"] == ["app"]
    assert (
        next(entry for entry in file["practices"] if entry["name"] == "Non-root User")["status"] == "passed"
    )
    write("compose.yaml", "services:\n  a:\n    build: {context: ., target: dev}\n")
    assert data(capsys)[0]["targets"] == ["dev", "app", "old"]
    write("docker-bake.hcl", 'target "dev" { target = "${WHICH}" }\n')
    assert data(capsys)[0]["targets"] == ["dev", "app", "old"]
    write("multistage.toml", 'targets = ["old", "no-such-stage"]\n')
    (file,) = data(capsys)
    assert file["targets"] == ["old"]
    (missing,) = [entry for entry in file["findings"] if entry["code"] == "MS904"]
    assert (missing["severity"], missing["line"]) == ("info", 1)
    assert '"no-such-stage"' in missing["message"]
    (file,) = data(capsys, "--target", "dev")
    assert file["targets"] == ["dev"]


def test_other_stages_are_no_dead_code_for_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", THREE)
    assert codes(capsys, "--target", "app") == ["MS501:3"]


# Other.


def test_an_empty_list_of_rules_finds_nothing() -> None:
    assert analyze_build(evaluate(parse(SHELL_FORM)), ()).findings == ()


def test_a_pool_is_imported_only_when_it_is_used() -> None:
    write("Dockerfile", CLEAN)
    program = (
        "import sys; from multistage_cli.cli import main; main(['analyze', 'Dockerfile', '--format', 'json']);"
        "print(sorted({'concurrent.futures', 'multiprocessing', 'tomllib', 'rich.console'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"
