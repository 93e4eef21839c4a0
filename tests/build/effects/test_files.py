"""What commands leave of paths: script -> owners, modes, kinds and links, on a base without a file."""

from __future__ import annotations

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.state import State
from multistage_cli.parser import parse

HEAD = "FROM scratch\nWORKDIR /w\n"
MARKS = {Claim.YES: "", Claim.NO: "none", Claim.UNKNOWN: "?"}


def after(script: str, head: str = HEAD) -> State:
    target = evaluate(parse(f"{head}RUN {script}\n")).target
    assert target is not None
    return target.final


def shown(state: State, path: str) -> str:
    """A path in a few characters: `file 644 0:0`, `? directory`, `none`, `link a/b`."""
    entry = state.files.entry(path, follow=False)
    if entry.exists is Claim.NO:
        return "none"
    words = [MARKS[entry.exists], "" if entry.kind is UNKNOWN else entry.kind.value]
    if entry.target is not UNKNOWN:
        words.append(entry.target)
    elif entry.kind is not UNKNOWN and entry.kind.value != "link":
        words.append("???" if entry.mode is UNKNOWN else f"{entry.mode:o}")
        words.append(":".join("?" if number is UNKNOWN else str(number) for number in (entry.uid, entry.gid)))
    return " ".join(word for word in words if word)


