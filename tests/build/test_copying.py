"""COPY and ADD by BuildKit's rules for destinations; tests/engine/states compares with real images."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Entry, Kind, Nature
from multistage_cli.build.state import State
from multistage_cli.parser import parse

PASSWD = (
    "COPY <<E /etc/passwd\napp:x:1500:50::/home/app:/bin/sh\nE\n"
    "COPY <<E /etc/group\nstaff:x:60:\napp:x:61:\nE\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build context with `file`, `run.sh`, and `tree/` with a subfolder and links."""
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    for name, text in {
        "file": "f",
        "run.sh": "#!/bin/sh\n",
        "tree/a.txt": "a",
        "tree/b.md": "b",
        "tree/sub/c.txt": "c",
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755 if name.endswith(".sh") else 0o644)
    for place in (tmp_path / "tree", tmp_path / "tree" / "sub"):
        place.chmod(0o755)
    (tmp_path / "tree" / "link").symlink_to("a.txt")
    (tmp_path / "to-file").symlink_to("file")
    (tmp_path / "to-tree").symlink_to("tree")
    return tmp_path


def after(text: str, folder: Path | None = None) -> State:
    """The state of the last stage."""
    build = evaluate(parse(text), context=None if folder is None else open_context(folder))
    assert build.target is not None
    return build.target.final


def shown(entry: Entry) -> tuple[object, ...]:
    if entry.exists is not Claim.YES:
        return (entry.exists.value,)
    return (
        "?" if entry.kind is UNKNOWN else entry.kind.value,
        "?" if entry.mode is UNKNOWN else f"{entry.mode:o}",
        "?" if UNKNOWN in {entry.uid, entry.gid} else f"{entry.uid}:{entry.gid}",
    )


def at(state: State, path: str) -> str:
    """What lies at a path, links not followed, as `file 644 0:0`."""
    return " ".join(map(str, shown(state.files.entry(path, follow=False))))


@pytest.mark.parametrize(
    ("instruction", "path"),
    [
        ("COPY file /a/b", "/a/b"),
        ("COPY file /a/b/", "/a/b/file"),
        ("COPY file .", "/w/file"),
        ("COPY file ./", "/w/file"),
        ("COPY file named", "/w/named"),
        ("COPY file ..", "/file"),
        ("COPY file /w", "/w/file"),
        ("COPY file /", "/file"),
        ("COPY file run.sh /two/", "/two/file"),
        ("COPY ../../file /up/", "/up/file"),
        ("COPY tree /t", "/t/a.txt"),
        ("COPY tree/ /t/", "/t/sub/c.txt"),
        ("COPY . /all", "/all/tree/sub/c.txt"),
        ("COPY to-file /x/", "/x/to-file"),
        ("COPY to-tree /x", "/x/a.txt"),
        ('COPY ["file", "/json form/"]', "/json form/file"),
        ("ADD tree /t", "/t/a.txt"),
        ("ADD file /a/b/", "/a/b/file"),
    ],
)
def test_where_a_file_comes_to_lie(folder: Path, instruction: str, path: str) -> None:
    state = after(f"FROM scratch\nWORKDIR /w\n{instruction}\n", folder)
    assert at(state, path) == "file 644 0:0"
    assert state.exists(f"{path}.none") is Claim.NO


def test_folders_are_made_and_their_names_are_not_copied(folder: Path) -> None:
    state = after("FROM scratch\nCOPY tree /a/b\n", folder)
    assert at(state, "/a") == at(state, "/a/b") == at(state, "/a/b/sub") == "directory 755 0:0"
    assert at(state, "/a/b/link") == "link 777 0:0"
    assert state.exists("/a/b/tree") is Claim.NO


def test_a_destination_that_exists_keeps_owner_and_mode(folder: Path) -> None:
    text = "FROM scratch\nCOPY --chmod=700 --chown=5:6 tree /t\nCOPY tree /t\n"
    state = after(text, folder)
    assert at(state, "/t") == "directory 700 5:6"
    # What is in it gets those of the source, directories too.
    assert at(state, "/t/sub") == "directory 755 0:0"
    assert at(state, "/t/a.txt") == "file 644 0:0"


def test_the_source_decides_no_mode_of_a_new_destination(folder: Path) -> None:
    (folder / "tree").chmod(0o700)
    (folder / "tree" / "sub").chmod(0o711)
    state = after("FROM scratch\nCOPY tree /new\n", folder)
    assert at(state, "/new") == "directory 755 0:0"
    assert at(state, "/new/sub") == "directory 711 0:0"


