"""What comes from outside of the build context: addresses, and named contexts."""

from __future__ import annotations

from tests.engine.cache.contexts import TREE, changed
from tests.engine.cache.scenario import BEFORE, Scenario

ADD = "FROM {base}\nADD {address}/remote.txt /r\nCOPY a.txt /a\nRUN true\n"
NAMED = "FROM {base}\nCOPY --from=assets logo /logo\nCOPY a.txt /a\nRUN true\n"
ASSETS = {"a.txt": "a {nonce}", "assets/logo": "logo {nonce}", "assets/other": "other"}
OPTION = ("--build-context=assets=assets",)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "outside",
        "an-address-serves-something-else",
        ADD,
        {**TREE, "remote.txt": "1 {nonce}"},
        changes={"remote.txt": "2 {nonce}"},
        questions=(("--changed-image", "{address}/remote.txt"), BEFORE),
    ),
    Scenario(
        "outside",
        "an-address-serves-the-same",
        ADD,
        {**TREE, "remote.txt": "1 {nonce}"},
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "outside",
        "a-named-context-and-the-file",
        NAMED,
        ASSETS,
        options=OPTION,
        changes={"assets/logo": "other {nonce}"},
        questions=(("--changed-image", "assets"), BEFORE),
    ),
    Scenario(
        "outside",
        "a-named-context-and-another-file",
        NAMED,
        ASSETS,
        options=OPTION,
        changes={"assets/other": "other {nonce}"},
        questions=(("--changed-image", "assets"), BEFORE),
    ),
)
