"""Writes docs/rules.md from the docstrings of the rules: `python scripts/rules.py`, `--check` to compare only."""

from __future__ import annotations

import sys
from pathlib import Path

from multistage_cli.analyze.page import markdown_of
from multistage_cli.analyze.rule import all_rules
from multistage_cli.explain.views.markdown import table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"

FAMILIES = {
    "MS0": "Refused by BuildKit",
    "MS1": "Syntax and style",
    "MS2": "Stages and configuration",
    "MS3": "Copies and paths",
    "MS4": "Packages",
    "MS5": "At run time",
    "MS6": "Security",
    "MS7": "Size and cache",
    "MS8": "Shell scripts",
    "MS9": "About multistage itself",
}

HEAD = """\
# Rules

What `multistage analyze` finds. `multistage explain MS204` shows one of these pages in a terminal. A rule is
named by its code, its name or its name elsewhere; `MS2` means all codes that start so.

This page is made from the rules themselves: `python scripts/rules.py`.
"""


def rules_page() -> str:
    """The whole page."""
    parts = [HEAD]
    for prefix, title in FAMILIES.items():
        rules = [rule for rule in all_rules() if rule.code.startswith(prefix)]
        if rules:
            parts.append(f"## {title}\n")
            parts.append(table(rules))
    parts.extend(markdown_of(rule, "###") for rule in all_rules())
    return "\n".join(parts)


def main() -> int:
    page = rules_page()
    if sys.argv[1:] == ["--check"]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
        if not same:
            print("docs/rules.md is not what the rules say: run python scripts/rules.py")
        return int(not same)
    PAGE.write_text(page, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
