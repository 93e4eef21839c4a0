"""curl, wget and git: what comes from a network, of unknown size, and where it is put.

Source: curl(1), wget(1) of GNU, BusyBox's wget, git-clone(1).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.changes import DirectoryMade, Doubted, Download, FileWritten
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, home_of, is_busybox, place, read_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.effects import Arguments

_SCHEMES = ("http://", "https://", "ftp://", "git@", "ssh://", "git://")
_CURL_VALUES: Final = (
    "-o --output --output-dir -H --header -d --data --data-raw --data-binary --data-urlencode --json -X --request -u"
    " --user -A --user-agent -e --referer -x --proxy --retry --retry-delay --retry-max-time -m --max-time"
    " --connect-timeout --proto --proto-default --proto-redir --tls-max --ciphers --tls13-ciphers --cacert --capath -E"
    " --cert --key -b --cookie -c --cookie-jar -D --dump-header -T --upload-file -K --config -w --write-out -F --form"
    " --resolve --connect-to --interface --limit-rate -y -Y --max-redirs --max-filesize -r --range -C"
    " --continue-at -z --time-cond --url --oauth2-bearer --noproxy --dns-servers --doh-url --trace --trace-ascii"
    " --stderr --etag-save --etag-compare --keepalive-time --create-file-mode --unix-socket --netrc-file"
)
_CURL_SWITCHES: Final = (
    "-f --fail --fail-with-body --fail-early -s --silent -S --show-error -L --location --location-trusted -k"
    " --insecure -O --remote-name --remote-name-all -J --remote-header-name --create-dirs -I --head -i --include -v"
    " --verbose -# --progress-bar --compressed --tlsv1 --tlsv1.0 --tlsv1.1 --tlsv1.2 --tlsv1.3 -1 --sslv3 --http1.0"
    " --http1.1 --http2 --http3 -4 --ipv4 -6 --ipv6 -N --no-buffer -g --globoff --retry-all-errors"
    " --retry-connrefused -R --remote-time --no-progress-meter -Z --parallel -n --netrc -G --get --no-keepalive"
    " --ssl --ssl-reqd --anyauth --basic --digest --path-as-is -q --disable --raw --no-clobber --remove-on-error"
)
_WGET_VALUES: Final = (
    "-O --output-document -P --directory-prefix -o --output-file -a --append-output -i --input-file -t --tries -T"
    " --timeout --connect-timeout --read-timeout --dns-timeout -w --wait --waitretry -U --user-agent --header"
    " --user --password --referer --ca-certificate --certificate --private-key --post-data --post-file --limit-rate"
    " -e --execute --progress -B --base --load-cookies --save-cookies --secure-protocol --max-redirect -A -R -l"
    " -D -I -X --retry-on-http-error --cut-dirs --http-user --http-password --method --body-data"
)
_WGET_SWITCHES: Final = (
    "-q --quiet -nv --no-verbose -v --verbose -c --continue -N --timestamping --no-check-certificate --show-progress"
    " -S --server-response -4 --inet4-only -6 --inet6-only --no-cache --no-cookies --no-proxy --no-hsts --https-only"
    " --content-disposition --trust-server-names -nc --no-clobber -b --background --spider -r --recursive -m"
    " --mirror -np --no-parent -nd --no-directories -nH --no-host-directories -k -p -x --force-directories"
    " --retry-connrefused --no-dns-cache --auth-no-challenge --no-config --compression --no-netrc --no-glob"
    " --tries --timeout"
)
_GIT_OUTSIDE: Final = frozenset({
    "log", "status", "diff", "show", "rev-parse", "describe", "ls-remote", "ls-files", "ls-tree", "cat-file", "version",
    "--version", "blame", "grep", "shortlog", "for-each-ref", "help", "var", "check-ignore", "rev-list", "name-rev",
})  # fmt: skip


def _download(call: Call, words: tuple[str, ...]) -> Iterator[Change]:
    urls: list[str | None] = [word for word in words if word.startswith(_SCHEMES)]
    for url in urls or [None]:
        yield Download(call.name, url, call.line, call.certain)


@effect("curl")
def curl(call: Call) -> Iterator[Change]:
    """A download for each URL, and the files that `-o` and `-O` say; without them it prints."""
    arguments = read_paths(call, switches=_CURL_SWITCHES, with_value=_CURL_VALUES)
    urls = (*arguments.operands, *arguments.values("--url"))
    yield from _download(call, urls)
    for option in (
        "-c",
        "--cookie-jar",
        "-D",
        "--dump-header",
        "--trace",
        "--trace-ascii",
        "--stderr",
        "--etag-save",
    ):
        for value in arguments.values(option):
            if value not in {"-", "%"}:
                yield FileWritten(place(call, value), call.line, call.certain)
    if arguments.has("-K", "--config") or not arguments.complete:
        yield Doubted(
            place(call, arguments.value("--output-dir") or "."), call.line, call.certain, removes=False
        )
    folder = arguments.value("--output-dir")
    above = arguments.has("--create-dirs")
    may_not = arguments.has("-z", "--time-cond", "--no-clobber", "-C", "--continue-at")
    may_not = may_not or arguments.has("-I", "--head") or not urls
    certain = Claim.UNKNOWN if may_not else call.certain
    for value in arguments.values("-o", "--output"):
        if value in {"-", "/dev/null", "/dev/stdout"}:
            continue
        yield from _put(call, folder, value, certain, above=above)
    if not arguments.has("-O", "--remote-name", "--remote-name-all"):
        return
    for url in urls:
        name = None if arguments.has("-J", "--remote-header-name") else _curl_name(url)
        if name is None:
            yield Doubted(place(call, folder or "."), call.line, call.certain, removes=False)
        else:
            yield from _put(call, folder, name, certain, above=above)


def _put(call: Call, folder: str | None, name: str, certain: Claim, *, above: bool) -> Iterator[Change]:
    """A file that curl writes; `#1` in its name stands for what the URL says."""
    path = place(call, name if folder is None or name.startswith("/") else f"{folder}/{name}")
    if "#" in name or UNREAD in name or (folder is not None and UNREAD in folder):
        path = UNREAD
    if above and path != UNREAD:
        yield DirectoryMade(posixpath.dirname(path), call.line, certain, mode=UNKNOWN)
    yield FileWritten(path, call.line, certain)


def _curl_name(url: str) -> str | None:
    """The name that `-O` gives: the last part of the path, without the query."""
    if UNREAD in url or any(character in url for character in "{}[]%"):
        return None
    path = url.partition("://")[2].partition("#")[0].partition("?")[0]
    name = path.rpartition("/")[2] if "/" in path else ""
    return name or None


@effect("wget", "wget2")
def wget(call: Call) -> Iterator[Change]:
    """A download for each URL into the file of `-O`, or under the name that the URL ends in."""
    arguments = read_paths(call, switches=_WGET_SWITCHES, with_value=_WGET_VALUES)
    urls = arguments.operands
    yield from _download(call, urls)
    for value in arguments.values("-o", "--output-file", "-a", "--append-output", "--save-cookies"):
        yield FileWritten(place(call, value), call.line, call.certain)
    yield from _remembered(call, arguments)
    if arguments.has("--spider"):
        return
    folder = arguments.value("-P", "--directory-prefix")
    certain = Claim.UNKNOWN if arguments.has("-b", "--background") else call.certain
    named = arguments.value("-O", "--output-document")
    if named is not None:
        if named not in {"-", "/dev/stdout", "/dev/null"}:
            # BusyBox's takes -P for -O as well, GNU's does not.
            yield FileWritten(place(call, named) if UNREAD not in named else UNREAD, call.line, certain)
        return
    path = place(call, folder or ".")
    if folder is not None:
        yield DirectoryMade(
            path, call.line, Claim.UNKNOWN if is_busybox(call.state) is not Claim.NO else certain
        )
    many = arguments.has(
        *("-i", "--input-file", "-r", "--recursive", "-m", "--mirror", "-x", "--force-directories", "-p"),
        *(
            "--content-disposition",
            "--trust-server-names",
            "-N",
            "--timestamping",
            "-nc",
            "--no-clobber",
            "-c",
        ),
    )
    for url in urls or (UNREAD,):
        name = _wget_name(url)
        if name is None or many or not arguments.complete or not path.startswith("/"):
            yield Doubted(path, call.line, call.certain, removes=False)
            continue
        target = f"{path.rstrip('/')}/{name}"
        if call.state.files.entry(target).exists is Claim.NO:
            yield FileWritten(target, call.line, certain)
        else:
            # GNU's adds `.1` to a name that is taken; one way or another something is there.
            yield FileWritten(target, call.line, certain, touched=True)
            yield Doubted(path, call.line, call.certain, removes=False)


def _remembered(call: Call, arguments: Arguments) -> Iterator[Change]:
    """GNU's wget keeps which hosts want HTTPS, at home."""
    secure = any(UNREAD in url or not url.startswith(("http://", "ftp://")) for url in arguments.operands)
    if not secure or arguments.has("--no-hsts") or is_busybox(call.state) is Claim.YES:
        return
    home = home_of(call)
    if home is not UNKNOWN:
        yield Doubted(f"{home}/.wget-hsts", call.line, call.certain, removes=False)


