"""The configuration of images that an engine really built, and ours."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Docker

    from multistage_cli.build.state import State

pytestmark = pytest.mark.engine

FILES = {
    "nothing": "FROM scratch\nLABEL a=b\n",
    "all of it": (
        "FROM scratch\nENV a=1 b=$a\nARG c=2\nWORKDIR /w\nUSER 5:6\nEXPOSE 80 53/udp 90-92\nVOLUME /v /w/x\n"
        'LABEL l="x y" m=$c\nSTOPSIGNAL SIGINT\nSHELL ["/bin/bash", "-ec"]\nCMD run it\nENTRYPOINT ["/e", "$a"]\n'
    ),
    "inherited": (
        'FROM scratch AS a\nENV x=1\nUSER 7\nWORKDIR w\nCMD ["c"]\nEXPOSE 1\nVOLUME /v\nLABEL l=1\nSTOPSIGNAL 9\n'
        'FROM a\nENV y=$x$x x=2\nWORKDIR ../v/./u/\nEXPOSE 2\nVOLUME ["/v2"]\nLABEL l=2 m=3\n'
    ),
    "entrypoint resets the inherited command": ('FROM scratch AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]\n'),
    "entrypoint keeps its own command": (
        'FROM scratch AS a\nCMD ["c"]\nFROM a\nCMD ["d"]\nENTRYPOINT ["e"]\n'
    ),
    "entrypoint in shell form": 'FROM scratch\nSHELL ["/s", "-x"]\nENTRYPOINT exec a $b\n',
    "empty command": "FROM scratch AS a\nCMD c\nFROM a\nCMD []\n",
    "healthcheck": (
        "FROM scratch\nHEALTHCHECK --interval=1m30s --timeout=5s --start-period=2s --retries=7 CMD curl $x || exit 1\n"
    ),
    "healthcheck in exec form": 'FROM scratch\nHEALTHCHECK CMD ["/c", "x"]\n',
    "healthcheck none": "FROM scratch AS a\nHEALTHCHECK CMD x\nFROM a\nHEALTHCHECK NONE\n",
    "variables": (
        "ARG g=1\nFROM scratch\nARG g\nARG p=8080-8081\nENV d=/data\nWORKDIR $d/${g}\nUSER u$g\nEXPOSE $p ${g}00/udp\n"
        "VOLUME $d ${d}2\nSTOPSIGNAL ${s:-SIGTERM}\nLABEL k$g=$d\n"
    ),
    "triggers": (
        "FROM scratch AS a\nONBUILD ENV x=1\nONBUILD WORKDIR /on\nONBUILD USER on\nFROM a\nENV y=$x\nWORKDIR build\n"
    ),
    "workdir from the root": "FROM scratch\nWORKDIR //a//b/\nWORKDIR c\nWORKDIR ../../../..\nWORKDIR ./z\n",
}


def expected(state: State) -> dict[str, Any]:
    """Our state as `docker inspect` prints a configuration, without what is empty."""
    found: dict[str, Any] = {
        "Env": [f"{name}={value}" for name, value in state.variables.environment.items()],
        "User": state.user.value,
        "WorkingDir": state.working_directory.value,
        "Cmd": list(state.command.value),
        "Entrypoint": list(state.entrypoint.value),
        "ExposedPorts": {
            f"{number}/{port.protocol}": {}
            for port in state.ports
            for number in range(port.first, port.last + 1)
        },
        "Labels": {name: setting.value for name, setting in state.labels.items()},
        "Volumes": {name: {} for name in state.volumes},
        "StopSignal": state.stop_signal.value,
    }
    if state.shell.line is not None:
        found["Shell"] = list(state.shell.value)
    assert UNKNOWN not in found.values()
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("title", FILES)
def test_the_configuration_is_the_engines(docker: Docker, title: str, tmp_path: Path) -> None:
    name = f"multistage-test-{uuid.uuid4().hex}"
    tmp_path.joinpath("Dockerfile").write_text(FILES[title], encoding="utf-8")
    try:
        docker.run("build", "--quiet", "--tag", name, str(tmp_path))
        configuration = json.loads(docker.run("image", "inspect", "--format", "{{json .Config}}", name))
    finally:
        docker.attempt("image", "rm", "--force", name)
    target = evaluate(parse(FILES[title])).target
    assert target is not None
    ours = expected(target.final)
    theirs = {key: value for key, value in configuration.items() if value and key in {*ours, *KEYS}}
    if theirs.get("WorkingDir") == "/" or "WorkingDir" not in theirs:
        theirs["WorkingDir"] = "/"
    assert ours == theirs
    check, health = target.final.healthcheck.value, configuration.get("Healthcheck") or {"Test": ["NONE"]}
    assert check is not UNKNOWN
    if check is None:
        assert health["Test"] == ["NONE"]
    else:
        assert health["Test"] == ["CMD" if check.json_form else "CMD-SHELL", *check.words]
        assert health.get("Interval", 0) == (check.interval_seconds or 0) * 1e9
        assert health.get("Timeout", 0) == (check.timeout_seconds or 0) * 1e9
        assert health.get("StartPeriod", 0) == (check.start_period_seconds or 0) * 1e9
        assert health.get("Retries", 0) == (check.retries or 0)


KEYS = {
    "Env",
    "User",
    "WorkingDir",
    "Cmd",
    "Entrypoint",
    "ExposedPorts",
    "Labels",
    "Volumes",
    "StopSignal",
    "Shell",
}
