"""Variables that BuildKit sets by itself: platform arguments and proxies.

Source: moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go (`defaultArgs`,
`proxyEnvFromBuildArgs`), and Docker 28.5: tests/engine/test_variables.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.variables.platforms import parse_platform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.claims import Known

PLATFORM_ARGUMENTS = (
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
)
"""Set in the global scope; a stage sees them after `ARG NAME`."""

PROXY_ARGUMENTS = (
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
)
"""Build arguments that every RUN sees without an ARG; BuildKit takes any mixture of capitals. To expand
`$HTTP_PROXY` in another instruction an ARG is needed all the same."""


def predefined(
    *, build_platform: str = "linux/amd64", target_platform: str = "linux/amd64", target_stage: str = ""
) -> dict[str, str]:
    """The platform ARGs that BuildKit sets in the global scope (BUILDPLATFORM, TARGETARCH and so on).

    Args:
        build_platform: the builder's.
        target_platform: as given to `--platform`.
        target_stage: as given to `--target`, in those letters; else the name of the last stage in small
            letters, if it has one.

    Raises:
        MultistageError: Docker refuses a platform.
    """
    build = parse_platform(build_platform)
    target = parse_platform(target_platform, default_architecture=build.architecture)
    values = [
        value
        for platform in (build, target)
        for value in (str(platform), platform.system, "", platform.architecture, platform.variant)
    ]
    return dict(zip(PLATFORM_ARGUMENTS, (*values, target_stage or "default"), strict=True))


def proxy_environment(build_args: Mapping[str, Known[str]]) -> dict[str, Known[str]]:
    """The variables that the proxy build arguments set for every RUN, in capitals and in small letters."""
    found: dict[str, Known[str]] = {}
    for name in sorted(build_args):
        value = build_args[name]
        if name.upper() in PROXY_ARGUMENTS and value != "":
            found[name.upper()] = found[name.lower()] = value
    return found
