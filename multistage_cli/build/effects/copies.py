"""cp, mv and install.

Source: the manual pages of GNU coreutils, BusyBox's applets, and what both did in Debian 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import (
    DirectoryMade,
    Doubted,
    ModeChanged,
    OwnerChanged,
    PathsCopied,
    Unmeasured,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, is_busybox, place, places, read_paths
from multistage_cli.build.files import Kind, read_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.effects import Arguments

_CP = (
    "-a --archive -r -R --recursive -p -P --no-dereference -L --dereference -H -d -f --force -n --no-clobber -u"
    " --update -v --verbose -T --no-target-directory -x --one-file-system --remove-destination -l --link -s"
    " --symbolic-link --parents --strip-trailing-slashes --preserve -c -Z -i --interactive"
)
_MV = (
    "-f --force -n --no-clobber -u --update -v --verbose -T --no-target-directory -i --interactive"
    " --strip-trailing-slashes"
)
_INSTALL = "-d --directory -D -v --verbose -T --no-target-directory -p --preserve-timestamps -c -C --compare -s --strip"
_TARGET = "-t --target-directory"
_ATTRIBUTES_KEPT = frozenset({"mode", "ownership", "all"})
_DEFAULT_MODE = "755"


@effect("cp")
def cp(call: Call) -> Iterator[Change]:
    """Copies; `cp -r` copies links as links, `cp` alone what they point to."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(
        call, switches=_CP, with_value=f"{_TARGET} --preserve --no-preserve --sparse --reflink"
    )
    sources, end, into = _ends(call, arguments)
    if not sources:
        return
    odd = arguments.has("-l", "--link", "-s", "--symbolic-link", "--parents", "-i", "--interactive")
    if not arguments.complete or odd:
        yield Doubted(place(call, end), call.line, call.certain, removes=False)
        return
    archive = arguments.has("-a", "--archive")
    recursive = archive or arguments.has("-r", "-R", "--recursive")
    everything = arguments.has("-L", "--dereference")
    kept = _preserved(arguments)
    if into is Claim.UNKNOWN and end.endswith("/") and not recursive:
        into = Claim.YES  # a file cannot be made under a name that ends in a slash
    yield PathsCopied(
        tuple(_source(call, source) for source in sources),
        place(call, end),
        call.line,
        call.certain,
        into,
        recursive,
        keeps=archive or arguments.has("-p") or bool(kept),
        follows=everything
        or arguments.has("-H")
        or not (recursive or arguments.has("-P", "--no-dereference", "-d")),
        follows_all=everything,
        spares=arguments.has("-n", "--no-clobber", "-u", "--update"),
        replaces=arguments.has("--remove-destination"),
        attributes_known=not arguments.has("--no-preserve") and (not kept or kept >= _ATTRIBUTES_KEPT),
    )


def _preserved(arguments: Arguments) -> frozenset[str]:
    """What `--preserve` names of owner and mode: `--preserve` alone means both, and the times."""
    if "--preserve" not in arguments.options:
        return frozenset()
    values = arguments.values("--preserve")
    names = {name for value in values for name in value.split(",")}
    if "all" in names or not values or {"mode", "ownership"} <= names:
        return _ATTRIBUTES_KEPT
    return frozenset(names & {"mode", "ownership"})


def _source(call: Call, operand: str) -> str:
    """The path of a source; `folder/.` and `.` stand for the content."""
    path = place(call, operand)
    last = operand.rstrip("/").rpartition("/")[2]
    return f"{path.rstrip('/')}/." if last in {".", ".."} and path != UNREAD else path


def _ends(call: Call, arguments: Arguments) -> tuple[tuple[str, ...], str, Claim]:
    """The sources, the destination, and whether that is a directory to copy into, as far as the words say."""
    folder = arguments.value("-t", "--target-directory")
    operands = arguments.operands
    if folder is not None:
        return operands, folder, Claim.YES
    if len(operands) < 2:  # noqa: PLR2004 - a source and a destination
        return (), "", Claim.UNKNOWN
    end = operands[-1]
    if arguments.has("-T", "--no-target-directory"):
        return operands[:-1], end, Claim.NO
    plain = end.rstrip("/").rpartition("/")[2]
    return operands[:-1], end, Claim.YES if plain in {".", ".."} else Claim.UNKNOWN


@effect("mv")
def mv(call: Call) -> Iterator[Change]:
    """Paths that are somewhere else afterwards, with owner and mode."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(call, switches=_MV, with_value=_TARGET)
    sources, end, into = _ends(call, arguments)
    if not sources:
        return
    if not arguments.complete or arguments.has("-n", "--no-clobber", "-u", "--update", "-i", "--interactive"):
        yield Doubted(place(call, end), call.line, call.certain, removes=False)
        for path in places(call, sources):
            yield Doubted(path, call.line, call.certain, adds=False, alters=False)
        return
    yield PathsCopied(
        places(call, sources),
        place(call, end),
        call.line,
        call.certain,
        into,
        recursive=True,
        keeps=True,
        moved=True,
        follows=False,
        replaces=True,
    )


@effect("install")
def install(call: Call) -> Iterator[Change]:
    """Copies with an owner and a mode of their own, 755 unless told otherwise; with `-d` directories."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(
        call,
        switches=_INSTALL,
        with_value=f"{_TARGET} -m --mode -o --owner -g --group -S --suffix --strip-program",
    )
    owner, group = arguments.value("-o", "--owner"), arguments.value("-g", "--group")
    mode = arguments.value("-m", "--mode") or _DEFAULT_MODE
    if arguments.has("-d", "--directory"):
        for operand in arguments.operands:
            yield from _directory(call, place(call, operand), mode, owner, group, known=arguments.complete)
        return
    sources, end, into = _ends(call, arguments)
    if not sources:
        return
    if not arguments.complete:
        yield Doubted(place(call, end), call.line, call.certain, removes=False)
        return
    if into is Claim.UNKNOWN and end.endswith("/"):
        into = Claim.YES
    yield PathsCopied(
        places(call, sources),
        place(call, end),
        call.line,
        call.certain,
        into,
        owner=owner,
        group=group,
        mode=mode,
        parents=arguments.has("-D"),
        replaces=True,
        spares=False,
    )


def _directory(
    call: Call, path: str, mode: str, owner: str | None, group: str | None, *, known: bool
) -> Iterator[Change]:
    """A directory with its attributes, which GNU's gives to one that is there, too, and BusyBox's does not."""
    change = read_mode(mode)
    bits = UNKNOWN if change is None or not known else change(0, Kind.DIRECTORY)
    there = call.state.files.entry(path).exists if path.startswith("/") else Claim.UNKNOWN
    yield DirectoryMade(path, call.line, call.certain, parents=True, mode=bits)
    if there is Claim.NO or is_busybox(call.state) is Claim.NO:
        if there is not Claim.NO or bits is UNKNOWN:
            yield ModeChanged((path,), UNKNOWN if bits is UNKNOWN else f"{bits:05o}", call.line, call.certain)
        if owner is not None or group is not None:
            yield OwnerChanged(
                (path,), owner if known else UNKNOWN, group if known else UNKNOWN, call.line, call.certain
            )
    else:
        yield ModeChanged((path,), UNKNOWN, call.line, call.certain)
        if owner is not None or group is not None:
            yield OwnerChanged((path,), UNKNOWN, UNKNOWN, call.line, call.certain)
