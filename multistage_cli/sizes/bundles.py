"""What bundlers and compilers of JavaScript write: by what package.json builds with.

Measured (November 2026): a page of React with a router and axios is 0.3 MB with Vite, one with three widgets of
antd 5 MB with source maps; one page with Next is 8.4 MB, of which its own cache is 7.8 MB. Applications are larger
by what they hold of their own: pictures, fonts and pages. The ranges are wide for that reason, and guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.node_locks import read_json
from multistage_cli.sizes.node_outline import table
from multistage_cli.sizes.outputs import here, is_mounted, sure, text_here
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation
    from multistage_cli.sizes.scene import Scene

_TOOLS: Final = (
    (r"next build|\bnext\b.*\bbuild", "next", ".next", Range(600_000, 30_000_000, 400_000_000)),
    (r"nuxi? (?:build|generate)|nuxt build", "nuxt", ".output", Range(1_500_000, 12_000_000, 150_000_000)),
    (r"react-scripts build", "react-scripts", "build", Range(400_000, 4_000_000, 60_000_000)),
    (r"vite(?:\.js)? build|\bvite build", "vite", "dist", Range(50_000, 1_500_000, 40_000_000)),
    (r"\bng build", "Angular", "dist", Range(300_000, 3_000_000, 60_000_000)),
    (r"vue-cli-service build", "Vue", "dist", Range(200_000, 2_500_000, 50_000_000)),
    (r"astro build", "Astro", "dist", Range(20_000, 1_500_000, 100_000_000)),
    (r"\bnest build", "Nest", "dist", Range(10_000, 500_000, 10_000_000)),
    (
        r"\btsup\b|\bwebpack\b|\brollup\b|\besbuild\b|\bparcel build",
        "a bundler",
        "dist",
        Range(10_000, 800_000, 30_000_000),
    ),
    (r"\btsc\b", "TypeScript", "dist", Range(5_000, 400_000, 10_000_000)),
)
"""What a script runs -> by whom, the usual folder, and how much."""
_RUNS: Final = re.compile(r"\b(?:npm|yarn|pnpm|bun)(?:\s+run)?\s+(?:--?\S+\s+)*([\w:.-]+)")
_OUTPUT: Final = re.compile(r"--outfile[= ]([^\s&|;]+)|--(?:outDir|out-?dir|output-path)[= ]([^\s&|;]+)")
_ONE_FILE: Final = Range(1_000, 300_000, 6_000_000)
_HARMLESS: Final = frozenset({"lint", "test", "typecheck", "type-check", "format", "audit"})


def bundle(scene: Scene, change: Compilation) -> Outcome:
    """The folder that a build script fills; unknown where package.json does not say with what."""
    text = _commands(scene, change)
    folder = here(scene)
    unknown = f"what {change.tool} builds on line {change.line}"
    if text is None:
        return Outcome(unknown=(unknown,), places=() if folder is None else (folder,))
    if not text:
        return Outcome()
    for pattern, name, output, size in _TOOLS:
        if re.search(pattern, text):
            named = _OUTPUT.search(text)
            written = size if named is None or not named[1] else _ONE_FILE
            path = here(scene, output if named is None else named[1] or named[2])
            if path is not None and is_mounted(scene, path):
                return Outcome()
            part = Part(f"what {name} builds", "program", sure(written, change.certain), path, guessed=True)
            return Outcome((part,))
    return Outcome(unknown=(unknown,), places=() if folder is None else (folder,))


def _commands(scene: Scene, change: Compilation) -> str | None:
    """The command line that runs in the end: the RUN's own, or a script of package.json; empty for harmless ones."""
    told = scene.step.instruction.text
    if change.tool not in {"npm", "yarn", "pnpm", "bun"}:
        return told
    manifest = text_here(scene, "package.json")
    scripts = table(read_json(manifest or ""), "scripts")
    names = [name for name in _RUNS.findall(told) if name not in {"run", "ci", "install", "i", "exec"}]
    lines = [str(scripts[name]) for name in names if name in scripts]
    if not lines:
        return "" if names and set(names) <= _HARMLESS else None
    if {name for name in names if name in scripts} <= _HARMLESS:
        return ""
    # A script may run another one.
    more = [str(scripts[name]) for line in lines for name in _RUNS.findall(line) if name in scripts]
    return " && ".join((*lines, *more))
