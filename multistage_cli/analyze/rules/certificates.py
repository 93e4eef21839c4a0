"""What an image without a distribution lacks: CA certificates and time zones."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.rules.interpreters import copies_into
from multistage_cli.build.changes import Compilation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.started import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS466", "no-certificates", Severity.INFO, confidence=Confidence.LIKELY)
def no_certificates(build: Build, asked: Asked) -> Iterator[Match]:
    """Program in an empty image without CA certificates.

    Each HTTPS connection that it makes fails with "certificate signed by unknown authority". A program that makes
    none, or that carries certificates itself, is fine.

    Bad, found on line 5:
        FROM golang:1.25 AS build
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -o /out/app .
        FROM scratch
        COPY --from=build /out/app /app
        ENTRYPOINT ["/app"]

    Good:
        FROM golang:1.25 AS build
        WORKDIR /src
        RUN CGO_ENABLED=0 go build -o /out/app .
        FROM scratch
        COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
        COPY --from=build /out/app /app
        ENTRYPOINT ["/app"]

    Fix: COPY --from=BUILDER /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/, or start from distroless static.
    """
    outputs: dict[int, set[str]] = {}
    for target, owner, step, source, path in copies_into(build, asked):
        state = target.final
        if source.stage.index not in outputs:
            outputs[source.stage.index] = {
                output
                for _, change in source.changes()
                if isinstance(change, Compilation) and change.tool in {"go", "cargo"}
                for output in change.outputs
            }
        built = path in outputs[source.stage.index]
        if built and state.libc is None and all(state.exists(place) is Claim.NO for place in _CERTIFICATES):
            message = (
                f"{target.stage.title} has no CA certificates: HTTPS fails unless {posixpath.basename(path)}"
            )
            yield Match.on(owner, step, f"{message} carries its own")


# Where Go's crypto/x509 looks on Linux (root_linux.go); OpenSSL and rustls-native-certs look in some of these.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
)  # fmt: skip


@rule("MS467", "time-zone-data-missing", Severity.WARNING)
def time_zone_data_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """ENV TZ with a zone that the image has no data of.

    Programs then take UTC and say nothing.

    Bad, found on line 2:
        FROM scratch
        ENV TZ=Europe/Berlin
        COPY app /app
        ENTRYPOINT ["/app"]

    Good:
        FROM scratch
        ENV TZ=Europe/Berlin
        COPY --from=debian:bookworm-slim /usr/share/zoneinfo /usr/share/zoneinfo
        COPY app /app
        ENTRYPOINT ["/app"]

    Fix: install tzdata, or copy /usr/share/zoneinfo from a stage that has it.
    """
    for index in asked.targets:
        state = build.stages[index].final
        zone = state.environment.get("TZ")
        if zone is None or zone is UNKNOWN or "/" not in zone or zone.startswith(("/", ":")):
            continue
        if state.exists(f"/usr/share/zoneinfo/{zone}") is not Claim.NO or not started(
            build, build.stages[index]
        ):
            continue
        if "ZONEINFO" in state.environment:
            continue
        for number in build.graph.chain(index):
            owner = build.stages[number]
            for step in reversed(owner.steps):
                if step.instruction.name == "ENV" and any(
                    pair.name == "TZ" for pair in step.instruction.pairs
                ):
                    message = (
                        f"{build.stages[index].stage.title} has no data of {zone}: install tzdata, or copy it"
                    )
                    yield Match.on(owner, step, message, word=zone)
                    break
