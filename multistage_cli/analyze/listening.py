"""Where a server listens, as far as its command line says so plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from multistage_cli.build.started import Started
    from multistage_cli.build.state import State

_MOST_DIGITS = 5  # of a port


class Listening(Struct, frozen=True):
    """An address that a server binds.

    Attributes:
        host: as written, or the program's default; empty for all addresses.
        port: its number.
        by_default: whether the port is the program's default.
        host_by_default: whether the host is.
    """

    host: str
    port: int
    by_default: bool = False
    host_by_default: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only the container itself can connect."""
        return self.host in {"localhost", "::1", "[::1]"} or self.host.startswith("127.")


def listening(found: Started, state: State) -> Listening | None:
    """Where a started program listens; None where it is no known server, or that does not follow."""
    words = tuple(word for word in found.words if word is not UNKNOWN)
    if len(words) != len(found.words) or not words:
        return None
    name, rest = found.name, words[1:]
    if name.startswith("python") and rest[:1] == ("-u",):
        rest = rest[1:]
    if name.startswith("python") and len(rest) > 1 and rest[0] == "-m":
        name, rest = rest[1].removesuffix(".__main__"), rest[2:]
    elif name.startswith("python") and rest[:1] and rest[0].endswith("manage.py"):
        name, rest = "manage.py", rest[1:]
    server = _SERVERS.get(name)
    if server is None:
        return None
    kept = {name: value for name, value in state.environment.items() if value is not UNKNOWN}
    return server(rest, kept, state)


def _uvicorn(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: uvicorn's settings: --host 127.0.0.1 and --port 8000 by default, UVICORN_* in the environment."""
    if any(word.split("=")[0] in {"--uds", "--fd", "--env-file"} for word in words):
        return None
    port = _option(words, "--port") or environment.get("UVICORN_PORT")
    host = _option(words, "--host") or environment.get("UVICORN_HOST")
    return _at(host, port, "127.0.0.1", 8000)


def _fastapi(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: `fastapi run --help` and `fastapi dev --help`."""
    action = next((word for word in words if not word.startswith("-")), "")
    if action not in {"run", "dev"}:
        return None
    host = "0.0.0.0" if action == "run" else "127.0.0.1"  # noqa: S104 - what it does, not what we do
    return _at(_option(words, "--host"), _option(words, "--port"), host, 8000)


def _gunicorn(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: gunicorn's settings: `bind` is 127.0.0.1:8000, or 0.0.0.0:$PORT where PORT is set."""
    if _option(words, "-c", "--config") or "GUNICORN_CMD_ARGS" in environment:
        return None
    folder = state.working_directory.value
    if folder is UNKNOWN or state.exists(f"{folder.rstrip('/')}/gunicorn.conf.py") is not Claim.NO:
        return None
    bind = _option(words, "-b", "--bind")
    if bind is None:
        port = environment.get("PORT")
        return _at(None, None, "127.0.0.1", 8000) if port is None else _at("0.0.0.0", port, "", 0)  # noqa: S104
    if "unix:" in bind or "fd:" in bind:
        return None
    host, _, port = bind.rpartition(":")
    return _at(host, port, "", 8000) if port.isdecimal() else None


def _flask(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: `flask run --help`; FLASK_RUN_* in the environment."""
    if "run" not in words:
        return None
    folder = state.working_directory.value
    if folder is UNKNOWN or state.exists(f"{folder.rstrip('/')}/.flaskenv") is not Claim.NO:
        return None
    port = _option(words, "-p", "--port") or environment.get("FLASK_RUN_PORT")
    host = _option(words, "-h", "--host") or environment.get("FLASK_RUN_HOST")
    return _at(host, port, "127.0.0.1", 5000)


def _http_server(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: `python -m http.server --help`."""
    port = None
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in {"-b", "--bind", "-d", "--directory", "-p", "--protocol"}:
            skip = True
        elif word.isdecimal():
            port = word
    return _at(_option(words, "-b", "--bind"), port, "", 8000)


def _manage(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: `django-admin runserver`: [ADDRESS:]PORT, 127.0.0.1:8000 by default."""
    if words[:1] != ("runserver",):
        return None
    places = [word for word in words[1:] if not word.startswith("-")]
    if not places:
        return _at(None, None, "127.0.0.1", 8000)
    host, colon, port = places[0].rpartition(":")
    host = {"0": ""}.get(host, host) if colon else "127.0.0.1"
    return _at(host, port, "", 8000) if port.isdecimal() else None


def _php(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: php(1), -S."""
    place = _option(words, "-S")
    host, _, port = (place or "").rpartition(":")
    return _at(host, port, "", 0) if port.isdecimal() else None


def _httpd(words: tuple[str, ...], environment: Mapping[str, str], state: State) -> Listening | None:
    """Source: `busybox httpd --help`: -p [IP:]PORT, 80 by default."""
    if state.has_command("busybox") is not Claim.YES or "-f" not in words:
        return None
    place = _option(words, "-p")
    host, _, port = (place or "").rpartition(":")
    return _at(host, port or None, "", 80)


_SERVERS: dict[str, Callable[[tuple[str, ...], Mapping[str, str], State], Listening | None]] = {
    "fastapi": _fastapi,
    "flask": _flask,
    "gunicorn": _gunicorn,
    "http.server": _http_server,
    "httpd": _httpd,
    "manage.py": _manage,
    "php": _php,
    "uvicorn": _uvicorn,
}


def _option(words: tuple[str, ...], *names: str) -> str | None:
    """The last value of an option, as `--name value`, `--name=value` or `-nvalue`."""
    value: str | None = None
    for index, word in enumerate(words):
        for name in names:
            if word == name and index + 1 < len(words):
                value = words[index + 1]
            elif name.startswith("--") and word.startswith(f"{name}="):
                value = word.partition("=")[2]
            elif (
                not name.startswith("--")
                and word.startswith(name)
                and len(word) > len(name)
                and word[:2] != "--"
            ):
                value = word[len(name) :].removeprefix("=")
    return value


def _at(host: str | None, port: str | None, default_host: str, default_port: int) -> Listening | None:
    number = (
        default_port if port is None else int(port) if port.isdecimal() and len(port) <= _MOST_DIGITS else 0
    )
    if not number:
        return None
    return Listening(default_host if host is None else host, number, port is None, host is None)