@pytest.mark.parametrize(
    ("flags", "made", "file"),
    [
        ("--chown=1000", "directory 755 1000:1000", "file 644 1000:1000"),
        ("--chown=1000:0", "directory 755 1000:0", "file 644 1000:0"),
        ("--chown=:7", "directory 755 0:7", "file 644 0:7"),
        ("--chown=app", "directory 755 1500:50", "file 644 1500:50"),
        ("--chown=app:", "directory 755 1500:0", "file 644 1500:0"),
        ("--chown=app:staff", "directory 755 1500:60", "file 644 1500:60"),
        ("--chown=0:app", "directory 755 0:61", "file 644 0:61"),
        # The group of /etc/passwd counts for names only.
        ("--chown=1500", "directory 755 1500:1500", "file 644 1500:1500"),
        ("--chown=nobody-knows", "directory 755 ?", "file 644 ?"),
        ("--chown=99999999999999999999", "directory 755 ?", "file 644 ?"),
        ("--chmod=600", "directory 600 0:0", "file 600 0:0"),
        ("--chmod=777", "directory 755 0:0", "file 777 0:0"),
        ("--chmod=4755", "directory 755 0:0", "file 4755 0:0"),
        ("--chmod=u+x,go-r", "directory 755 0:0", "file 700 0:0"),
        ("--chmod=+x", "directory 755 0:0", "file 755 0:0"),
        ("--chmod=u=rwX,g=,o=", "directory 755 0:0", "file 600 0:0"),
        ("--chmod=$UNSET", "directory 755 0:0", "file 644 0:0"),
        ("--chmod=640 --chown=3:4", "directory 640 3:4", "file 640 3:4"),
    ],
)
def test_chown_and_chmod(folder: Path, flags: str, made: str, file: str) -> None:
    state = after(f"FROM scratch\n{PASSWD}COPY {flags} file /made/above/\n", folder)
    assert at(state, "/made") == at(state, "/made/above") == made
    assert at(state, "/made/above/file") == file


def test_chmod_is_for_directories_too_but_not_for_links(folder: Path) -> None:
    state = after("FROM scratch\nCOPY --chmod=640 tree /t\n", folder)
    assert at(state, "/t/sub") == "directory 640 0:0"
    assert at(state, "/t/link") == "link 777 0:0"


def test_a_stage_keeps_owners_and_modes(folder: Path) -> None:
    text = (
        "FROM scratch AS one\nCOPY --chown=7:8 --chmod=700 tree /t\n"
        "FROM scratch\nCOPY --from=one /t /u\nCOPY --from=one --chown=1 /t/a.txt /v\n"
    )
    state = after(text, folder)
    assert at(state, "/u") == "directory 755 0:0"
    assert at(state, "/u/sub/c.txt") == "file 700 7:8"
    assert at(state, "/v") == "file 700 1:1"


@pytest.mark.parametrize(
    ("destination", "path", "expected"),
    [
        ("/to-file", "/real/file", "file 755 0:0"),  # a destination that is a link is followed
        ("/to-folder", "/real/run.sh", "file 755 0:0"),
        ("/to-folder/", "/real/run.sh", "file 755 0:0"),
        ("/nowhere", "/new/place", "file 755 0:0"),
        ("/real/", "/real/run.sh", "file 755 0:0"),  # a link of that name in it is replaced
        ("/real/", "/real/file", "file 644 0:0"),
        ("/to-folder/sub/", "/real/sub/run.sh", "file 755 0:0"),
    ],
)
def test_links_in_the_destination(folder: Path, destination: str, path: str, expected: str) -> None:
    real = folder / "rootfs" / "real"
    real.mkdir(parents=True)
    (real / "file").write_text("old")
    (real / "run.sh").symlink_to("file")
    (folder / "rootfs" / "to-file").symlink_to("real/file")
    (folder / "rootfs" / "to-folder").symlink_to("/real")
    (folder / "rootfs" / "nowhere").symlink_to("/new/place")
    state = after(f"FROM scratch\nCOPY rootfs /\nCOPY run.sh {destination}\n", folder)
    assert at(state, path) == expected


