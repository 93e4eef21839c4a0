"""Mounts of RUN: bind mounts by content, secrets and ids of caches not at all."""

from __future__ import annotations

from tests.engine.cache.contexts import TREE, changed
from tests.engine.cache.scenario import BEFORE, Scenario

BIND = "FROM {base}\nRUN --mount=type=bind,source=a.txt,target=/m/a.txt cat /m/a.txt > /x\nRUN true\n"

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "mounts",
        "bind-content",
        BIND,
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "mounts",
        "bind-of-another-file",
        BIND,
        TREE,
        changes={"README.md": "other"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario(
        "mounts",
        "bind-of-the-whole-context",
        "FROM {base}\nRUN --mount=target=/m ls /m > /x\n",
        TREE,
        changes={"src/lib/x.py": "other {nonce}"},
        questions=(BEFORE, changed("src/lib/x.py")),
    ),
    Scenario(
        "mounts",
        "bind-and-an-ignored-file",
        "FROM {base}\nRUN --mount=target=/m ls /m > /x\n",
        {**TREE, ".dockerignore": "README.md"},
        changes={"README.md": "2"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario("mounts", "bind-mode", BIND, TREE, acts=(("chmod", "a.txt", "755"),)),
    Scenario(
        "mounts",
        "bind-of-the-same-content-from-elsewhere",
        "FROM {base}\nRUN --mount=type=bind,source=one,target=/m ls /m > /x\n",
        {"one/a": "{nonce}", "two/a": "{nonce}"},
        edits=(("source=one", "source=two"),),
    ),
    Scenario(
        "mounts",
        "bind-target",
        "FROM {base}\nRUN --mount=type=bind,source=src,target=/m echo 1\nRUN true\n",
        TREE,
        edits=(("target=/m", "target=/n"),),
    ),
    Scenario(
        "mounts",
        "bind-that-may-be-written",
        "FROM {base}\nRUN --mount=source=src,target=/m echo 1\nRUN true\n",
        TREE,
        edits=(("target=/m", "target=/m,rw"),),
    ),
    Scenario(
        "mounts",
        "bind-keys-in-another-order",
        "FROM {base}\nRUN --mount=type=bind,source=src,target=/m echo 1\nRUN true\n",
        TREE,
        edits=(("type=bind,source=src,target=/m", "dst=/m,src=src"),),
    ),
    Scenario(
        "mounts",
        "two-mounts-swap",
        "FROM {base}\nRUN --mount=source=src,target=/m --mount=source=a.txt,target=/n echo 1\nRUN true\n",
        TREE,
        edits=(
            (
                "--mount=source=src,target=/m --mount=source=a.txt,target=/n",
                "--mount=source=a.txt,target=/n --mount=source=src,target=/m",
            ),
        ),
    ),
    Scenario(
        "mounts",
        "cache-id",
        "FROM {base}\nRUN --mount=type=cache,id=a{nonce},target=/m echo 1\nRUN true\n",
        edits=(("id=a", "id=b"),),
    ),
    Scenario(
        "mounts",
        "cache-id-given-at-all",
        "FROM {base}\nRUN --mount=type=cache,target=/m echo 1\nRUN true\n",
        edits=(("type=cache", "type=cache,id=b{nonce}"),),
    ),
    Scenario(
        "mounts",
        "cache-sharing",
        "FROM {base}\nRUN --mount=type=cache,target=/m echo 1\nRUN true\n",
        edits=(("type=cache", "type=cache,sharing=locked"),),
    ),
    Scenario(
        "mounts",
        "cache-sharing-said-aloud",
        "FROM {base}\nRUN --mount=type=cache,target=/m echo 1\nRUN true\n",
        edits=(("type=cache", "type=cache,sharing=shared"),),
    ),
    Scenario(
        "mounts",
        "cache-id-said-aloud",
        "FROM {base}\nRUN --mount=type=cache,target=/m echo 1\nRUN true\n",
        edits=(("type=cache", "type=cache,id=/m"),),
    ),
    Scenario(
        "mounts",
        "cache-target",
        "FROM {base}\nRUN --mount=type=cache,target=/m echo 1\nRUN true\n",
        edits=(("target=/m", "target=/n"),),
    ),
    Scenario(
        "mounts",
        "cache-mode",
        "FROM {base}\nRUN --mount=type=cache,target=/m,mode=0755 echo 1\nRUN true\n",
        edits=(("0755", "0700"),),
    ),
    Scenario(
        "mounts",
        "tmpfs-size",
        "FROM {base}\nRUN --mount=type=tmpfs,target=/m,size=1m echo 1\nRUN true\n",
        edits=(("1m", "2m"),),
    ),
    Scenario(
        "mounts",
        "secret-content",
        "FROM {base}\nRUN --mount=type=secret,id=token echo 1\nRUN true\n",
        secrets={"token": "1"},
        other_secrets={"token": "2"},
    ),
    Scenario(
        "mounts",
        "secret-id",
        "FROM {base}\nRUN --mount=type=secret,id=a,target=/t echo 1\nRUN true\n",
        secrets={"a": "1", "b": "1"},
        edits=(("id=a", "id=b"),),
    ),
    Scenario(
        "mounts",
        "bind-from-a-stage",
        "FROM {base} AS one\nCOPY a.txt /a.txt\nRUN mkdir /out && echo same > /out/x\n"
        "FROM {base}\nRUN --mount=from=one,source=/out,target=/m cat /m/x > /x\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "mounts",
        "bind-from-an-image",
        "FROM {base}\nRUN --mount=from=busybox:musl,source=/bin,target=/m ls /m > /x\nCOPY a.txt /a\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "mounts",
        "a-variable-in-the-source",
        "FROM {base}\nARG DIR=one\nWORKDIR /w\nRUN --mount=source=$DIR,target=/m ls /m > /x\n",
        {"one/a": "{nonce}", "two/a": "{nonce}"},
        arguments={"DIR": "one"},
        other_arguments={"DIR": "two"},
        questions=(BEFORE, ("--changed-arg", "DIR")),
    ),
    Scenario(
        "mounts",
        "a-relative-target",
        "FROM {base}\nWORKDIR /w\nRUN --mount=source=src,target=m ls m > /x\n",
        TREE,
        edits=(("target=m", "target=/w/m"),),
    ),
    Scenario(
        "mounts",
        "a-whole-stage",
        "FROM {base} AS one\nCOPY a.txt /a.txt\nFROM {base}\nRUN --mount=from=one,target=/m ls /m > /x\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "mounts",
        "a-secret-as-a-variable",
        "FROM {base}\nRUN --mount=type=secret,id=a,env=A echo 1\nRUN true\n",
        secrets={"a": "1"},
        other_secrets={"a": "2"},
    ),
    Scenario(
        "mounts",
        "a-secret-as-another-variable",
        "FROM {base}\nRUN --mount=type=secret,id=a,env=A echo 1\nRUN true\n",
        secrets={"a": "1"},
        edits=(("env=A", "env=B"),),
    ),
)
