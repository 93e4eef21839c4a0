"""tar, unzip, gzip and their kin. Source: their manual pages, and what GNU's and BusyBox's did in Debian 12.

What is in an archive nobody knows, but where it goes is: below the folder of `-C` or `-d`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.changes import (
    Deletion,
    DirectoryMade,
    Doubted,
    FileWritten,
    OwnerChanged,
    PathsCopied,
    Unmeasured,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, expanded, is_busybox, place, places, read_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.effects import Arguments

_TAR_VALUES: Final = (
    "-f --file -C --directory -X --exclude-from --exclude --strip-components --strip -T --files-from --owner --group"
    " --mode --transform --xform --sort --mtime --use-compress-program -I -b --blocking-factor -H --format -K"
    " --starting-file --one-top-level --to-command --checkpoint-action --checkpoint --pax-option --label -V"
)
_TAR_SWITCHES: Final = (
    "-x --extract --get -c --create -t --list -r --append -u --update -A -d --diff -z --gzip --gunzip -j --bzip2"
    " -J --xz --zstd --lzma --lzip -a --auto-compress -Z -v --verbose -p --preserve-permissions"
    " --same-permissions -o --no-same-owner --same-owner --no-same-permissions --overwrite --keep-old-files -k"
    " --skip-old-files --numeric-owner -h --dereference -O --to-stdout -P --absolute-names -S --sparse -m --touch"
    " --wildcards --no-wildcards --wildcards-match-slash --anchored --no-anchored --remove-files -w -l -i"
    " --ignore-zeros --keep-newer-files --no-overwrite-dir --totals --warning --no-xattrs --xattrs --acls"
    " --selinux --no-recursion --one-file-system --exclude-vcs --delay-directory-restore"
    " --no-delay-directory-restore --keep-directory-symlink --unlink-first -U --recursive-unlink"
)


@effect("tar", "bsdtar", "gtar")
def tar(call: Call) -> Iterator[Change]:
    """What comes out of an archive, or the archive that is made."""
    words = expanded(call)
    if words and words[0] and words[0][0] not in {"-", UNREAD}:
        words = tuple(_bundled(words))  # `tar xzf FILE`
    arguments = read_paths(_with(call, words), switches=_TAR_SWITCHES, with_value=_TAR_VALUES)
    folder = place(call, arguments.value("-C", "--directory") or ".")
    if arguments.has("-c", "--create", "-r", "--append", "-u", "--update", "-A"):
        yield from _packed(call, arguments)
    elif arguments.has("-x", "--extract", "--get"):
        yield from _unpacked(call, arguments, folder)
    elif not arguments.has("-t", "--list", "-d", "--diff") and (UNREAD in words or not arguments.complete):
        yield Unmeasured(call.name, call.line, call.certain)
        yield Doubted(folder, call.line, call.certain, removes=False)


def _with(call: Call, words: tuple[str, ...]) -> Call:
    return replace(call, words=tuple(UNKNOWN if UNREAD in word else word for word in words))


def _bundled(words: tuple[str, ...]) -> Iterator[str]:
    """The old style, whose values follow in the order of the letters: `tar xfC FILE FOLDER`."""
    rest = list(words[1:])
    for letter in words[0]:
        yield f"-{letter}"
        if letter in "fCXTIbHKV" and rest:
            yield rest.pop(0)
    yield from rest


def _packed(call: Call, arguments: Arguments) -> Iterator[Change]:
    file = arguments.value("-f", "--file")
    yield Unmeasured(call.name, call.line, call.certain)
    if file is not None and file != "-":
        yield FileWritten(place(call, file), call.line, call.certain)
    if arguments.has("--remove-files") or not arguments.complete:
        yield Doubted("/", call.line, call.certain, adds=False, alters=False)


def _unpacked(call: Call, arguments: Arguments, folder: str) -> Iterator[Change]:
    if arguments.has("-O", "--to-stdout"):
        return
    yield Unmeasured(call.name, call.line, call.certain)
    absolute = arguments.has("-P", "--absolute-names", "--transform", "--xform", "--to-command")
    if absolute or len(arguments.values("-C", "--directory")) > 1:
        folder = "/"
    removes = arguments.has("--recursive-unlink", "-U", "--unlink-first")
    yield Doubted(folder, call.line, call.certain, removes=removes)
    plain = arguments.complete and not absolute
    if not plain or arguments.has("--wildcards", "-T", "--files-from", "--exclude", "--one-top-level", "-k"):
        return
    stripped = arguments.value("--strip-components", "--strip") or "0"
    for member in arguments.operands:
        parts = [part for part in member.split("/") if part not in {"", "."}]
        if not stripped.isdecimal() or UNREAD in member or ".." in parts or "*" in member:
            continue
        kept = parts[int(stripped) :]
        if kept and folder.startswith("/"):
            # tar fails where the archive does not have what is named.
            yield FileWritten(
                f"{folder.rstrip('/')}/{'/'.join(kept)}", call.line, call.certain, any_kind=True
            )


@effect("unzip", "7z", "7za", "unrar", "bsdunzip")
def unzip(call: Call) -> Iterator[Change]:
    """What comes out of an archive, below the folder of `-d`."""
    words = expanded(call)
    quiet = "-q -qq -o -n -j -u -a -L -X -K -C -f -v -B -V -W"
    arguments = read_paths(call, switches=f"{quiet} -p -c -l -t -z -Z -y -r", with_value="-d -x -P -O -I")
    if call.name == "unzip" and arguments.has("-p", "-c", "-l", "-t", "-z", "-Z"):
        return
    yield Unmeasured(call.name, call.line, call.certain)
    if call.name != "unzip":
        named = [word[2:] for word in words if word.startswith("-o")]
        yield Doubted(place(call, named[0] if named else "."), call.line, call.certain, removes=False)
        return
    folder = arguments.value("-d")
    path = place(call, folder or ".")
    if folder is not None:
        yield DirectoryMade(path, call.line, call.certain)
    yield Doubted(path, call.line, call.certain, removes=False, inside=True)
    names = arguments.operands[1:]
    junked = arguments.has("-j")
    if arguments.complete and not arguments.has("-x", "-u", "-f", "-n", "-L"):
        for name in names:
            if "*" in name or UNREAD in name or ".." in name or not path.startswith("/"):
                continue
            kept = posixpath.basename(name) if junked else name.strip("/")
            if kept:
                yield FileWritten(f"{path.rstrip('/')}/{kept}", call.line, call.certain, any_kind=True)


@effect("zip")
def zip_(call: Call) -> Iterator[Change]:
    """The archive that is made, with `.zip` behind a name without a dot."""
    yield Unmeasured(call.name, call.line, call.certain)
    operands = [word for word in expanded(call) if not word.startswith("-")]
    if not operands:
        return
    name = operands[0] if "." in posixpath.basename(operands[0]) else f"{operands[0]}.zip"
    yield FileWritten(place(call, name), call.line, call.certain)
    if any(word.startswith("-") and "m" in word and not word.startswith("--") for word in expanded(call)):
        yield Doubted("/", call.line, call.certain, adds=False, alters=False)


_SUFFIXES: Final = {
    "gzip": ".gz", "gunzip": ".gz", "bzip2": ".bz2", "bunzip2": ".bz2", "xz": ".xz", "unxz": ".xz", "lzma": ".lzma",
    "unlzma": ".lzma", "zstd": ".zst", "unzstd": ".zst", "pigz": ".gz",
}  # fmt: skip
_COMPRESSION_SWITCHES: Final = (
    "-d --decompress --uncompress -k --keep -f --force -v --verbose -q --quiet -n --no-name -N --name -z --compress"
    " -1 -2 -3 -4 -5 -6 -7 -8 -9 --fast --best -e --extreme -T0 --rm -l --list -t --test -c --stdout --to-stdout"
)


@effect(*_SUFFIXES)
def compress(call: Call) -> Iterator[Change]:
    """A file that takes the place of another, with `.gz` or the like more or less; owner and mode go along."""
    arguments = read_paths(call, switches=_COMPRESSION_SWITCHES, with_value="-S --suffix -T --threads -p -o")
    if arguments.has("-c", "--stdout", "--to-stdout", "-l", "--list", "-t", "--test"):
        return
    yield Unmeasured(call.name, call.line, call.certain)
    unpacks = call.name.startswith("un") or call.name == "bunzip2" or arguments.has("-d", "--decompress")
    unpacks = unpacks or call.name == "gunzip"
    keeps = arguments.has("-k", "--keep") or ("zst" in call.name and not arguments.has("--rm"))
    suffix = _SUFFIXES[call.name]
    strange = not arguments.complete or arguments.has("-S", "--suffix", "-o", "-N", "--name")
    for path in places(call, arguments.operands):
        plain = "*" not in path and (path.endswith(suffix) or not unpacks)
        if strange or not plain or not path.startswith("/"):
            folder = posixpath.dirname(path) if path.startswith("/") else UNREAD
            yield Doubted(folder, call.line, call.certain)
            continue
        end = path.removesuffix(suffix) if unpacks else f"{path}{suffix}"
        yield PathsCopied((path,), end, call.line, call.certain, Claim.NO, keeps=True, replaces=True)
        if is_busybox(call.state) is not Claim.NO:
            # BusyBox's leaves the new file to whom it runs as.
            owner = UNKNOWN if is_busybox(call.state) is Claim.UNKNOWN else call.user or "0"
            yield OwnerChanged((end,), owner, UNKNOWN, call.line, call.certain)
        yield FileWritten(end, call.line, call.certain)
        if not keeps:
            yield Deletion((path,), call.line, call.certain)


@effect("cpio", "ar", "jar")
def other_archives(call: Call) -> Iterator[Change]:
    """Anything below the working directory."""
    yield Unmeasured(call.name, call.line, call.certain)
    yield Doubted(place(call, "."), call.line, call.certain, removes=False)