TABLE: dict[str, dict[str, str]] = {
    "mkdir a && mkdir -p b/c && mkdir -m 700 d": {
        "/w/a": "directory 755 0:0", "/w/b/c": "directory 755 0:0", "/w/d": "directory 700 0:0", "/w/e": "none",
    },
    "mkdir -p -m 1777 a/b && mkdir -m u=rwx,go= c && mkdir -m g+s d": {
        "/w/a": "directory 755 0:0", "/w/a/b": "directory 1777 0:0", "/w/c": "directory 700 0:0",
        "/w/d": "directory ??? 0:0",
    },
    "mkdir -p a/../b": {"/w/a": "directory 755 0:0", "/w/b": "directory 755 0:0"},
    "mkdir --strange a": {"/w/a": "directory ??? 0:0"},
    "mkdir a || true": {"/w/a": "? directory 755 0:0"},
    "mkdir -p $UNKNOWN/x && mkdir a": {"/w/a": "directory 755 0:0", "/w/x": "?"},
    "umask 027 && mkdir a && touch b": {"/w/a": "directory 750 0:0", "/w/b": "file 640 0:0"},
    "mkdir -p a/b && rmdir -p a/b": {"/w/a": "none"},
    "mkdir a && chown 0:50 a && chmod 2775 a && mkdir a/b && touch a/c": {
        "/w/a/b": "directory 2755 0:50", "/w/a/c": "file 644 0:50",
    },
    "touch a b.log .c.log && rm *.log": {"/w/a": "file 644 0:0", "/w/b.log": "none", "/w/.c.log": "file 644 0:0"},
    "touch a && { rm a || true; }": {"/w/a": "?"},
    "mkdir -p a/x/t b && touch b/f && rm -rf a/*/t": {"/w/b/f": "file 644 0:0", "/w/a/x/t": "?"},
    "touch a && rm -i a": {"/w/a": "?"},
    "touch a && chmod 600 a && echo x > a && touch a": {"/w/a": "file 600 0:0"},
    "touch -c a && truncate -c -s 1 b": {"/w/a": "none", "/w/b": "none"},
    "echo x | tee a b > /dev/null && dd if=/dev/zero of=c && sort -o d a && sed s/a/b/ a": {
        "/w/a": "file 644 0:0", "/w/b": "file 644 0:0", "/w/c": "file 644 0:0", "/w/d": "file 644 0:0", "/w/e": "none",
    },
    "touch a && chmod 604 a && chown 5:6 a && sed -i.bak s/x/y/ a": {
        "/w/a": "file 604 5:6", "/w/a.bak": "file 604 5:6",
    },
    "touch a && ln -s a b && ln -s /x/y && ln -sfn /other b && mkdir d && ln -s ../a d": {
        "/w/b": "link /other", "/w/y": "link /x/y", "/w/d/a": "link ../a",
    },
    "mkdir -p d e && touch d/a && ln -sr d/a e/b && ln -st e d/a": {"/w/e/b": "link ../d/a", "/w/e/a": "link d/a"},
    "touch a && ln a b && chmod 755 b": {"/w/a": "file ??? ?:?", "/w/b": "file 755 ?:?"},
    "touch a && chmod 6755 a && chown 5:6 a": {"/w/a": "file 755 5:6"},
    "mkdir a && chmod 6755 a && chown 5:6 a": {"/w/a": "directory 6755 5:6"},
    "mkdir -p a/b && touch a/c && chown -R 5:6 a && chgrp 7 a/c && chmod -R u=rwX,go= a": {
        "/w/a": "directory 700 5:6", "/w/a/b": "directory 700 5:6", "/w/a/c": "file 600 5:7",
    },
    "touch a b.sh && ln -s a l.sh && chmod +x *.sh": {"/w/a": "file 755 0:0", "/w/b.sh": "file 755 0:0"},
    "touch a && ln -s a l && chown 5 l && chown -h 6 l": {"/w/a": "file 644 5:0"},
    "touch a && chown nosuch a && chmod -x a": {"/w/a": "file 644 ?:0"},
    "touch a && chown --reference=b a": {"/w/a": "file 644 ?:?"},
    "mkdir -p a/b && touch a/c && find a -type d -exec chmod 711 {} +": {
        "/w/a": "directory 711 0:0", "/w/a/b": "directory 711 0:0", "/w/a/c": "file 644 0:0",
    },
    "mkdir a && touch a/b.pyc a/c.py && find . -name '*.pyc' -delete": {
        "/w/a/b.pyc": "?", "/w/a/c.py": "file 644 0:0",
    },
    "touch a && find . -type f -print | grep a && ls && cat a | head": {"/w/a": "file 644 0:0", "/w/b": "none"},
    "touch a && chmod 640 a && chown 5:6 a && cp a b && cp -p a c && cp a d && gzip -k a": {
        "/w/b": "file 640 0:0", "/w/c": "file 640 5:6", "/w/a": "file 640 5:6",
    },
    "touch a b && chmod 600 b && chown 5 b && cp a b && ln -s b l && chmod 755 a && cp a l": {
        "/w/b": "file 600 5:0", "/w/l": "link b",
    },
    "mkdir a && touch a/f a/.h && ln -s f a/l && cp -r a b && cp -r a/* . && mkdir c && cp -r a c && cp -r a/. d": {
        "/w/b/f": "file 644 0:0", "/w/b/l": "link f", "/w/f": "file 644 0:0", "/w/.h": "none",
        "/w/c/a/.h": "file 644 0:0", "/w/d/.h": "file 644 0:0", "/w/d": "directory 755 0:0",
    },
    "touch f && ln -s f l && cp l a && cp -P l b && cp -r l c": {
        "/w/a": "file 644 0:0", "/w/b": "link f", "/w/c": "link f",
    },
    "mkdir a b && touch a/f b/f && chmod 700 b b/f && chmod 711 a && cp -r a/. b && mkdir c && cp -a a/. c": {
        "/w/b": "directory 700 0:0", "/w/b/f": "file 700 0:0", "/w/c": "directory 711 0:0",
    },
    "touch a b && mkdir d && cp -n a b && cp --strange a d && cp a b d/": {"/w/b": "file 644 0:0"},
    "mkdir -p a/b c && touch a/f && chown 5:6 a/f && mv a/* c && mv c d && mv d/f .": {
        "/w/a": "directory 755 0:0", "/w/a/f": "none", "/w/c": "none", "/w/d/b": "directory 755 0:0",
        "/w/d/f": "none", "/w/f": "file 644 5:6",
    },
    "touch a && install a b && install -m 640 -o 5 -g 6 -D a x/y/c && install -d -m 750 -o 7 p/q": {
        "/w/b": "file 755 0:0", "/w/x/y": "directory 755 0:0", "/w/x/y/c": "file 640 5:6", "/w/p": "directory 755 0:0",
    },
    "mkdir a && tar -xf b.tar -C a && tar xzf b.tgz -C a --strip-components=1 x/bin/tool && tar tf b.tar": {
        "/w/a/bin/tool": "", "/w/a/other": "?", "/w/b": "none",
    },
    "mkdir a && tar cf a.tar a && unzip -q b.zip -d c && zip -r d a": {
        "/w/a.tar": "file 644 0:0", "/w/c": "directory 755 0:0", "/w/c/x": "?", "/w/d.zip": "file 644 0:0",
    },
    "touch a b && gunzip c.gz; bzip2 b": {"/w/b": "none"},
    "mktemp -d /tmp/x.XXXX && mktemp -u": {"/tmp/x.1234": "?", "/w/x": "none"},
    "cd .. && mkdir a && cd a && touch b && (cd /w && touch c) && touch d": {
        "/a/b": "file 644 0:0", "/w/c": "file 644 0:0", "/a/d": "file 644 0:0",
    },
    "patch -d sub -p1 < fix && touch a": {"/w/sub/x": "?", "/w/b": "none", "/w/a": "file 644 0:0"},
    "mkdir ~/x && touch $HOME/y && echo z >> ~/z": {
        "/root/x": "directory 755 0:0", "/root/y": "file 644 0:0", "/root/z": "file 644 0:0", "/w/~": "none",
    },
    "openssl req -new -keyout key.pem -out csr.pem && openssl version": {"/w/key.pem": "file ??? 0:0", "/w/x": "none"},
    "awk '{print $1}' a && awk '{print > \"b\"}' a": {"/w/b": "?"},
    "node --version && java -version": {"/w/a": "none"},
    "node build.js": {"/w/a": "?"},
    ". ./env && true": {"/w/a": "none"},
    "sed -n 'w copy' a": {"/w/copy": "?"},
}  # fmt: skip