@pytest.mark.parametrize(
    ("word", "there", "missing"),
    [
        ("tree/*.txt", ["a.txt"], ["b.md", "sub", "c.txt"]),
        ("tree/?.md", ["b.md"], ["a.txt"]),
        ("tree/[ab].*", ["a.txt", "b.md"], ["c.txt"]),
        ("tree/*", ["a.txt", "b.md", "link", "c.txt"], ["sub"]),
        ("tr*/sub/*.txt", ["c.txt"], ["a.txt"]),
        ("*.none", [], ["file"]),
    ],
)
def test_wildcards(folder: Path, word: str, there: list[str], missing: list[str]) -> None:
    state = after(f"FROM scratch\nCOPY {word} /d/\n", folder)
    assert {name: state.exists(f"/d/{name}") for name in (*there, *missing)} == {
        **dict.fromkeys(there, Claim.YES),
        **dict.fromkeys(missing, Claim.NO),
    }
    # Nothing matched: not even the destination is made.
    assert state.exists("/d") is (Claim.YES if there else Claim.NO)


def test_wildcards_in_an_unknown_image_may_match_nothing() -> None:
    state = after("FROM scratch\nCOPY --from=example.org/tool:1 /bin/* /d/e/\n")
    assert state.exists("/d") is state.exists("/d/e/x") is Claim.UNKNOWN
    assert state.exists("/other") is Claim.NO


def test_exclude(folder: Path) -> None:
    text = "FROM scratch\nCOPY --exclude=*.md --exclude=sub tree /t\nCOPY --exclude=b.md tree/b.md /direct/\n"
    state = after(text, folder)
    assert (state.exists("/t/a.txt"), state.exists("/t/b.md"), state.exists("/t/sub/c.txt")) == (
        Claim.YES,
        Claim.NO,
        Claim.NO,
    )
    assert state.exists("/direct/b.md") is Claim.YES  # what a word names itself always comes


def test_exclude_with_an_exception_keeps_what_comes_back(folder: Path) -> None:
    state = after("FROM scratch\nCOPY --exclude=sub --exclude=!sub/c.txt tree /t\n", folder)
    assert state.exists("/t/sub/c.txt") is Claim.YES
    assert state.exists("/t/sub") is not Claim.NO


def test_parents_keeps_folders(folder: Path) -> None:
    text = "FROM scratch\nCOPY --parents tree/sub/c.txt file /p/\nCOPY --parents tree/./sub/*.txt /q/\n"
    state = after(text, folder)
    assert at(state, "/p/tree/sub") == "directory 755 0:0"
    assert (
        at(state, "/p/tree/sub/c.txt") == at(state, "/p/file") == at(state, "/q/sub/c.txt") == "file 644 0:0"
    )
    assert state.exists("/p/tree/a.txt") is state.exists("/q/tree") is Claim.NO


def test_link_is_exact_where_all_image_stores_agree(folder: Path) -> None:
    text = (
        "FROM scratch\nWORKDIR /app\nCOPY --link file /app/\n"
        "COPY --link --chown=5:5 file /app/own\nCOPY --link tree /app\n"
    )
    state = after(text, folder)
    assert at(state, "/app/file") == at(state, "/app/sub/c.txt") == "file 644 0:0"
    # A layer of its own says whose /app is; a plain copy leaves it to root.
    assert at(state, "/app") == "directory 755 ?"


def test_link_into_a_folder_without_a_slash_may_replace_it(folder: Path) -> None:
    state = after("FROM scratch\nWORKDIR /app\nCOPY --link file /app\n", folder)
    assert state.exists("/app") is Claim.YES
    assert state.exists("/app/file") is Claim.UNKNOWN


def test_without_a_build_context_something_is_there() -> None:
    state = after(
        "FROM scratch\nWORKDIR /app\nCOPY . .\nCOPY package.json /srv/\nCOPY start /usr/bin/start\n"
    )
    assert at(state, "/app") == at(state, "/srv") == "directory 755 0:0"
    assert state.exists("/app/x") is state.exists("/srv/package.json") is Claim.UNKNOWN
    assert at(state, "/usr/bin/start") == "? ? ?"
    assert state.exists("/other") is Claim.NO


def test_an_unknown_destination_makes_all_unknown(folder: Path) -> None:
    state = after("FROM example.org/a:1\nCOPY file .\n", folder)
    assert state.exists("/file") is Claim.UNKNOWN


