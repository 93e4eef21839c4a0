"""What an image's own configuration says, as a registry hands it out: data alone."""

from __future__ import annotations

from msgspec import Struct


class Check(Struct, frozen=True):
    """The HEALTHCHECK of an image; `test` is Docker's: `("CMD-SHELL", "curl ...")`. Times in seconds."""

    test: tuple[str, ...]
    interval_seconds: float | None = None
    timeout_seconds: float | None = None
    start_period_seconds: float | None = None
    start_interval_seconds: float | None = None
    retries: int | None = None


class Configuration(Struct, frozen=True):
    """The configuration of an image, whole: what is empty here is not set there.

    Source: image-spec config.md and moby's `container.Config`.

    Attributes:
        environment: variables in their order.
        user: as in USER; empty for root.
        working_directory: empty for `/`.
        entrypoint: the words.
        command: the words.
        exposed_ports: `80/tcp`.
        volumes: paths.
        labels: name and value.
        shell: of SHELL; empty for the default.
        stop_signal: empty for the default.
        healthcheck: None where nothing is said of it.
        triggers: ONBUILD instructions.
    """

    environment: tuple[tuple[str, str], ...] = ()
    user: str = ""
    working_directory: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    shell: tuple[str, ...] = ()
    stop_signal: str = ""
    healthcheck: Check | None = None
    triggers: tuple[str, ...] = ()


class Registered(Struct, frozen=True):
    """What a registry says of an image, for one platform.

    Attributes:
        reference: as it was asked for.
        digest: of the manifest of that platform.
        platform: `linux/amd64`, as the image's configuration has it.
        created: in ISO 8601; None where it does not say.
        compressed_bytes: what a pull transfers.
        size_bytes: the middle of what the layers hold, as `docker image ls` counts.
        size_error_bytes: it may be off by this much in either direction.
        unread_layers: how many layers gave no more than their compressed size away.
        configuration: whole.
        history: what made each layer, the oldest first, and whether that made none.
    """

    reference: str
    digest: str
    platform: str
    created: str | None
    compressed_bytes: int
    size_bytes: int
    size_error_bytes: int
    unread_layers: int
    configuration: Configuration
    history: tuple[tuple[str, bool], ...] = ()

    @property
    def size_range_bytes(self) -> tuple[int, int]:
        """The smallest and the largest size to expect."""
        return max(0, self.size_bytes - self.size_error_bytes), self.size_bytes + self.size_error_bytes
