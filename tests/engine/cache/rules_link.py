"""`COPY --link`, which a builder with the containerd image store puts on anything."""

from __future__ import annotations

from tests.engine.cache.contexts import changed
from tests.engine.cache.scenario import BEFORE, Scenario

LINKED = "FROM {base}\nCOPY a.txt /a.txt\nCOPY {link} README.md /readme\nRUN true\n"

LINK_TREE = {"a.txt": "a {nonce}", "README.md": "readme {nonce}"}

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "link",
        "below-changes",
        LINKED.replace("{link}", "--link"),
        LINK_TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "link",
        "itself-changes",
        LINKED.replace("{link}", "--link"),
        LINK_TREE,
        changes={"README.md": "other {nonce}"},
        questions=(BEFORE, changed("README.md")),
    ),
    Scenario(
        "link",
        "with-an-owner",
        LINKED.replace("{link}", "--link --chown=1:1"),
        LINK_TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "link",
        "with-a-mode",
        LINKED.replace("{link}", "--link --chmod=600"),
        LINK_TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "link",
        "on-another-base",
        LINKED.replace("{link}", "--link"),
        LINK_TREE,
        base="files",
        questions=(("--changed-image", "{base}"),),
    ),
    Scenario(
        "link",
        "from-a-stage",
        "FROM {base} AS one\nRUN mkdir /out && echo {nonce} > /out/x\nFROM {base}\nCOPY a.txt /a\n"
        "COPY --link --from=one /out /out\nCOPY --link README.md /b\n",
        LINK_TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario("link", "nothing-changes", LINKED.replace("{link}", "--link"), LINK_TREE, questions=(BEFORE,)),
    Scenario(
        "link", "link-is-taken-away", LINKED.replace("{link}", "--link"), LINK_TREE, edits=(("--link ", ""),)
    ),
)
