"""Ports: what the command listens on, what EXPOSE says and what the health check asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.listening import Listening, listening
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.started import instruction_of, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.build.started import Started


def _servers(
    build: Build, asked: Asked
) -> Iterator[tuple[EvaluatedStage, tuple[Started, ...], Started, Listening]]:
    """Each target whose main command is a server that is known, with all that it starts."""
    for index in asked.targets:
        entry = build.stages[index]
        programs = started(build, entry)
        main = [found for found in programs if found.kind != "HEALTHCHECK"]
        places = [(found, place) for found in main if (place := listening(found, entry.final)) is not None]
        if len(places) == 1 and places[0][0].plain:
            yield entry, programs, *places[0]


@rule("MS550", "exposed-port-unused", Severity.WARNING)
def exposed_port_unused(build: Build, asked: Asked) -> Iterator[Match]:
    """EXPOSE of another port than the one that the command listens on.

    `docker run -P`, Compose and proxies that read EXPOSE then connect to a port where nobody listens.

    Bad, found on line 2:
        FROM python:3.12-slim
        EXPOSE 8080
        CMD ["python", "-m", "http.server", "8000"]

    Good:
        FROM python:3.12-slim
        EXPOSE 8000
        CMD ["python", "-m", "http.server", "8000"]

    Good:
        FROM python:3.12-slim
        ENV PORT=8080
        EXPOSE 8080
        CMD exec python -m http.server "$PORT"

    Fix: write the same port in both places, or read both from one ENV.
    """
    for entry, _, found, place in _servers(build, asked):
        ports = [port for port in entry.final.ports if port.protocol == "tcp"]
        if not entry.final.ports_known or not ports or any(port.line is None for port in ports):
            continue
        if any(port.first <= place.port <= port.last for port in ports):
            continue
        at = instruction_of(build, entry, "EXPOSE", ports[-1].line)
        if at is None:
            continue
        default = " by default" if place.by_default else ""
        message = (
            f"{found.kind} on line {found.step.line} listens on port {place.port}{default}, not on"
            f" {', '.join(port.text.partition('/')[0] for port in ports)}"
        )
        yield Match.on(*at, message, related=(Related(found.step.line, f"listens on {place.port}"),))


_ADDRESS = r"(https?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::([0-9]{1,5}))?(?=[/\s'\"?)]|$)"


@rule("MS551", "health-check-at-other-port", Severity.ERROR, confidence=Confidence.LIKELY)
def health_check_at_other_port(build: Build, asked: Asked) -> Iterator[Match]:
    """HEALTHCHECK that asks at another port than the command listens on.

    The container is never healthy.

    Bad, found on line 2:
        FROM python:3.12-slim
        HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/')"]
        CMD ["python", "-m", "http.server", "8000"]

    Good:
        FROM python:3.12-slim
        HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/')"]
        CMD ["python", "-m", "http.server", "8000"]

    Fix: ask at the port that the command listens on.
    """
    for _, programs, found, place in _servers(build, asked):
        checks = [program for program in programs if program.kind == "HEALTHCHECK"]
        if not checks:
            continue
        texts = [" ".join(str(word) for word in check.words if word is not UNKNOWN) for check in checks]
        asks = [match for text in texts for match in re.finditer(_ADDRESS, text)]
        ports = {int(match[2] or (443 if match[1] == "https" else 80)) for match in asks}
        if not ports or place.port in ports:
            continue
        default = " by default" if place.by_default else ""
        message = (
            f"the health check asks at port {min(ports)}, {found.kind} on line {found.step.line} listens on"
            f" {place.port}{default}: the container is never healthy"
        )
        check = checks[0]
        related = (Related(found.step.line, f"listens on {place.port}"),)
        yield Match.on(check.entry, check.step, message, word=str(min(ports)), related=related)


@rule("MS552", "listens-on-loopback", Severity.WARNING, confidence=Confidence.LIKELY)
def listens_on_loopback(build: Build, asked: Asked) -> Iterator[Match]:
    """Server that listens on the container's own 127.0.0.1 only.

    Published ports and other containers reach the container's other address, where nobody answers: "connection
    refused" or "empty reply". Several servers do so by default.

    Bad, found on line 3:
        FROM python:3.12-slim
        EXPOSE 8000
        CMD ["python", "-m", "http.server", "8000", "--bind", "127.0.0.1"]

    Good:
        FROM python:3.12-slim
        EXPOSE 8000
        CMD ["python", "-m", "http.server", "8000", "--bind", "0.0.0.0"]

    Good:
        FROM python:3.12-slim
        CMD ["python", "-m", "http.server", "8000", "--bind", "127.0.0.1"]

    Fix: bind 0.0.0.0 (--host 0.0.0.0, --bind 0.0.0.0:8000), and choose at `docker run -p` who may connect.
    """
    for entry, _, found, place in _servers(build, asked):
        # Without EXPOSE it may be meant for a neighbour in the same pod or on the host's network.
        if not place.loopback or not any(port.line is not None for port in entry.final.ports):
            continue
        default = " by default" if place.host_by_default else ""
        message = (
            f"{found.name} listens on {place.host}{default}, which nothing outside of the container reaches"
        )
        message += ": bind 0.0.0.0"
        yield Match.on(found.entry, found.step, message, word=None if place.host_by_default else place.host)
