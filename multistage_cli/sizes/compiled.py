"""What compilers and bundlers put out, by the estimator of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.sizes.model import Outcome

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation
    from multistage_cli.sizes.scene import Scene


def compiled(scene: Scene, change: Compilation) -> Outcome:
    """The binaries and bundles of one command; unknown where nothing can be said of its tool."""
    match change.tool:
        case "go":
            from multistage_cli.sizes.golang import go_program

            return go_program(scene, change)
        case "cargo":
            from multistage_cli.sizes.rust import cargo_program

            return cargo_program(scene, change)
        case "maven" | "gradle" | "jlink":
            from multistage_cli.sizes.java import java_build

            return java_build(scene, change)
        case "dotnet":
            from multistage_cli.sizes.dotnet import dotnet_build

            return dotnet_build(scene, change)
        case (
            "npm" | "yarn" | "pnpm" | "bun" | "npx" | "pnpx" | "bunx" | "ng" | "vite" | "next" | "nuxt" | "webpack"
            | "esbuild" | "turbo" | "tsc"
        ):  # fmt: skip
            from multistage_cli.sizes.bundles import bundle

            return bundle(scene, change)
        case "gcc" | "g++" | "cc" | "c++" | "clang" | "clang++" | "musl-gcc" | "gfortran" | "rustc" | "javac":
            from multistage_cli.sizes.native import native_program

            return native_program(scene, change)
        case _:
            return Outcome(
                unknown=(f"what {change.tool} builds on line {change.line}",), places=change.outputs
            )
