"""What COPY and ADD put into a layer, and where it lands."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING

from multistage_cli.build.bases import looked_up
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import SourceKind
from multistage_cli.sizes.archives import may_be_archive, unpacked_bytes
from multistage_cli.sizes.bases import lookup_size
from multistage_cli.sizes.contents import Held
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.origins import bytes_in_context
from multistage_cli.sizes.packages import seed_size, site_packages
from multistage_cli.sizes.places import normal
from multistage_cli.sizes.ranges import Range, about, megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.evaluate import Build, Copied, Step
    from multistage_cli.facts.images import Image
    from multistage_cli.sizes.contents import Contents, Found

_UV_IMAGES = frozenset({"astral/uv", "ghcr.io/astral-sh/uv"})
_UV_NOTES_BYTES = 824_000  # of its wheel: lists of what is in it, licences
_UVX = Range(250_000, 331_344, 600_000)
"""`uvx` only starts `uv`: 331,344 bytes in the wheel of 0.13.9, where `uv` has 38,409,000."""


class CopyReader:
    """Reads one COPY or ADD.

    Args:
        build: the evaluated build.
        step: the instruction.
        copied: what it copies.
        contents: of the stage before the instruction.
        of_stage: the contents and the base image of an earlier stage.
    """

    def __init__(
        self,
        build: Build,
        step: Step,
        copied: Copied,
        contents: Contents,
        of_stage: Callable[[int], tuple[Contents, Image | None]],
    ) -> None:
        self.build = build
        self.step = step
        self.copied = copied
        self.contents = contents
        self.of_stage = of_stage
        self.measure = partial(bytes_in_context, build)
        self.unknown: list[str] = []
        self.destination = None if copied.destination is UNKNOWN else copied.destination
        self.flags = {flag.name for flag in step.instruction.flags}

    def parts(self) -> Iterator[Part]:
        """One part for each source; `contents` is what the stage holds afterwards."""
        copied, step = self.copied, self.step
        for name, body in copied.heredocs:
            if body is UNKNOWN:
                self._doubt(f"the here-document {name} on line {step.line}")
            else:
                size = Range.exactly(len(body.encode("utf-8", "surrogateescape")))
                self._put_file(name, size)
                yield Part(name, "files", size, self.destination)
        for source in dict.fromkeys(copied.sources):
            if source is UNKNOWN:
                self._doubt(f"what line {step.line} copies, a path that only the build knows")
            elif copied.source is None:
                yield from self._from_context(source)
            elif copied.source.kind is SourceKind.STAGE and copied.source.stage is not None:
                yield from self._from_stage(copied.source.stage, source)
            elif copied.source.kind is SourceKind.IMAGE:
                yield from self._from_image(copied.source.reference, source)
            else:
                self._doubt(
                    f"{source} of the named context {copied.source.reference}, copied on line {step.line}"
                )

    # The build context.

    def _from_context(self, source: str) -> Iterator[Part]:
        line, context = self.step.line, self.build.context
        if "://" in source or source.startswith("git@"):
            self._doubt(f"the size of {source}, added on line {line}")
            return
        if context is None:
            self._doubt(f"{source}, copied on line {line}: there is no build context to look at")
            return
        selected = context.select(source)
        if not selected:
            self._doubt(f"{source}, copied on line {line}: it is not in the build context")
            return
        whole = context.size_of([source]).size_bytes
        size = Range.exactly(whole).from_nothing() if "exclude" in self.flags else Range.exactly(whole)
        unpacked = self._unpacks()
        for entry in selected:
            if entry.kind == "directory":
                self._put(Held(Range.exactly(context.size_of([entry.path]).size_bytes), source=entry.path))
            elif unpacked and may_be_archive(context, entry.path):
                inner = unpacked_bytes(context, entry.path)
                if inner is None:
                    size = size.from_nothing()  # an archive of many small files is larger than they are
                    self._doubt(
                        f"what {entry.path} unpacks to on line {line}; "
                        f"the archive has {about(entry.size_bytes)}"
                    )
                else:
                    size = size.moved(inner - entry.size_bytes)
                    self._put(Held(Range.exactly(inner)))
            else:
                self._put_file(entry.path, Range.exactly(entry.size_bytes))
        yield Part(source, "files", size, self.destination)

    def _unpacks(self) -> bool:
        if self.step.instruction.name != "ADD":
            return False
        return not any(f.name == "unpack" and f.value == "false" for f in self.step.instruction.flags)

    def _put_file(self, name: str, size: Range) -> None:
        if self.destination is None:
            return
        base = name if "parents" in self.flags else posixpath.basename(name)
        folder = self.destination
        is_folder = folder.endswith("/") or len(self.copied.sources) > 1 or self.contents.is_folder(folder)
        is_folder = is_folder or folder == self.step.before.working_directory.value
        path = posixpath.join(folder, base) if is_folder else folder
        self.contents = self.contents.put(path, Held(size, file=True))

    def _put(self, held: Held) -> None:
        if self.destination is not None:
            path = self.destination
            if "parents" in self.flags and held.source is not None:
                path = posixpath.join(path, held.source)
            self.contents = self.contents.put(path, held)

    def _doubt(self, text: str) -> None:
        self.unknown.append(text)
        self.contents = self.contents.doubt(self.destination, text)

    # Other stages and images.

    def _from_stage(self, index: int, source: str) -> Iterator[Part]:
        stage = self.build.graph.stages[index]
        contents, image = self.of_stage(index)
        path = normal(source)
        found = contents.at(path, self.measure)
        doubts = list(found.unknown)
        size = found.size
        packages = site_packages(image)
        if packages is not None and path == packages:
            # pip comes with the image; nothing else lies there.
            size = seed_size() + (size or Range())
            doubts = [text for text in doubts if text != contents.base_text]
        if size is None and not doubts:
            doubts = [""]
        if any(sign in source for sign in "*?[") or "exclude" in self.flags:
            # What a wildcard leaves out is not looked for.
            size = size and size.from_nothing()
        if doubts:
            why = next((text for text in doubts if text), "")
            self.unknown.append(
                f"{source} of stage {stage.label}, copied on line {self.step.line}" + (why and f": {why}")
            )
        if self.destination is not None:
            self._graft(path, found, doubts)
        if size is not None:
            yield Part(source, "stage", size, self.destination)

    def _graft(self, path: str, found: Found, doubts: list[str]) -> None:
        place = self.destination or "/"
        if found.is_file and (place.endswith("/") or self.contents.is_folder(place)):
            place = posixpath.join(place, posixpath.basename(path))
        self.contents = self.contents.graft(place, found)
        if doubts:
            self.contents = self.contents.doubt(place, doubts[0])

    def _from_image(self, reference: str, source: str) -> Iterator[Part]:
        found = looked_up(reference, self.build.platform, self.build.online)
        base = lookup_size(reference, found)
        if base.known and normal(source) == "/":
            yield Part(f"all of {reference}", "image", base.size, self.destination)
            return
        program = _program(found.image, source)
        if program is not None:
            self._put_file(source, program)
            yield Part(f"{source} of {reference}", "image", program, self.destination)
            return
        most = f": at most the {megabytes(base.size.high)} of the image" if base.known else ""
        self._doubt(f"{source} of the image {reference}, copied on line {self.step.line}{most}")


def _program(image: Image | None, path: str) -> Range | None:
    """The size of one of the static programs that an image without anything else is for; None for others.

    uv's image holds `uv` and `uvx`, the same programs as its wheel; the release may be another one, and releases
    of one year differ by less than a fifth.
    """
    from multistage_cli.facts.python import distribution

    if image is None or image.repository not in _UV_IMAGES or image.os_family != "scratch":
        return None
    wheel = distribution("uv")
    if wheel is None or normal(path) not in {"/uv", "/uvx"}:
        return None
    if normal(path) == "/uvx":
        return _UVX
    return Range.about(wheel.source_bytes - _UVX.estimate - _UV_NOTES_BYTES, 0.25, 0.15)
