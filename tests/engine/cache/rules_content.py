"""Content and mode decide about COPY and ADD; time and owner do not."""

from __future__ import annotations

from tests.engine.cache.contexts import ALL, ONE, TREE, changed
from tests.engine.cache.scenario import BEFORE, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "content",
        "file-changes",
        ONE,
        {"a.txt": "1 {nonce}"},
        changes={"a.txt": "2 {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "content", "same-content-written-again", ONE, {"a.txt": "1 {nonce}"}, changes={"a.txt": "1 {nonce}"}
    ),
    Scenario("content", "only-the-time-changes", ONE, {"a.txt": "1 {nonce}"}, acts=(("touch", "a.txt"),)),
    Scenario("content", "only-the-owner-changes", ONE, {"a.txt": "1 {nonce}"}, acts=(("chown", "a.txt"),)),
    Scenario("content", "the-mode-changes", ONE, {"a.txt": "1 {nonce}"}, acts=(("chmod", "a.txt", "755"),)),
    Scenario(
        "content",
        "one-file-among-many",
        ALL,
        TREE,
        changes={"src/app.py": "other {nonce}"},
        questions=(BEFORE, changed("src/app.py"), changed("**/*.py"), changed("src")),
    ),
    Scenario(
        "content",
        "a-file-is-new",
        ALL,
        TREE,
        changes={"src/new.py": "new"},
        questions=(BEFORE, changed("src/new.py")),
    ),
    Scenario(
        "content",
        "a-file-is-gone",
        ALL,
        TREE,
        changes={"src/lib/x.py": None},
        questions=(BEFORE, changed("src/lib/x.py")),
    ),
    Scenario(
        "content", "a-file-has-another-name", ALL, TREE, acts=(("rename", "src/app.py", "src/main.py"),)
    ),
    Scenario("content", "an-empty-folder-is-new", ALL, TREE, changes={"empty/": ""}),
    Scenario("content", "a-folder-has-another-mode", ALL, TREE, acts=(("chmod", "src/lib", "700"),)),
    Scenario("content", "the-context-itself-has-another-mode", ALL, TREE, acts=(("chmod", ".", "700"),)),
    Scenario(
        "content",
        "the-copied-folder-has-another-mode",
        "FROM {base}\nCOPY src /src\nRUN true\n",
        TREE,
        acts=(("chmod", "src", "700"),),
    ),
    Scenario(
        "content",
        "a-link-points-elsewhere",
        ALL,
        {**TREE, "link": ("link", "a.txt")},
        changes={"link": ("link", "README.md")},
        questions=(BEFORE, changed("link")),
    ),
    Scenario(
        "content",
        "a-link-becomes-a-file",
        ALL,
        {**TREE, "link": ("link", "a.txt")},
        changes={"link": "a {nonce}"},
    ),
    Scenario(
        "content",
        "what-a-copied-link-leads-to",
        "FROM {base}\nCOPY link /x\nRUN true\n",
        {**TREE, "link": ("link", "a.txt")},
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "content",
        "a-link-to-the-same-content",
        "FROM {base}\nCOPY link /x\nRUN true\n",
        {"a.txt": "a {nonce}", "b.txt": "a {nonce}", "link": ("link", "a.txt")},
        changes={"link": ("link", "b.txt")},
    ),
    Scenario(
        "content",
        "a-file-that-is-not-copied",
        ONE,
        {"a.txt": "1 {nonce}", "b.txt": "1"},
        changes={"b.txt": "2"},
        questions=(BEFORE, changed("b.txt")),
    ),
    Scenario(
        "content",
        "a-second-name-for-the-same-file",
        ALL,
        {**TREE, "b.txt": "a {nonce}"},
        acts=(("hardlink", "a.txt", "b.txt"),),
    ),
    Scenario(
        "content",
        "add-of-a-file",
        "FROM {base}\nADD a.txt /a.txt\nRUN true\n",
        TREE,
        changes={"a.txt": "other {nonce}"},
        questions=(BEFORE, changed("a.txt")),
    ),
    Scenario(
        "content",
        "add-of-an-archive",
        "FROM {base}\nADD a.tar /a\nRUN true\n",
        {"a.tar": "{nonce}"},
        acts=(("tar", "a.tar", "content"),),
        questions=(BEFORE, changed("a.tar")),
    ),
    Scenario(
        "content",
        "two-sources-one-changes",
        "FROM {base}\nCOPY a.txt b.txt /d/\nRUN true\n",
        {"a.txt": "a {nonce}", "b.txt": "b"},
        changes={"b.txt": "other"},
        questions=(BEFORE, changed("b.txt")),
    ),
    Scenario(
        "content",
        "two-files-swap-their-content",
        "FROM {base}\nCOPY a.txt b.txt /d/\nRUN true\n",
        {"a.txt": "a {nonce}", "b.txt": "b {nonce}"},
        changes={"a.txt": "b {nonce}", "b.txt": "a {nonce}"},
    ),
)