@pytest.mark.parametrize("script", TABLE)
def test_paths_afterwards(script: str) -> None:
    state = after(script)
    assert {path: shown(state, path) for path in TABLE[script]} == TABLE[script]


@pytest.mark.parametrize(
    ("shell", "found"),
    [
        (
            '["/bin/bash", "-c"]',
            {"/w/a": "directory 755 0:0", "/w/b/d": "directory 755 0:0", "/w/{a,b}": "none"},
        ),
        ('["/bin/ash", "-c"]', {"/w/a": "none", "/w/{a,b/{c,d}}": "directory 755 0:0"}),
        ('["/bin/sh", "-c"]', {"/w/a": "?", "/w/e": "?"}),
    ],
)
def test_braces(shell: str, found: dict[str, str]) -> None:
    state = after("mkdir -p {a,b/{c,d}}", f"{HEAD}SHELL {shell}\n")
    assert {path: shown(state, path) for path in found} == found


def test_many_braces_are_bounded() -> None:
    state = after("mkdir " + "{a,b}" * 30, f'{HEAD}SHELL ["/bin/bash", "-c"]\n')
    assert shown(state, "/w/a") == "?"


def test_another_user_owns_what_it_makes() -> None:
    head = f"{HEAD}RUN touch a && chmod 666 a && mkdir d && chown 5:6 d\nUSER 5:6\n"
    state = after("touch d/b && mkdir d/c && cp a d/e && mv d/b d/g && ln -s g d/l && cp -p a d/h", head)
    assert [shown(state, f"/w/d/{name}") for name in "bcegh"] == [
        "none", "directory 755 5:6", "file 644 5:6", "file 644 5:6", "file 666 ?:?",
    ]  # fmt: skip
    assert (state.files.entry("/w/d/l", follow=False).uid, state.files.entry("/w/a").uid) == (5, 0)


def test_what_is_appended_is_known_as_long_as_all_is() -> None:
    state = after("echo one > a && echo two >> a && echo $UNKNOWN >> b")
    first, second = state.files.entry("/w/a").content, state.files.entry("/w/b").content
    assert first is not None
    assert first.text == "one\ntwo\n"
    assert second is None


@pytest.mark.parametrize(
    "command", ["rm -rf", "cp -r x", "mv x", "touch", "chmod 755", "chown 5", "ln -s x", "tee"]
)
def test_hostile_words_are_survived(command: str) -> None:
    for word in ("/" + "a/" * 3000, "../" * 500, "'[[*'", "''", "/dev/null", "$(x)", "/w/" + "x" * 300):
        assert after(f"mkdir x && {command} {word}").exists("/etc/none") in {Claim.NO, Claim.UNKNOWN}
