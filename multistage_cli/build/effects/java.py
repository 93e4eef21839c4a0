"""Maven, Gradle and jlink: dependencies that are fetched, and what is built.

Source: the documentation of each; the official images keep Maven's repository in /root/.m2 and Gradle's in
/home/gradle/.gradle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments

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
        yield Installation("maven", (), (pom,), call.line, call.certain, kept)
    if _MAVEN_BUILDS.intersection(goals):
        yield Compilation("maven", (f"{pom.rsplit('/', 1)[0]}/target",), call.line, call.certain)


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
        yield Installation("gradle", (), files, call.line, call.certain, kept)
    if any(name in _GRADLE_BUILDS for name in names):
        yield Compilation("gradle", (call.absolute("build"),), call.line, call.certain)


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
    yield Compilation("jlink", (call.absolute(output),) if output else (), call.line, call.certain)