def _wget_name(url: str) -> str | None:
    """The name that a URL ends in; `index.html` for a folder."""
    if UNREAD in url or any(character in url for character in "%?#*[]"):
        return None
    path = url.partition("://")[2] or url
    name = path.rpartition("/")[2] if "/" in path else ""
    return name or "index.html"


@effect("aria2c", "axel", "lftp", "ftp", "scp", "rsync", "sftp")
def other_downloads(call: Call) -> Iterator[Change]:
    """Something fetched; where it is put nobody can tell for sure."""
    yield from _download(call, tuple(word for word in call.words if word is not UNKNOWN))
    if call.name in {"scp", "rsync", "sftp", "lftp"}:
        yield Doubted("/", call.line, call.certain)
        return
    yield Doubted(place(call, "."), call.line, call.certain, removes=False)
    for word in call.words:
        if word is UNKNOWN or word.startswith(("/", "-d", "-o", "--dir")):
            yield Doubted("/", call.line, call.certain, removes=False)
            return


_CLONE_VALUES: Final = (
    "-b --branch --depth -o --origin -c --config --reference --separate-git-dir -j --jobs --filter --template -u"
    " --upload-pack --shallow-since --shallow-exclude --bundle-uri --server-option --revision"
)
_CLONE_SWITCHES: Final = (
    "--recursive --recurse-submodules --single-branch --no-single-branch -q --quiet -v --verbose --progress -n"
    " --no-checkout --bare --mirror --no-tags --shallow-submodules --no-shallow-submodules -l --local -s --shared"
    " --no-hardlinks --dissociate --sparse --remote-submodules --no-remote-submodules --tags --no-recurse-submodules"
)


