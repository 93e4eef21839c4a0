"""What an image holds after an instruction, as far as it follows from the file and from known facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from multistage_cli.build.claims import UNKNOWN, Claim, Known

if TYPE_CHECKING:
    from multistage_cli.build.instructions import Healthcheck
    from multistage_cli.build.ordered import OrderedVersions
    from multistage_cli.build.variables import Variables

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A value of the image's configuration, and the line that set it; None where the base image did."""

    value: Known[T]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """A port or a range of ports of EXPOSE, as the image's configuration has it: `8000/tcp`."""

    first: int
    last: int
    protocol: str
    line: int | None

    @property
    def text(self) -> str:
        """As Docker writes it."""
        numbers = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{numbers}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class State:
    """The state of a stage after an instruction: never changed, only replaced.

    Attributes:
        variables: ENV and ARG.
        working_directory: absolute.
        user: as in the configuration; an empty string is root.
        shell: the words in front of a shell form.
        shell_exists: whether the base image has a shell.
        entrypoint: the words that the container runs; empty for none.
        command: CMD; empty for none.
        healthcheck: None for none, and for HEALTHCHECK NONE.
        stop_signal: an empty string for the default.
        exposed: the ports of EXPOSE by their text; see `ports`.
        ports_known: whether `exposed` is all there is.
        volumes: path to the line of VOLUME.
        labels: name to value.
        virtual_environments: Python's, that commands made, the newest first.
        apt_configured: whether a file that configures apt was or may have been written.
        windows: whether paths and users are those of Windows.
    """

    variables: Variables
    working_directory: Setting[str]
    user: Setting[str]
    shell: Setting[tuple[str, ...]]
    shell_exists: Claim
    entrypoint: Setting[tuple[str, ...]]
    command: Setting[tuple[str, ...]]
    healthcheck: Setting[Healthcheck | None]
    stop_signal: Setting[str]
    exposed: OrderedVersions[Port]
    ports_known: bool
    volumes: OrderedVersions[int | None]
    labels: OrderedVersions[Setting[str]]
    virtual_environments: tuple[str, ...] = ()
    windows: bool = False
    apt_configured: bool = False

    @property
    def ports(self) -> tuple[Port, ...]:
        """The ports of EXPOSE, in their order; a copy."""
        return tuple(self.exposed.values())

    @property
    def runs_as_root(self) -> Claim:
        """Whether the container's first process is root (uid 0), or an administrator on Windows."""
        user = self.user.value
        if user is UNKNOWN:
            return Claim.UNKNOWN
        name = user.split(":", 1)[0]
        if self.windows:
            known = {"containeradministrator": Claim.YES, "containeruser": Claim.NO}
            return known.get(name.casefold(), Claim.UNKNOWN)
        return Claim.YES if name in {"", "root"} or (name.isdecimal() and int(name) == 0) else Claim.NO
