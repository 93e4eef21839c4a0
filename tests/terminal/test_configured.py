"""`--config` and `--no-config`, and the configured targets, at every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multistage_cli.cli import main
from multistage_cli.terminal.configured import KEYS

STAGES = """\
FROM alpine:3.22 AS base
FROM base AS app
CMD ["app"]
FROM base AS test
CMD ["test"]
FROM base
CMD ["last"]
"""
ROOMS = ("flow", "sizes", "cache", "commands", "inspect", "report")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    Path(tmp_path, "Dockerfile").write_text(STAGES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def target_of(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The target of the flow's picture."""
    code, out, err = run(capsys, "flow", *options, "--format", "json")
    assert (code, err) == (0, "")
    return str(json.loads(out)["target"])


def test_the_configured_target_counts_where_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert target_of(capsys) == "3"
    Path("multistage.toml").write_text('targets = ["app", "test"]\n', encoding="utf-8")
    assert target_of(capsys) == "app"
    assert target_of(capsys, "--target", "test") == "test"
    assert target_of(capsys, "--no-config") == "3"
    Path("other.toml").write_text('targets = ["TEST"]\n', encoding="utf-8")
    assert target_of(capsys, "--config", "other.toml") == "test"
    Path("other.toml").write_text('targets = ["app", "3"]\n', encoding="utf-8")
    assert target_of(capsys, "--config", "other.toml") == "3", "the last stage, where it is listed"


@pytest.mark.parametrize("room", ROOMS[:-1])  # the report's rules judge stages by all of the configuration
def test_every_room_takes_it(room: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text('[tool.multistage]\ntargets = ["app"]\n', encoding="utf-8")
    # As data: the pictures leave away more for a target that the user names.
    shown = run(capsys, room, "--format", "json")
    assert shown == run(capsys, room, "--format", "json", "--target", "app", "--no-config")
    assert shown != run(capsys, room, "--format", "json", "--no-config")


@pytest.mark.parametrize("room", ROOMS)
def test_a_configuration_that_is_wrong_is_refused(room: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("multistage.toml").write_text("target = []\n", encoding="utf-8")
    assert run(capsys, room) == (
        2,
        "",
        'multistage: multistage.toml has an unknown key "target"; did you mean "targets"?\n',
    )
    assert run(capsys, room, "--no-config")[0] == 0
    assert "exclude each other" in run(capsys, room, "--config", "x.toml", "--no-config")[2]
    assert "cannot read x.toml" in run(capsys, room, "--config", "x.toml")[2]
    Path("x.toml").write_text("targets = 'app'\n", encoding="utf-8")
    assert "x.toml: targets must be a list of texts" in run(capsys, room, "--config", "x.toml")[2]


@pytest.mark.parametrize("room", ROOMS)
def test_a_target_that_is_not_there_is_told(room: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("multistage.toml").write_text('targets = ["tests", "web"]\n', encoding="utf-8")
    code, out, err = run(capsys, room)
    assert code == 0
    assert err == (
        'multistage: Dockerfile: there is no stage "tests", which multistage.toml lists as a target;'
        ' did you mean "test"?\n'
        'multistage: Dockerfile: there is no stage "web", which multistage.toml lists as a target;'
        " the stages are base, app, test\n"
    )
    if room != "report":  # which finds it, too
        assert out == run(capsys, room, "--no-config")[1]


def test_hadolints_configuration_names_no_targets(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".hadolint.yaml").write_text("ignored: [DL3006]\n", encoding="utf-8")
    assert target_of(capsys) == "3"


def test_report_heeds_rules_and_severities(capsys: pytest.CaptureFixture[str]) -> None:
    text = "FROM alpine:3.22 AS app\nCMD sleep 60\nFROM app AS dev\nFROM app\n"
    Path("Dockerfile").write_text(text, encoding="utf-8")

    def found(*options: str) -> list[tuple[str, str]]:
        files = []
        for room in ("report", "analyze"):
            _, out, _ = run(capsys, room, "--format", "json", *options)
            data = json.loads(out)
            files.append(data["files"][0] if room == "analyze" else data["analyze"]["files"][0])
        assert files[0]["targets"] == files[1]["targets"]
        assert files[0]["findings"] == files[1]["findings"]
        return [(entry["code"], entry["severity"]) for entry in files[0]["findings"]]

    assert found() == [("MS501", "warning")]
    Path("multistage.toml").write_text('[severity]\nMS501 = "style"\n', encoding="utf-8")
    assert found() == [("MS501", "style")]
    assert found("--no-config") == [("MS501", "warning")]
    Path("multistage.toml").write_text('[per-path.Dockerfile]\nignore = ["DL3025"]\n', encoding="utf-8")
    assert found() == []
    Path("multistage.toml").write_text('targets = ["app"]\n', encoding="utf-8")
    assert sorted(found()) == [("MS204", "warning"), ("MS204", "warning"), ("MS501", "warning")]
    Path("multistage.toml").write_text('ignore = ["MS299"]\n', encoding="utf-8")
    code, _, err = run(capsys, "report")
    assert code == 2
    assert 'has "MS299", which is no rule' in err


def test_the_keys_are_in_order() -> None:
    assert list(KEYS) == sorted(KEYS)


@pytest.mark.parametrize("text", [f"fail-on = {'9' * 5000}\n", f"fail-on = {'[' * 5000}\n"])
def test_a_value_that_python_cannot_read(capsys: pytest.CaptureFixture[str], text: str) -> None:
    Path("multistage.toml").write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "flow")
    assert (code, out) == (2, "")
    assert err == "multistage: multistage.toml cannot be read: a number is too long or nested too deeply\n"


def test_a_broken_configuration_leaves_no_half_of_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    Path("multistage.toml").write_text("ignore =\n", encoding="utf-8")
    code, out, err = run(capsys, "analyze", "--format", "json")
    assert (code, out) == (2, "")
    assert err.startswith("multistage: multistage.toml is no TOML: ")
