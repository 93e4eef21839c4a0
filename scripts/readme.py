"""Keep the README true: its examples are what the program prints, and its picture is drawn from it.

    python scripts/readme.py            writes the examples and the picture anew
    python scripts/readme.py --check    fails where they differ from what is committed
    python scripts/readme.py --command tests    prints the command under the heading of that name

An example is a fenced block after a comment such as `<!-- output: multistage flow --format tree -->`; the
program runs in this folder, 80 columns wide and without colour. A comment may end in `| lines 1-20`.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shlex
import sys
from contextlib import redirect_stdout
from difflib import unified_diff
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "report.svg"
BLOCK = re.compile(
    r"(?P<head><!-- output: (?P<command>[^|\n]+?)(?: \| lines (?P<first>\d+)-(?P<last>\d+))? -->\n```\w*\n)"
    r"(?P<body>.*?)(?P<tail>```\n)",
    re.DOTALL,
)
COMMAND = re.compile(r"<!-- command: (?P<name>\w+) -->\n```\w*\n(?P<command>.*?)\n```", re.DOTALL)
WIDTH = 80


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--command", metavar="NAME", help="print the command of that name")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    if options.command:
        found = {match["name"]: match["command"] for match in COMMAND.finditer(text)}
        print(found[options.command])
        return 0
    os.chdir(ROOT)
    wanted = {README: BLOCK.sub(example, text), PICTURE: picture()}
    stale = [
        path for path, content in wanted.items() if not path.exists() or path.read_text("utf-8") != content
    ]
    if options.check:
        for path in stale:
            before = path.read_text("utf-8").splitlines() if path.exists() else []
            difference = unified_diff(
                before, wanted[path].splitlines(), str(path), "as it would be", lineterm=""
            )
            print("\n".join(list(difference)[:60]), file=sys.stderr)
        if stale:
            print("run python scripts/readme.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


def example(match: re.Match[str]) -> str:
    """A block with what its command prints now."""
    lines = run(match["command"].strip()).splitlines()
    if match["first"]:
        lines = lines[int(match["first"]) - 1 : int(match["last"])]
    return match["head"] + "\n".join(lines) + "\n" + match["tail"]


def run(command: str) -> str:
    """What a command line of the program prints; other programs are not run."""
    from multistage_cli.cli import main as program

    words = shlex.split(command)
    assert words[0] == "multistage", command
    output = io.StringIO()
    os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1", TERMINAL_WIDTH=str(WIDTH))
    with redirect_stdout(output):
        code = program(words[1:])
    if code not in {0, 1}:
        sys.exit(f"{command} ended with {code}")
    return output.getvalue()


def picture() -> str:
    """The whole report as an SVG."""
    from rich.console import Console

    from multistage_cli.report.page import collect_page
    from multistage_cli.report.views.text import render
    from multistage_cli.terminal.commands import BuildOptions, evaluate_source
    from multistage_cli.terminal.reading import parsed_dockerfile

    build = evaluate_source(*parsed_dockerfile(Path("Dockerfile")), BuildOptions())
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(render(collect_page(build)))
    return console.export_svg(title="multistage", unique_id="multistage")


if __name__ == "__main__":
    sys.exit(main())
