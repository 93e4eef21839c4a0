"""Maven, Gradle and jlink: dependencies that are fetched, and what is built.

Source: the documentation of each; the official images keep Maven's repository in /root/.m2 and Gradle's in
/home/gradle/.gradle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, DirectoryMade, FileWritten, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, scripts
from multistage_cli.build.files import Content, Nature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_MAVEN_FETCHES = ("dependency:go-offline", "dependency:resolve", "dependency:resolve-plugins")
_MAVEN_BUILDS = frozenset({"compile", "package", "verify", "install", "deploy", "test"})
_GRADLE_BUILDS = (
    "build",
    "assemble",
    "jar",
    "bootJar",
    "shadowJar",
    "installDist",
    "distTar",
    "nativeCompile",
)


@effect("mvn", "mvnw")
def maven(call: Call) -> Iterator[Change]:
    """The repository that `dependency:go-offline` fills, and what the life cycle's phases build."""
    arguments = read_arguments(
        call.words,
        switches="-B --batch-mode -q --quiet -o --offline -e -X -U -ntp --no-transfer-progress -am -N -V -C",
        with_value="-f --file -P -pl --projects -s --settings -T --threads -gs",
        bundled=False,
    )
    home = call.home()
    kept = call.cache_at(UNKNOWN if home is UNKNOWN else f"{home}/.m2")
    pom = call.absolute(arguments.value("-f", "--file") or "pom.xml")
    goals = [goal for goal in arguments.operands if not goal.startswith("-")]
    fetches = [goal for goal in goals if goal.split("@")[0].endswith(_MAVEN_FETCHES)]
    if fetches:
        leaves = (*caches(call, ".m2"), *added(call, "."))
        yield Installation("maven", (), (pom,), call.line, call.certain, kept, leaves=leaves)
    if _MAVEN_BUILDS.intersection(goals):
        target = f"{pom.rsplit('/', 1)[0]}/target"
        yield Compilation("maven", (target,), call.line, call.certain, tuple(_ran(call)))
    elif not fetches:
        yield from _ran(call)


def _ran(call: Call) -> Iterator[Change]:
    """Plug-ins do what the project tells them, mostly in its folder."""
    yield from (*scripts(call), *caches(call, ".m2", ".gradle", ".cache", ".config", ".java"))
    if folder := call.environment.get("GRADLE_USER_HOME"):
        yield from added(call, folder)


@effect("gradle", "gradlew")
def gradle(call: Call) -> Iterator[Change]:
    """The dependencies that `gradle dependencies` fetches, and what its tasks build."""
    tasks = [str(word) for word in call.words if word is not UNKNOWN and not str(word).startswith("-")]
    names = [task.rsplit(":", 1)[-1] for task in tasks]
    home = call.home()
    chosen = call.environment.get("GRADLE_USER_HOME")
    kept = call.cache_at(
        chosen or (UNKNOWN if home is UNKNOWN else f"{home}/.gradle"), "/home/gradle/.gradle"
    )
    if any("dependencies" in name.lower() for name in names):
        files = tuple(call.absolute(name) for name in ("build.gradle", "build.gradle.kts"))
        yield Installation("gradle", (), files, call.line, call.certain, kept, leaves=tuple(_ran(call)))
    if any(name in _GRADLE_BUILDS for name in names):
        yield Compilation("gradle", (call.absolute("build"),), call.line, call.certain, tuple(_ran(call)))
    elif not any("dependencies" in name.lower() for name in names):
        yield from _ran(call)


@effect("jlink")
def jlink(call: Call) -> Iterator[Change]:
    """The Java runtime that `--output` names."""
    arguments = read_arguments(
        call.words,
        switches="--strip-debug --no-man-pages --no-header-files --bind-services -G --ignore-signing-information",
        with_value="--add-modules --output --compress -p --module-path --launcher --vm --limit-modules",
        bundled=False,
    )
    output = arguments.value("--output")
    leaves: tuple[Change, ...] = tuple(added(call, "." if output is None else output))
    if output is not None and call.absolute(output).startswith("/"):
        path = call.absolute(output)
        for folder in (path, f"{path}/bin", f"{path}/lib", f"{path}/conf"):
            leaves = (*leaves, DirectoryMade(folder, call.line, call.certain), *added(call, folder))
        java = Content(Nature.BINARY)
        leaves = (*leaves, FileWritten(f"{path}/bin/java", call.line, call.certain, java, mode=0o755))
    yield Compilation("jlink", (call.absolute(output),) if output else (), call.line, call.certain, leaves)
