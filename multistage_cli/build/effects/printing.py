"""tee, dd, truncate, touch, sed, sort, split, patch and others that write files their words name."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.changes import Doubted, FileWritten, PathsCopied, Unmeasured
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.contents import content_of_text
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, place, places, read_paths
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.claims import Known

_SED = (
    "-n --quiet --silent -E -r --regexp-extended -s --separate -z --null-data -u --unbuffered --posix -i --in-place"
    " --follow-symlinks --debug --sandbox -b --binary"
)
_WRITING_SED: Final = re.compile(r"(?:^|[;{}\s/|,#@!gpIeMm0-9])w\s+\S|(?:^|[;{}\s$0-9/])e(?:\s|$)")
"""A `w FILE` command or flag, or `e`, which runs a command; rather one too many than one too few."""
_IN_PLACE: Final = re.compile(r"(-[nErszu]*i)(.*)|--in-place(?:=(.*))?")


@effect("tee")
def tee(call: Call) -> Iterator[Change]:
    """Each file that is named, written or added to."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(call, switches="-a --append -i --ignore-interrupts -p --output-error")
    added = UNKNOWN if arguments.has("-a", "--append") else None
    for path in places(call, arguments.operands):
        yield FileWritten(path, call.line, call.certain, appended=added)


@effect("dd")
def dd(call: Call) -> Iterator[Change]:
    """The file behind `of=`."""
    yield Unmeasured(call.name, call.line, call.certain)
    for word in call.words:
        if word is UNKNOWN:
            yield FileWritten(UNREAD, call.line, call.certain)
        elif word.startswith("of="):
            yield FileWritten(place(call, word[3:]), call.line, call.certain)


@effect("truncate", "fallocate")
def truncate(call: Call) -> Iterator[Change]:
    """Files of a size; `-c` makes none."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(
        call,
        switches="-c --no-create -o --io-blocks -n --keep-size -x",
        with_value="-s --size -r --reference -l --length",
    )
    if arguments.has("-c", "--no-create"):
        return
    for path in places(call, arguments.operands):
        yield FileWritten(path, call.line, call.certain)


@effect("touch")
def touch(call: Call) -> Iterator[Change]:
    """Empty files, where nothing is there."""
    arguments = read_paths(
        call,
        switches="-a -c --no-create -f -m -h --no-dereference",
        with_value="-d --date -r --reference -t --time",
    )
    if arguments.has("-c", "--no-create", "-h", "--no-dereference"):
        return
    for path in places(call, arguments.operands):
        yield FileWritten(path, call.line, call.certain, content_of_text(""), touched=True)


@effect("sed")
def sed(call: Call) -> Iterator[Change]:
    """What `-i` edits: another file with owner and mode of the old one, in the place of a link as well."""
    suffix: str | None = None
    words: list[Known[str]] = []
    for word in call.words:
        found = None if word is UNKNOWN else _IN_PLACE.fullmatch(word)
        if found is not None:
            suffix = found[2] or found[3] or ""
        words.append(word if found is None else found[1] or "--in-place")
    arguments = read_paths(
        replace(call, words=tuple(words)),
        switches=_SED,
        with_value="-e --expression -f --file -l --line-length",
    )
    scripts, operands = arguments.values("-e", "--expression"), arguments.operands
    named = arguments.has("-f", "--file")
    if not scripts and not named:
        scripts, operands = operands[:1], operands[1:]
    if named or any(_WRITING_SED.search(script) for script in scripts):
        yield Doubted("/", call.line, call.certain, removes=False)
    if suffix is None:
        if not arguments.complete:
            yield Doubted("/", call.line, call.certain, adds=False, removes=False)
        return
    for path in places(call, operands):
        if suffix:
            backup = UNREAD if "*" in suffix or "/" in suffix else f"{path}{suffix}"
            yield PathsCopied((path,), backup, call.line, call.certain, Claim.NO, keeps=True, replaces=True)
        yield _edited(call, path, follows=arguments.has("--follow-symlinks"))


def _edited(call: Call, path: str, *, follows: bool) -> Change:
    """A file whose content is another one now."""
    if not path.startswith("/"):
        return Doubted("/", call.line, call.certain, adds=False, removes=False)
    state = call.state
    old = state.files.entry(path, follow=False)
    if old.kind is Kind.LINK and not follows:
        end = state.files.entry(path)
        if (end.uid, end.gid) == state.accounts.ids(call.user):
            return FileWritten(path, call.line, call.certain, mode=end.mode, fresh=True)
        return FileWritten(path, call.line, call.certain, any_kind=True)
    runner = state.accounts.ids(call.user)[0]
    if runner in {0, old.uid}:
        return FileWritten(path, call.line, call.certain)
    # Only root gives files away: another user's becomes the runner's.
    return FileWritten(path, call.line, call.certain, mode=old.mode, fresh=True)


@effect("sort", "uniq", "shuf")
def sort(call: Call) -> Iterator[Change]:
    """The file behind `-o`; of `uniq` the second operand."""
    arguments = read_paths(
        call, with_value="-o --output -k --key -t --field-separator -S -T -f -s -w --parallel -n -i",
        switches="-u -r -V -h -z -b -d -g -M -R -c -C -m",
    )  # fmt: skip
    found = arguments.value("-o", "--output")
    if call.name == "uniq":
        found = arguments.operands[1] if len(arguments.operands) > 1 else None
    if found is not None:
        yield FileWritten(place(call, found), call.line, call.certain)


@effect("split", "csplit")
def split(call: Call) -> Iterator[Change]:
    """Parts in the working directory, or where the prefix says."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(
        call,
        switches="-d -x -z -k -s -u --verbose",
        with_value="-a -b -C -l -n -f --additional-suffix --filter -t --bytes --lines --number --suffix-length",
    )
    prefix = arguments.operands[1] if len(arguments.operands) > 1 else arguments.value("-f") or "."
    path = place(call, prefix)
    if prefix == "." or not path.startswith("/"):
        yield Doubted(path, call.line, call.certain, removes=False)
        return
    names = (f"{posixpath.basename(path)}*",)
    yield Doubted(posixpath.dirname(path), call.line, call.certain, removes=False, names=names)


@effect("patch")
def patch(call: Call) -> Iterator[Change]:
    """Anything below the folder that it works in."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(call, with_value="-d --directory -p --strip -i --input -o --output -F -D -r")
    yield Doubted(place(call, arguments.value("-d", "--directory") or "."), call.line, call.certain)


@effect("strip")
def strip(call: Call) -> Iterator[Change]:
    """Binaries without their symbols: owner, mode and what they need stay."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(call, with_value="-o -K -N -R -O -I -F")
    output = arguments.value("-o")
    if output is not None:
        yield FileWritten(place(call, output), call.line, call.certain, mode=UNKNOWN)