@effect("git")
def git(call: Call) -> Iterator[Change]:
    """A clone in a folder of its own, or what other commands do to the folder that they work in."""
    words = [UNREAD if word is UNKNOWN else word for word in call.words]
    folder = "."
    while words and words[0].startswith("-") and words[0] not in {"--version", "--help"}:
        option = words.pop(0)
        if option in {"-C", "-c", "--git-dir", "--work-tree", "--namespace"} and words:
            value = words.pop(0)
            folder = value if option == "-C" else folder
            folder = "/" if option in {"--git-dir", "--work-tree"} else folder
    command = words.pop(0) if words else "help"
    path = UNREAD if UNREAD in folder else place(call, folder)
    if {"clone", "fetch", "pull", "submodule"}.intersection((command, *words)):
        url = next((word for word in words if word.startswith(_SCHEMES)), None)
        yield Download("git", url, call.line, call.certain)
    if command == "clone":
        yield from _cloned(call, path, words)
    elif command == "config":
        yield from _configured(call, path, words)
    elif command == "init":
        names = [word for word in words if not word.startswith("-")]
        made = (
            f"{path}/{names[-1]}" if names and not names[-1].startswith("/") else names[-1] if names else path
        )
        yield Doubted(made if UNREAD not in made else UNREAD, call.line, call.certain, removes=False)
    elif command not in _GIT_OUTSIDE:
        yield Doubted(path, call.line, call.certain)
    elif command in {"status", "diff", "describe"}:
        yield Doubted(f"{path}/.git", call.line, call.certain, removes=False)  # they refresh its index


def _configured(call: Call, path: str, words: list[str]) -> Iterator[Change]:
    if "--global" in words:
        home = home_of(call)
        yield FileWritten(UNREAD if home is UNKNOWN else f"{home}/.gitconfig", call.line, Claim.UNKNOWN)
    elif "--system" in words:
        yield FileWritten("/etc/gitconfig", call.line, Claim.UNKNOWN)
    else:
        yield Doubted(f"{path}/.git", call.line, call.certain, removes=False)


def _cloned(call: Call, path: str, words: list[str]) -> Iterator[Change]:
    read = tuple(UNKNOWN if UNREAD in word else word for word in words)
    arguments = read_paths(replace(call, words=read), switches=_CLONE_SWITCHES, with_value=_CLONE_VALUES)
    operands = arguments.operands
    bare = arguments.has("--bare", "--mirror")
    if not operands or not arguments.complete or path == UNREAD:
        yield Doubted(path if operands else UNREAD, call.line, call.certain, removes=False)
        return
    url = operands[0]
    name: str | None = operands[1] if len(operands) > 1 else _clone_name(url, bare=bare)
    if name is None or UNREAD in name:
        yield Doubted(path, call.line, call.certain, removes=False)
        return
    target = place(call, name) if name.startswith(("/", "~")) else place(call, f"{path}/{name}")
    yield DirectoryMade(target, call.line, call.certain)
    yield Doubted(target, call.line, call.certain, removes=False, inside=True)
    if not bare and not arguments.has("--separate-git-dir"):
        yield FileWritten(f"{target}/.git", call.line, call.certain, any_kind=True)


def _clone_name(url: str, *, bare: bool) -> str | None:
    """The folder that a clone makes: the last part of the URL without `.git`."""
    if UNREAD in url:
        return None
    text = url.partition("?")[0].rstrip("/").removesuffix("/.git")
    name = text.rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
    return (f"{name}.git" if bare else name) or None
