"""Base images that bring more than the image needs: toolchains, and the full variant where the slim one does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Compilation
from multistage_cli.build.claims import Claim
from multistage_cli.build.files import Nature
from multistage_cli.sizes.bases import image_size, lookup_size
from multistage_cli.sizes.model import Spare
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.files import Content
    from multistage_cli.facts.images import Image
    from multistage_cli.sizes.spare.starts import Start

_TOOLCHAINS: Final = frozenset({"gcc", "golang", "rust"})
_SDK: Final = "mcr.microsoft.com/dotnet/sdk"
_ASPNET: Final = "mcr.microsoft.com/dotnet/aspnet"
_STATIC: Final = "gcr.io/distroless/static-debian12"
_BARE_FAMILIES: Final = frozenset({"debian"})
_OF_CARGO: Final = re.compile(r"/target/(?:[^/]+/)?(?:release|debug)/[^/]+$")
_WORTH_BYTES: Final = 5_000_000


def spare_base(build: Build, start: Start | None) -> Iterator[Spare]:
    """What the image's base image holds beyond what would do."""
    last = build.shipped[-1]
    lookup = last.lookup
    image = lookup.image if lookup else None
    if start is None or lookup is None or image is None or last.stage.platform not in {None, build.platform}:
        return
    base = lookup_size(last.stage.base.label, lookup)
    label = last.stage.base.label
    found = _instead(build, image, start)
    if found is None:
        return
    other, because = found
    size = _beyond(base.size, image_size(other)) if base.known and other.size_bytes is not None else None
    if size is not None and size.estimate < _WORTH_BYTES:
        return
    name = other.reference.removesuffix(":latest")
    yield Spare(
        f"{label} beyond {name}", size, last.stage.key, last.stage.head.span.first, because,
        f"start the last stage FROM {name}, and copy or install there what it lacks", likely=True,
    )  # fmt: skip


def _instead(build: Build, image: Image, start: Start) -> tuple[Image, str] | None:
    """A smaller image that would do, and why."""
    from multistage_cli.facts.images import resolve, slim_variant

    if image.repository in _TOOLCHAINS:
        program = _own_program(build, start)
        if program is None:
            return None
        path, content = program
        smaller = _small(image, content, start)
        if smaller is None:
            return None
        return smaller, f"{path}, which the image starts, is compiled, and needs no compiler to run"
    if image.repository == _SDK:
        runtime = resolve(f"{_ASPNET}:{image.tag}").image
        if "dotnet" not in start.programs or not start.names(".dll") or runtime is None:
            return None
        return runtime, "dotnet runs what is compiled already, and needs the SDK no more"
    slim = slim_variant(image)
    if slim is None or slim.libc != image.libc or slim.os_version != image.os_version:
        return None
    if image.repository in _BARE_FAMILIES:
        return slim, f"manuals and translations, which {start.main} does not read"
    return slim, f"compilers, headers and tools for building, and {start.main} builds nothing"


def _own_program(build: Build, start: Start) -> tuple[str, Content | None] | None:
    """The one program that the image starts, where the build compiled it in a stage that ships."""
    if build.target is None:
        return None
    done = [
        change
        for entry in build.shipped
        for _, change in entry.changes()
        if isinstance(change, Compilation) and change.certain is Claim.YES
    ]
    made = {output for change in done for output in change.outputs}
    cargo = any(change.tool == "cargo" for change in done)
    paths = sorted(path for path in start.paths if path in made or (cargo and _OF_CARGO.search(path)))
    if not paths:
        return None
    content = build.target.final.files.entry(paths[0]).content
    if content is not None and content.nature is not Nature.BINARY:
        return None
    return paths[0], content


def _small(image: Image, content: Content | None, start: Start) -> Image | None:
    """A small image that the program surely runs in, as far as its C library goes."""
    from multistage_cli.facts.images import resolve

    alone = len(start.programs) == 1 and not start.by_shell
    if alone and content is not None and content.static is Claim.YES:
        return resolve(_STATIC).image
    if image.os_family == "debian":
        return resolve(f"debian:{image.os_version or 'stable'}-slim").image
    if image.os_family == "alpine":
        return resolve(f"alpine:{image.os_version or 'latest'}").image
    return None


def _beyond(size: Range, other: Range) -> Range:
    estimate = max(0, size.estimate - other.estimate)
    low = max(0, size.low - other.high)
    return Range(min(low, estimate), estimate, max(estimate, size.high - other.low))
