"""What chmod makes of old permission bits, as GNU's and BusyBox's did in a container."""

from __future__ import annotations

import pytest

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.files import Kind, read_mode

# The text, and what becomes of a file of 640, a directory of 2750 and a file of 6751.
ROWS: dict[str, tuple[Known[int], Known[int], Known[int]]] = {
    "755": (0o755, UNKNOWN, 0o755),
    "00755": (0o755, 0o755, 0o755),
    "2755": (0o2755, 0o2755, 0o2755),
    "u+s": (0o4640, 0o6750, 0o6751),
    "+x": (0o751, 0o2751, 0o6751),
    "-w": (0o440, 0o2550, 0o6551),
    "+w": (0o640, 0o2750, 0o6751),
    "u=rwx,go=rX": (0o755, UNKNOWN, 0o755),
    "g=u": (0o660, UNKNOWN, 0o4771),
    "o=g": (0o644, 0o2755, 0o6755),
    "u-x+w": (0o640, 0o2650, 0o6651),
    "a+rwX,g-s": (0o666, 0o777, 0o4777),
    "go-rwx": (0o600, 0o2700, 0o6700),
    "u=s": (0o4040, 0o6050, 0o6051),
    "+t": (0o1640, 0o3750, 0o7751),
    "o+t": (UNKNOWN, UNKNOWN, UNKNOWN),
}


@pytest.mark.parametrize("text", ROWS)
def test_modes(text: str) -> None:
    change = read_mode(text)
    assert change is not None
    found = (change(0o640, Kind.FILE), change(0o2750, Kind.DIRECTORY), change(0o6751, Kind.FILE))
    assert found == ROWS[text]


@pytest.mark.parametrize("text", ["", "8", "u", "u~x", "q+x", "77777", "u+z", "+x,", "\0"])
def test_what_chmod_refuses(text: str) -> None:
    assert read_mode(text) is None
