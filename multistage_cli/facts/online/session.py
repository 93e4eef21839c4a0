"""One run's questions to the network, and what is told about those that failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.facts.images import Lookup
from multistage_cli.facts.images import resolve as shipped
from multistage_cli.facts.online import npm, pip
from multistage_cli.facts.online.challenges import Doorkeeper
from multistage_cli.facts.online.credentials import Logins, read_logins
from multistage_cli.facts.online.failures import OnlineError, OutOfTimeError, UnreachableError
from multistage_cli.facts.online.registry import Registries
from multistage_cli.facts.online.store import Store, cache_folder
from multistage_cli.facts.online.transport import Limits, Transport
from multistage_cli.facts.online.wheels import WheelFacts, read_wheel
from multistage_cli.facts.python import Distribution, Resolution, closure, distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from multistage_cli.facts.configurations import Registered
    from multistage_cli.facts.online.pip import Chosen, Place
    from multistage_cli.facts.requirements import Requirement

_AT_ONCE: Final = 8
_GOES_ON: Final = "going on with the shipped facts"

BYTECODE_RATIO: Final = 1.27
"""Bytes of bytecode for a byte of Python source: the median of 60 distributions of 100 kB and more, compiled by
CPython 3.11; nine in ten have 1.02 to 1.58."""

_PIP_OWN_FILES_BYTES: Final = 4  # INSTALLER; REQUESTED is empty
_RECORD_ROW_BYTES: Final = 90  # a path, a hash and a size, for each file of bytecode


@dataclass(slots=True)
class Online:
    """The world outside, as far as it answers; safe to ask from several threads.

    Attributes:
        transport: makes the requests.
        store: keeps answers between runs.
        logins: of the user, at registries.
        npm_registry: where npm packages are asked for.
        tell: shows one line to the user; each is told once.
    """

    transport: Transport
    store: Store
    logins: Logins
    npm_registry: str
    tell: Callable[[str], None]
    _registries: Registries = field(init=False)
    _images: dict[tuple[str, str], Registered | None] = field(default_factory=dict)
    _resolved: dict[object, Resolution | None] = field(default_factory=dict)
    _prepared: set[tuple[str, str]] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _npm_asked: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._registries = Registries(self.transport, Doorkeeper(self.transport, self.logins), self.store)

    # Images.

    def prepare(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Ask about several images at once, each with its platform, so that `look` has the answers."""
        with self._lock:
            different = [pair for pair in dict.fromkeys(wanted) if pair not in self._prepared]
            self._prepared.update(different)
        if len(different) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                for _ in pool.map(lambda pair: self.look(*pair), different):
                    pass

    def look(self, text: str, platform: str) -> Lookup:
        """What the shipped facts and the image's registry know of an image.

        The configuration and the size are the registry's where it answers. Of files, users and packages it
        says nothing: those stay as the shipped facts have them.

        Args:
            text: the reference, expanded.
            platform: such as `linux/amd64`.
        """
        known = shipped(text)
        if known.reference is None or known.reference.repository == "scratch":
            return known
        key = (known.reference.familiar, platform)
        with self._lock:
            asked = key in self._images
            found = self._images.get(key)
        if not asked:
            try:
                found = self._registries.image(known.reference, platform)
            except OnlineError as error:
                self._complain(error)
            with self._lock:
                self._images[key] = found
        return known if found is None else _joined(known, found)

    # Python.

    def distributions(
        self, requirements: Sequence[Requirement], place: Place, *, alone: bool = False
    ) -> Resolution:
        """What pip would install today, each with its size; as the shipped facts have it where that fails.

        Args:
            requirements: what is asked for.
            place: where it is to run.
            alone: whether the requirements are all there is, as out of a lock file.
        """
        plain = [entry for entry in requirements if pip.written_out(entry) is not None]
        rest = closure([entry for entry in requirements if pip.written_out(entry) is None])
        if not plain:
            return rest
        found = self._resolution(plain, place, alone=alone)
        return closure(requirements) if found is None else _merged(found, rest)

    def _resolution(self, plain: Sequence[Requirement], place: Place, *, alone: bool) -> Resolution | None:
        lines = sorted(str(pip.written_out(entry)) for entry in plain)
        key = (tuple(lines), place, alone)
        with self._lock:
            if key in self._resolved:
                return self._resolved[key]
        found: Resolution | None = None
        try:
            seconds = self.transport.remaining()
            found = self._weighed(pip.resolve(plain, place, seconds=seconds, alone=alone).values(), place)
        except OnlineError as error:
            self._complain(error)
        with self._lock:
            self._resolved[key] = found
        return found

    def _weighed(self, chosen: Iterable[Chosen], place: Place) -> Resolution:
        names = list(chosen)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(self._distribution, names))
        unknown = [entry.name for entry, weighed in zip(names, found, strict=True) if weighed is None]
        known = sorted((entry for entry in found if entry is not None), key=lambda entry: entry.name)
        return Resolution(tuple(known), tuple(sorted(unknown)))

    def _distribution(self, chosen: Chosen) -> Distribution | None:
        """What a release weighs; None where its wheel cannot be looked into and none of it is known."""
        shipped_one = distribution(chosen.name)
        wheel = chosen.url.rpartition("/")[2].partition("#")[0]
        if (
            shipped_one
            and shipped_one.version == chosen.version
            and wheel.endswith(f"-{shipped_one.wheel}.whl")
        ):
            return shipped_one  # measured, not worked out
        kept = self.store.numbers("wheels", chosen.digest, 5) if chosen.digest else None
        if kept is not None:
            facts = WheelFacts(*kept)
        else:
            try:
                facts = read_wheel(self.transport, chosen.url)
            except OnlineError as error:
                self._complain(error)
                return None
            if chosen.digest:
                self.store.put("wheels", chosen.digest, _row(facts))
        return _weighed_wheel(chosen, facts, wheel)

    # npm.

    def npm_sizes(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """What releases of npm packages hold, in bytes; those that the registry does not tell are left out.

        Args:
            wanted: name and exact version. No more than `npm.MOST_PACKAGES` are asked for in one run.
        """
        different = [pair for pair in dict.fromkeys(wanted) if npm.is_askable(*pair)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            sizes = pool.map(self._npm_size, different)
            return {pair: size for pair, size in zip(different, sizes, strict=True) if size is not None}

    def _npm_size(self, pair: tuple[str, str]) -> int | None:
        name, version = pair
        key = f"{self.npm_registry}/{name}@{version}"
        kept = self.store.get("npm", key)
        if isinstance(kept, int) and kept > 0:
            return kept
        with self._lock:
            self._npm_asked += 1
            if self._npm_asked > npm.MOST_PACKAGES:
                return None
        try:
            size = npm.unpacked_bytes(self.transport, self.npm_registry, name, version)
        except OnlineError as error:
            self._complain(error)
            return None
        if size is not None:
            self.store.put("npm", key, size)
        return size

    # What goes wrong.

    def _complain(self, error: OnlineError) -> None:
        """Tell the user once: that there is no network at all, or what one server did not give."""
        if isinstance(error, UnreachableError):
            # Where nobody answers, one host stands for all; where somebody did, each one is news.
            key = error.host if self.transport.reached else "network"
            text = f"--online: {error}; {_GOES_ON}"
        elif isinstance(error, OutOfTimeError):
            key, text = "time", f"--online: {error}; {_GOES_ON} for the rest"
        else:
            key = text = f"--online: {error}; {_GOES_ON}"
        with self._lock:
            new = key not in self._told
            self._told.add(key)
        if new:
            self.tell(text)


def open_online(
    environment: Mapping[str, str], tell: Callable[[str], None], limits: Limits | None = None
) -> Online:
    """The network as the user's environment has it set up.

    Args:
        environment: variables of the process.
        tell: shows one line to the user.
        limits: how long things may take.
    """
    store = Store(cache_folder(environment))
    store.tidy()
    return Online(
        Transport(limits or Limits()), store, read_logins(environment), npm.npm_registry(environment), tell
    )


def _joined(known: Lookup, found: Registered) -> Lookup:
    """The shipped facts of an image with its registry's answer put over them."""
    because = f"{known.because.rstrip('.')}; its registry has {found.digest[:19]}"
    if found.created is not None:
        because += f" of {found.created[:10]}"
    image = known.image
    if image is not None:
        configuration = found.configuration
        image = replace(
            image,
            created=found.created,
            size_bytes=found.size_bytes,
            size_error_bytes=found.size_error_bytes,
            compressed_bytes=found.compressed_bytes,
            default_user=configuration.user or "root",
            entrypoint=configuration.entrypoint,
            command=configuration.command,
            exposed_ports=configuration.exposed_ports,
            environment=configuration.environment,
        )
    return replace(known, image=image, registered=found, because=f"{because}.")


def _merged(found: Resolution, rest: Resolution) -> Resolution:
    """Both, each distribution once."""
    names = {entry.name for entry in found.distributions}
    more = (entry for entry in rest.distributions if entry.name not in names)
    return Resolution(
        tuple(sorted((*found.distributions, *more), key=lambda entry: entry.name)),
        tuple(sorted({*found.unknown, *rest.unknown})),
        rest.approximate,
    )


def _row(facts: WheelFacts) -> list[int]:
    return [facts.wheel_bytes, facts.files, facts.files_bytes, facts.source_bytes, facts.modules]


def _weighed_wheel(chosen: Chosen, facts: WheelFacts, wheel: str) -> Distribution:
    """A distribution as pip would install it from a wheel whose directory was read."""
    tag = "-".join(wheel.removesuffix(".whl").split("-")[-3:])
    return Distribution(
        name=chosen.name,
        version=chosen.version,
        source_bytes=facts.files_bytes + _PIP_OWN_FILES_BYTES,
        bytecode_bytes=round(facts.source_bytes * BYTECODE_RATIO) + facts.modules * _RECORD_ROW_BYTES,
        files=facts.files,
        wheel_bytes=facts.wheel_bytes,
        wheel=tag,
        pure=tag.endswith("-none-any"),
        requires=chosen.needs,
        extras={},
        commands=(),
        imports=(),
        musl_wheel=None,
        build_needs=(),
        run_needs=(),
        collected="",
        source=f"the index of the user's pip, {wheel}",
    )