def test_ignored_files_are_not_there(folder: Path) -> None:
    (folder / ".dockerignore").write_text("tree/*\n!tree/sub\n")
    state = after("FROM scratch\nCOPY . /all/\n", folder)
    assert (state.exists("/all/tree/a.txt"), state.exists("/all/tree/sub/c.txt")) == (Claim.NO, Claim.YES)


def test_heredocs() -> None:
    text = (
        "FROM scratch\nCOPY <<one <<two /d/\n1\none\n2\ntwo\n"
        "COPY --chmod=755 --chown=3 <<E /bin/start\n#!/bin/sh\nE\nADD <<E /conf\nx=1\nE\n"
    )
    state = after(text)
    assert at(state, "/d/one") == at(state, "/d/two") == at(state, "/conf") == "file 644 0:0"
    entry = state.files.entry("/bin/start")
    assert shown(entry) == ("file", "755", "3:3")
    assert entry.content is not None
    assert (entry.content.nature, entry.content.interpreter) == (Nature.SCRIPT, "/bin/sh")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("https://example.org/a/tool-1.2", "tool-1.2"),
        ("https://example.org/a/tool.tar.gz?version=1#x", "tool.tar.gz"),
        ("http://example.org/a%20b", "a b"),
        ("https://example.org/", "__unnamed__"),
        ("https://example.org/dir/", "dir"),
        ("https://github.com/example/tool/releases/tool", "tool"),
    ],
)
def test_fetched_files_are_named_by_their_address(word: str, name: str) -> None:
    state = after(f"FROM scratch\nADD {word} /d/\nADD --chmod=755 --chown=9 {word} /e\n")
    assert at(state, f"/d/{name}") == "file 600 0:0"
    assert at(state, "/e") == "file 755 9:9"


@pytest.mark.parametrize(
    "word", ["https://example.org/a.git", "https://example.org/a.git#v1:sub", "git@example.org:a/b.git"]
)
def test_a_repository_is_a_folder_of_unknown_files(word: str) -> None:
    state = after(f"FROM scratch\nADD {word} /src\n")
    assert state.files.entry("/src").kind is Kind.DIRECTORY
    assert state.exists("/src/README.md") is Claim.UNKNOWN
    assert state.exists("/other") is Claim.NO


