"""The tree of paths: what is claimed after changes, and that versions do not disturb each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import (
    ANYTHING,
    NOTHING,
    Change,
    Entry,
    Files,
    Kind,
    Writer,
    read_mode,
)

YES, NO, MAYBE = Claim.YES, Claim.NO, Claim.UNKNOWN
EMPTY = Files.of(NOTHING)
OPEN = Files.of(ANYTHING)
FILE = Entry(YES, Kind.FILE, 0o644, 0, 0)


def by(stamp: int) -> Writer:
    return Writer(stamp, 0, stamp)


def made(files: Files, path: str, stamp: int, certain: Claim = YES) -> Files:
    return files.make_directories(path, by(stamp), certain, uid=0, gid=0, mode=0o755)


def with_file(files: Files, path: str, stamp: int, certain: Claim = YES) -> Files:
    return files.write(path, FILE, by(stamp), certain)


def test_an_empty_image_has_nothing() -> None:
    assert EMPTY.exists("/") is YES
    assert EMPTY.exists("/app") is NO
    assert EMPTY.names("/") == ()


def test_an_unknown_image_may_have_anything() -> None:
    assert OPEN.exists("/app") is MAYBE
    assert OPEN.names("/") is UNKNOWN


def test_what_is_written_is_there_with_its_writer() -> None:
    files = with_file(made(EMPTY, "/app", 1), "/app/run", 2)
    entry = files.entry("/app/run")
    assert (entry.exists, entry.kind, entry.mode, entry.writer) == (YES, Kind.FILE, 0o644, by(2))
    assert files.exists("/app/other") is NO
    assert files.names("/app") == ("run",)


def test_a_version_does_not_change() -> None:
    before = made(EMPTY, "/app", 1)
    after = with_file(before, "/app/run", 2)
    assert before.exists("/app/run") is NO
    assert after.exists("/app/run") is YES


def test_a_file_says_that_the_folders_above_it_are_there() -> None:
    files = with_file(OPEN, "/opt/tool/run", 1)
    assert files.exists("/opt/tool") is YES
    assert files.exists("/opt/tool/other") is MAYBE


@pytest.mark.parametrize(("base", "expected"), [(EMPTY, MAYBE), (OPEN, MAYBE)])
def test_what_may_have_been_written_is_unknown(base: Files, expected: Claim) -> None:
    assert with_file(base, "/run", 1, MAYBE).exists("/run") is expected


def test_what_was_there_stays_there_when_something_may_have_been_written() -> None:
    files = with_file(EMPTY, "/run", 1).write("/run", Entry(YES, Kind.FILE, 0o755, 1, 1), by(2), MAYBE)
    entry = files.entry("/run")
    assert (entry.exists, entry.kind, entry.mode, entry.uid) == (YES, Kind.FILE, UNKNOWN, UNKNOWN)


def test_a_removed_folder_takes_all_with_it() -> None:
    files = with_file(made(EMPTY, "/app/src", 1), "/app/src/main", 2).remove("/app", by(3), YES)
    assert files.exists("/app/src/main") is NO
    assert files.entry("/app").because == by(3)


def test_what_may_have_been_removed_is_unknown_and_the_rest_is_not() -> None:
    files = with_file(made(EMPTY, "/app", 1), "/app/run", 2).remove("/app", by(3), MAYBE)
    assert files.exists("/app/run") is MAYBE
    assert files.exists("/app/never") is NO


def test_a_pattern_removes_what_it_fits_but_no_hidden_names() -> None:
    files = made(EMPTY, "/lists", 1)
    for name in ("a.gz", "b.txt", ".keep"):
        files = with_file(files, f"/lists/{name}", 2)
    assert files.remove_matching("/lists", "*.gz", by(3), YES).names("/lists") == (".keep", "b.txt")
    assert files.remove_matching("/lists", "*", by(3), YES).names("/lists") == (".keep",)


def test_a_doubt_makes_what_is_older_unknown_and_nothing_newer() -> None:
    files = with_file(EMPTY, "/old", 1).doubt("/", by(2))
    files = with_file(files, "/new", 3)
    assert (files.exists("/old"), files.exists("/never"), files.exists("/new")) == (MAYBE, MAYBE, YES)
    assert files.entry("/old").because == by(2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"removes": False}, (YES, MAYBE)),
        ({"adds": False}, (MAYBE, NO)),
        ({"adds": False, "removes": False}, (YES, NO)),
    ],
)
def test_a_doubt_is_as_wide_as_it_says(options: dict[str, bool], expected: tuple[Claim, Claim]) -> None:
    files = with_file(EMPTY, "/old", 1).doubt("/", by(2), **options)
    assert (files.exists("/old"), files.exists("/never")) == expected
    assert files.entry("/old").mode is UNKNOWN


def test_a_doubt_below_a_folder_leaves_the_rest_alone() -> None:
    files = made(made(EMPTY, "/app", 1), "/etc", 1).doubt("/app", by(2))
    assert (files.exists("/app/x"), files.exists("/etc/x")) == (MAYBE, NO)


def test_owner_and_mode_of_all_below_change_at_once() -> None:
    files = with_file(made(EMPTY, "/app/src", 1), "/app/src/main", 2)
    files = files.change("/app", Change(1000, 1000), by(3), YES, recursive=True)
    files = files.change("/app", Change(mode=read_mode("g+w")), by(4), YES, recursive=True)
    entry = files.entry("/app/src/main")
    assert (entry.uid, entry.gid, entry.mode, entry.writer) == (1000, 1000, 0o664, by(4))
    assert with_file(files, "/app/later", 5).entry("/app/later").uid == 0


def test_a_mode_that_may_have_changed_is_unknown_unless_it_was_so_before() -> None:
    files = with_file(EMPTY, "/run", 1)
    assert (
        files.change("/run", Change(mode=0o755), by(2), MAYBE, recursive=False).entry("/run").mode is UNKNOWN
    )
    assert files.change("/run", Change(mode=0o644), by(2), MAYBE, recursive=False).entry("/run").mode == 0o644


class TestLinks:
    def linked(self) -> Files:
        files = with_file(made(EMPTY, "/usr/bin", 1), "/usr/bin/tool", 2)
        return files.write("/bin", Entry(YES, Kind.LINK, 0o777, 0, 0, target="usr/bin"), by(3), YES)

    def test_are_followed_on_the_way(self) -> None:
        assert self.linked().entry("/bin/tool").kind is Kind.FILE
        assert self.linked().exists("/bin/none") is NO

    def test_are_written_through(self) -> None:
        assert with_file(self.linked(), "/bin/more", 4).exists("/usr/bin/more") is YES

    def test_can_be_looked_at_themselves(self) -> None:
        assert self.linked().entry("/bin", follow=False).target == "usr/bin"
        assert self.linked().entry("/bin").kind is Kind.DIRECTORY

    def test_are_removed_without_what_they_point_to(self) -> None:
        files = self.linked().remove("/bin", by(4), YES)
        assert (files.exists("/bin"), files.exists("/usr/bin/tool")) == (NO, YES)

    def test_that_lead_round_in_circles_are_unknown(self) -> None:
        files = EMPTY
        for name, target in (("a", "/b"), ("b", "/a")):
            files = files.write(f"/{name}", Entry(YES, Kind.LINK, 0o777, 0, 0, target=target), by(1), YES)
        assert files.entry("/a/x").exists is MAYBE
        assert files.resolve("/a") is UNKNOWN

    def test_that_lead_above_the_root_end_there(self) -> None:
        files = EMPTY.write("/up", Entry(YES, Kind.LINK, 0o777, 0, 0, target="../../etc"), by(1), YES)
        assert files.resolve("/up/passwd") == "/etc/passwd"


class TestCopies:
    def source(self) -> Files:
        return with_file(made(EMPTY, "/out/bin", 1), "/out/bin/app", 2)

    def copied(self, below: Files) -> Files:
        return below.copy_over("/srv", self.source(), "/out", by(9), change=Change(7, 7))

    def test_bring_all_that_was_there(self) -> None:
        entry = self.copied(made(EMPTY, "/srv", 8)).entry("/srv/bin/app")
        assert (entry.exists, entry.uid, entry.mode, entry.writer) == (YES, 7, 0o644, by(9))

    def test_leave_what_they_do_not_bring(self) -> None:
        files = self.copied(with_file(made(EMPTY, "/srv", 3), "/srv/own", 4))
        assert files.names("/srv") == ("bin", "own")
        assert files.entry("/srv/own").uid == 0

    def test_are_those_of_the_time_of_copying(self) -> None:
        files = self.copied(made(EMPTY, "/srv", 8))
        assert files.remove("/srv/bin/app", by(10), YES).exists("/srv/bin/app") is NO

    def test_of_an_unknown_folder_leave_everything_open(self) -> None:
        files = made(EMPTY, "/srv", 1).copy_over("/srv", OPEN, "/out", by(2), change=Change(0, 0))
        assert files.exists("/srv/x") is MAYBE

    def test_of_a_part_are_maybe(self) -> None:
        files = made(EMPTY, "/srv", 1)
        files = files.copy_over("/srv", self.source(), "/out", by(9), change=Change(), partial=True)
        assert (files.exists("/srv/bin"), files.exists("/srv/none")) == (MAYBE, NO)


class TestMounts:
    def test_hide_what_lies_below_and_leave_nothing(self) -> None:
        before = with_file(made(EMPTY, "/cache", 1), "/cache/old", 2)
        inside = before.mounted("/cache", None, "/", by(3))
        assert inside.exists("/cache/old") is MAYBE
        after = with_file(inside, "/cache/new", 4).unmounted("/cache", before, by(5))
        assert (after.exists("/cache/old"), after.exists("/cache/new")) == (YES, NO)

    def test_show_what_they_are_of(self) -> None:
        shown = with_file(made(EMPTY, "/src", 1), "/src/main", 2)
        inside = EMPTY.mounted("/mnt", shown, "/src", by(3))
        assert (inside.exists("/mnt/main"), inside.exists("/mnt/none")) == (YES, NO)


@pytest.mark.parametrize("path", ["relative", "/a\0b", "/" + "x" * 300, "/" + "x/" * 3000, ""])
def test_a_path_that_no_system_has_is_unknown_and_breaks_nothing(path: str) -> None:
    assert EMPTY.exists(path) is MAYBE
    assert isinstance(with_file(EMPTY, path, 1), Files)
    assert isinstance(EMPTY.remove(path, by(1), YES), Files)


def test_many_copies_of_copies_answer_soon_and_never_wrongly() -> None:
    files = with_file(made(EMPTY, "/a", 1), "/a/x", 2)
    for stage in range(200):
        base = made(made(EMPTY, "/a", 10 * stage + 3), "/b", 10 * stage + 4)
        for number, (at, target) in enumerate((("/a", "/a"), ("/b", "/a"), ("/a", "/b"))):
            base = base.copy_over(target, files, at, by(10 * stage + 5 + number), change=Change())
        files = base
    assert files.exists("/a/x") in {YES, MAYBE}


def test_touched_paths_are_told_folder_first() -> None:
    files = with_file(made(EMPTY, "/app/src", 1), "/app/src/main", 2)
    assert list(files.touched()) == ["/app", "/app/src", "/app/src/main"]


# What a real file system would hold after the same commands.

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
STEPS = st.lists(
    st.tuples(st.sampled_from(["mkdir", "write", "rm", "rm*", "copy", "doubt"]), PATHS, PATHS, st.booleans()),
    max_size=12,
)


class Model:
    """A file system as a dictionary: True for a directory."""

    def __init__(self) -> None:
        self.paths: dict[str, bool] = {"": True}

    def below(self, path: str) -> list[str]:
        return [name for name in self.paths if name.startswith(f"{path}/")]

    def can(self, path: str) -> bool:
        return self.paths.get(path.rpartition("/")[0]) is True

    def do(self, what: str, path: str, other: str) -> bool:  # noqa: C901
        """Whether it went well; nothing has changed where it did not."""
        match what:
            case "mkdir":
                parts = path.split("/")[1:]
                prefixes = ["/" + "/".join(parts[: index + 1]) for index in range(len(parts))]
                if any(self.paths.get(prefix) is False for prefix in prefixes):
                    return False
                self.paths.update(dict.fromkeys(prefixes, True))
            case "write":
                if not self.can(path) or self.paths.get(path):
                    return False
                self.paths[path] = False
            case "rm":
                for name in [path, *self.below(path)]:
                    self.paths.pop(name, None)
            case "rm*":
                for name in self.below(path):
                    del self.paths[name]
            case "copy":
                inside = other == path or other.startswith(f"{path}/") or path.startswith(f"{other}/")
                if not self.paths.get(path) or not self.paths.get(other) or inside:
                    return False
                for name in self.below(path):
                    target = other + name[len(path) :]
                    if target in self.paths and self.paths[target] != self.paths[name]:
                        return False
                self.paths.update({other + name[len(path) :]: self.paths[name] for name in self.below(path)})
        return True


def done(files: Files, what: str, path: str, other: str, stamp: int, certain: Claim) -> Files:  # noqa: PLR0917
    match what:
        case "mkdir":
            return made(files, path, stamp, certain)
        case "write":
            return files.write(path, FILE, by(stamp), certain, keep=True)
        case "rm":
            return files.remove(path, by(stamp), certain)
        case "rm*":
            return files.remove_matching(path, "*", by(stamp), certain)
        case "copy":
            return files.copy_over(other, files, path, by(stamp), change=Change())
        case _:
            return files.doubt(path, by(stamp))


@settings(max_examples=300, deadline=None)
@given(STEPS, st.booleans())
def test_no_claim_about_a_file_system_is_false(steps: list[tuple[str, str, str, bool]], known: bool) -> None:
    model, files = Model(), EMPTY if known else OPEN
    for stamp, (what, path, other, happens) in enumerate(steps, start=1):
        before = dict(model.paths)
        if not model.do(what, path, other):
            model.paths = before
            continue
        certain = YES if happens or what in {"copy", "doubt"} else MAYBE
        if not happens and what not in {"copy", "doubt"} and stamp % 2:
            model.paths = before  # it did not run after all
        files = done(files, what, path, other, stamp, certain)
    for parts in ([one] for one in "abc"):
        check(files, model, parts)
    for one in "abc":
        for two in "abc":
            check(files, model, [one, two])
            for three in "abc":
                check(files, model, [one, two, three])


def check(files: Files, model: Model, parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    entry = files.entry(path)
    if entry.exists is YES:
        assert path in model.paths, path
        if entry.kind is not UNKNOWN:
            assert model.paths[path] == (entry.kind is Kind.DIRECTORY), path
    elif entry.exists is NO:
        assert path not in model.paths, path
