"""What Maven, Gradle and jlink build.

Nothing of it follows from the command; the ranges say so. Sources: a Spring Boot application with `web` and nothing
else is a JAR of 16 MB, applications in use have tens to 300 MB (https://besthub.dev, "Optimizing Spring Boot Fat
JARs"); `jlink` of `java.base` alone takes 30 to 50 MB, of all modules what a JRE takes (openjdk.org, JEP 282).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Cache
from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.outputs import is_mounted, sure, text_here
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation, Installation
    from multistage_cli.sizes.scene import Scene

_PLAIN: Final = Range(10_000, 500_000, 20_000_000)
_WITH_LIBRARIES: Final = Range(5_000_000, 45_000_000, 300_000_000)
_NOBODY_KNOWS: Final = Range(10_000, 25_000_000, 300_000_000)
_RUNTIME: Final = Range(25_000_000, 60_000_000, 200_000_000)
_FAT: Final = re.compile(r"spring-boot|org\.springframework\.boot|shade|assembly|shadow|quarkus|micronaut")
_PROJECTS: Final = {"maven": ("pom.xml",), "gradle": ("build.gradle.kts", "build.gradle")}


def java_build(scene: Scene, change: Compilation) -> Outcome:
    """The JAR and the classes beside it; what is downloaded to build it stays unknown."""
    unknown: list[str] = []
    if change.tool == "jlink":
        name, size = "a Java runtime", _RUNTIME
    else:
        texts = [found for file in _PROJECTS[change.tool] if (found := text_here(scene, file)) is not None]
        if not texts:
            name, size = "what Java's compiler writes", _NOBODY_KNOWS
        elif any(_FAT.search(text) for text in texts):
            name, size = "a JAR with its libraries", _WITH_LIBRARIES
        else:
            name, size = "a JAR", _PLAIN
        store = {"maven": "/root/.m2", "gradle": "/root/.gradle"}[change.tool]
        if not is_mounted(scene, store) and not is_mounted(scene, "/home/gradle/.gradle"):
            unknown.append(f"what {change.tool} downloads on line {change.line}")
    parts = tuple(
        Part(name, "program", sure(size, change.certain), path, guessed=True)
        for path in change.outputs
        if not is_mounted(scene, path)
    )
    places = ("/root/.m2", "/root/.gradle", "/home/gradle/.gradle") if unknown else ()
    return Outcome(parts, tuple(unknown), places)


def java_libraries(scene: Scene, change: Installation) -> Outcome:
    """What `dependency:go-offline` and its like keep: nothing tells how much."""
    del scene
    if change.cache in {Cache.MOUNTED, Cache.REMOVED, Cache.NEVER}:
        return Outcome()
    places = {"maven": ("/root/.m2",), "gradle": ("/root/.gradle", "/home/gradle/.gradle")}
    return Outcome(
        unknown=(f"the libraries that {change.manager} downloads on line {change.line}",),
        places=places.get(change.manager, ()),
    )