def tarred(path: Path, mode: str, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def member(name: str, kind: bytes = tarfile.REGTYPE, *, mode: int = 0o644, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, 55, 56, link
    return info


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_add_unpacks_archives(folder: Path, mode: str) -> None:
    tarred(
        folder / "packed",
        mode,
        (member("./", tarfile.DIRTYPE, mode=0o700), b""),
        (member("in/deep/q", mode=0o640), b"q"),
        (member("in/l", tarfile.SYMTYPE, link="deep"), b""),
        (member("own", tarfile.DIRTYPE, mode=0o711), b""),
        (member("hard", tarfile.LNKTYPE, link="in/deep/q"), b""),
    )
    state = after(
        "FROM scratch\nADD packed /a/b\nADD --chown=7 --chmod=600 packed /c/\nCOPY packed /d/\n", folder
    )
    assert at(state, "/a/b") == "directory 755 0:0"  # the archive's own root leaves it alone
    assert at(state, "/a/b/in") == "directory 755 0:0"  # implied, so nobody's but root's
    assert at(state, "/a/b/in/deep/q") == at(state, "/a/b/hard") == "file 640 55:56"
    assert at(state, "/a/b/own") == "directory 711 55:56"
    assert state.exists("/a/b/in/l/q") is Claim.YES
    assert state.exists("/a/b/packed") is Claim.NO
    assert (at(state, "/c"), at(state, "/c/in/deep/q")) == ("directory 755 7:7", "file 640 7:7")
    assert at(state, "/d/packed").startswith("file ")


def test_what_is_no_archive_is_copied(folder: Path) -> None:
    (folder / "fake.tar.gz").write_text("no archive")
    (folder / "empty.tar").write_bytes(b"")
    state = after("FROM scratch\nADD fake.tar.gz empty.tar /d/\n", folder)
    assert state.exists("/d/fake.tar.gz") is state.exists("/d/empty.tar") is Claim.YES


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/absolute/../../out"])
def test_archives_that_reach_outside_are_not_followed(folder: Path, name: str) -> None:
    tarred(folder / "packed", "w", (member(name), b"x"))
    state = after("FROM scratch\nADD packed /d/\n", folder)
    assert state.exists("/d/x") is Claim.UNKNOWN
    assert state.exists("/out") is Claim.NO


def test_archives_through_a_link_of_the_destination_are_doubtful(folder: Path) -> None:
    tarred(
        folder / "packed", "w", (member("etc", tarfile.SYMTYPE, link="/real"), b""), (member("etc/x"), b"x")
    )
    state = after("FROM scratch\nADD packed /d/\n", folder)
    assert state.exists("/d/etc/x") is not Claim.NO
    assert state.exists("/real/x") is Claim.NO


def test_a_large_archive_is_not_unpacked(folder: Path) -> None:
    tarred(folder / "packed", "w:gz", (member("big"), bytes(9_000_000)))
    state = after("FROM scratch\nADD packed /d/\n", folder)
    assert state.exists("/d/big") is Claim.UNKNOWN


def test_users_come_with_their_files() -> None:
    text = (
        f"FROM scratch AS users\n{PASSWD}FROM scratch AS one\nCOPY --from=users /etc/passwd /etc/\nUSER app\n"
        "FROM scratch AS two\nCOPY --from=users / /\n"
        "FROM scratch AS three\nCOPY --from=users /etc/group /\n"
    )
    build = evaluate(parse(text))
    one, two, three = (entry.final.accounts for entry in build.stages[1:])
    assert (one.has_user("app"), one.has_user("x"), one.ids("app")) == (Claim.YES, Claim.NO, (1500, 50))
    assert (two.has_user("app"), two.group_id("staff")) == (Claim.YES, 60)
    assert three.has_user("app") is Claim.NO


def test_users_of_an_unknown_file_are_unknown() -> None:
    state = after("FROM scratch\nCOPY --from=example.org/a:1 /etc/passwd /etc/passwd\n")
    assert state.has_user("app") is Claim.UNKNOWN
    assert after("FROM scratch\nCOPY passwd /opt/passwd\n").has_user("app") is Claim.NO


def test_a_whole_image_brings_packages_libc_and_shell() -> None:
    debian = after("FROM debian:bookworm-slim\n")
    state = after("FROM debian:bookworm-slim AS a\nFROM scratch\nCOPY --from=a / /\n")
    assert state.has_package("libc6") is debian.has_package("libc6") is Claim.YES
    assert state.has_user("root") is Claim.YES
    assert state.libc in {"glibc", UNKNOWN}


def test_the_loader_tells_the_libc() -> None:
    text = "FROM scratch AS a\nCOPY <<E /lib/ld-musl-x86_64.so.1\nE\nFROM scratch\nCOPY --from=a /lib /lib\n"
    assert after(text).libc == "musl"
    assert after("FROM scratch\nCOPY lib /opt/lib\n").libc is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFOs")
def test_a_fifo_is_copied(folder: Path) -> None:
    os.mkfifo(folder / "tree" / "pipe")
    state = after("FROM scratch\nCOPY tree /t\n", folder)
    assert state.exists("/t/pipe") is Claim.YES


@pytest.mark.parametrize(
    ("user", "owner"),
    [
        ("", "0:0"),
        ("USER 1000", "1000:1000"),
        ("USER 1000:7", "1000:7"),
        ("USER app", "1500:50"),
        ("USER x", "?"),
    ],
)
def test_workdir_belongs_to_the_user(user: str, owner: str) -> None:
    state = after(f"FROM scratch\n{PASSWD}{user}\nWORKDIR /a/b\nWORKDIR c\n")
    assert [at(state, path) for path in ("/a", "/a/b", "/a/b/c")] == [f"directory 755 {owner}"] * 3


def test_workdir_leaves_what_is_there(folder: Path) -> None:
    state = after("FROM scratch\nCOPY --chown=5:6 --chmod=700 tree /t\nWORKDIR /t\n", folder)
    assert at(state, "/t") == "directory 700 5:6"


@pytest.mark.parametrize("depth", [90, 2_000])
@pytest.mark.parametrize("line", ["COPY x {}", "WORKDIR {}", "RUN --mount=type=cache,target={} true"])
def test_deep_folders_are_no_trouble(line: str, depth: int) -> None:
    path = "/" + "a/" * depth
    assert after(f"FROM scratch\n{line.format(path)}\n").exists(path) is not None
