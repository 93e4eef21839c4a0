"""The programs that build and run images, and where their command lines differ."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class ToolName(StrEnum):
    """The programs that commands can be written for."""

    DOCKER = "docker"
    PODMAN = "podman"
    BUILDAH = "buildah"
    NERDCTL = "nerdctl"


class Tool(Struct, frozen=True):
    """A program that builds images, and the one that runs what it built.

    Attributes:
        name: of the one that builds.
        runner: of the one that runs; buildah runs no images, podman runs those of the same user's buildah.
        dockerfile_names: found in the build context without `--file`, the first of them first.
        several_platforms: the words of the command that builds for more than one platform.
        manifest: whether an image for several platforms is a manifest list, which `--manifest` names.
        oci_by_default: whether images are OCI images, which keep no HEALTHCHECK and no ONBUILD, unless
            `--format docker` says otherwise.
        allows_host_network: whether it has `--allow network.host`.
        low_ports: whether a port below 1024 can be published by anybody: podman runs as the user.
    """

    name: ToolName
    runner: ToolName
    dockerfile_names: tuple[str, ...] = ("Dockerfile",)
    several_platforms: tuple[str, ...] = ("build",)
    manifest: bool = False
    oci_by_default: bool = False
    allows_host_network: bool = False
    low_ports: bool = True


_PODMAN = Tool(
    ToolName.PODMAN,
    ToolName.PODMAN,
    dockerfile_names=("Containerfile", "Dockerfile"),  # buildah's define.ContainerfileNames, in its order
    manifest=True,
    oci_by_default=True,
    low_ports=False,
)

TOOLS = {
    ToolName.DOCKER: Tool(
        ToolName.DOCKER, ToolName.DOCKER, several_platforms=("buildx", "build"), allows_host_network=True
    ),
    ToolName.PODMAN: _PODMAN,
    ToolName.BUILDAH: replace(_PODMAN, name=ToolName.BUILDAH),
    ToolName.NERDCTL: Tool(ToolName.NERDCTL, ToolName.NERDCTL, allows_host_network=True),
}
