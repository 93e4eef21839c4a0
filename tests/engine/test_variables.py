"""What a Docker engine makes of the same words and the same ARG and ENV lines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import (
    PLATFORM_ARGUMENTS,
    Scope,
    Variables,
    declare_argument,
    expand,
    expand_heredoc,
    expand_pairs,
    expand_words,
    global_scope,
    predefined,
    set_environment,
)
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

TABLE = Path(__file__).parents[1] / "data" / "expansions.txt"
SECONDS = 300
REQUIRED = "MULTISTAGE_REQUIRE_ENGINE"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Engine:
    """Docker, with a folder to build in and a name for what is built."""

    folder: Path
    image: str

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *words], capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False
        )

    def build(self, dockerfile: str, *options: str) -> subprocess.CompletedProcess[str]:
        self.folder.joinpath("Dockerfile").write_text(dockerfile, encoding="utf-8")
        return self.run("build", "--quiet", "--tag", self.image, *options, str(self.folder))

    def configuration(self, dockerfile: str, *options: str) -> dict[str, object]:
        built = self.build(dockerfile, *options)
        assert built.returncode == 0, built.stderr
        inspected = self.run("image", "inspect", "--format", "{{json .Config}}", self.image)
        configuration = json.loads(inspected.stdout)
        assert isinstance(configuration, dict)
        return configuration

    def labels(self, dockerfile: str, *options: str) -> dict[str, str]:
        labels = self.configuration(dockerfile, *options)["Labels"]
        assert isinstance(labels, dict)
        return labels

    def refusal(self, dockerfile: str, *options: str) -> str | None:
        """Why the engine refuses the file; nothing is built."""
        self.folder.joinpath("Dockerfile").write_text(dockerfile, encoding="utf-8")
        found = self.run("build", "--call=check,format=json", *options, str(self.folder))
        if not found.stdout:
            return found.stderr
        error = json.loads(found.stdout).get("buildError")
        return error["message"] if error else None


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that answers and knows `docker build --call=check`; no base image is needed."""
    found = Engine(tmp_path_factory.mktemp("variables"), f"multistage-test-{uuid.uuid4().hex}")
    if shutil.which("docker") is None:
        unavailable("there is no docker command")
    version = found.run("version", "--format", "{{.Server.Version}}")
    if version.returncode != 0:
        unavailable(f"no Docker engine: {version.stderr.strip()}")
    if (refusal := found.refusal("FROM scratch\nLABEL a=b\n")) is not None:
        unavailable(f"Docker {version.stdout.strip()} has no build checks: {refusal}")
    yield found
    found.run("image", "rm", "--force", found.image)


def unavailable(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} ({REQUIRED} is 1)")
    pytest.skip(reason)


def read_table() -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    variables: dict[str, str] = {}
    cases: list[tuple[str, str, str]] = []
    group = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            group = line[3:]
        elif "\t" in line:
            word, result = line.split("\t")
            if group == "variables":
                variables[word] = result
            else:
                cases.append(("`" if "escape=`" in group else "\\", word, result))
    return variables, cases


VARIABLES, CASES = read_table()
VALID = [case for case in CASES if not case[2].startswith("!")]
REFUSED = [case for case in CASES if case[2].startswith("!")]


def head(escape: str) -> str:
    """A stage that declares the table's variables; their values come as build arguments, unquoted."""
    return f"# escape={escape}\nFROM scratch\n" + "".join(f"ARG {name}\n" for name in VARIABLES)


def build_arguments() -> list[str]:
    return [word for name, value in VARIABLES.items() for word in ("--build-arg", f"{name}={value}")]


@pytest.mark.parametrize("escape", ["\\", "`"])
def test_the_engine_expands_every_word_of_the_table_alike(engine: Engine, escape: str) -> None:
    # `LABEL name rest of the line` takes the rest as one word, whatever is in it.
    cases = [(word, result) for found, word, result in VALID if found == escape]
    lines = "".join(f"LABEL word{index} {word}\n" for index, (word, _) in enumerate(cases))
    labels = engine.labels(head(escape) + lines, *build_arguments())
    differences = [
        (word, result, labels[f"word{index}"])
        for index, (word, result) in enumerate(cases)
        if labels[f"word{index}"] != result
    ]
    assert differences == []


@pytest.mark.parametrize(("escape", "word", "result"), REFUSED)
def test_the_engine_refuses_the_word_too(engine: Engine, escape: str, word: str, result: str) -> None:
    assert engine.refusal(f"{head(escape)}LABEL word {word}\n", *build_arguments()) is not None


PORTS = [
    "80",
    "$x",
    "8${x}",
    "$list",
    '"$x"',
    "80${u:-81}",
    "9${x:+1}",
    "80 9${x:+1} 70",
    '5"7${u:-1}"2',
    "5${x#7}6",
    "5${x/7/8}6",
    "5${x}6",
    "${list}1",
    "1$list",
    "${list#*7}0/udp",
    "${u:-$list}",
    '"${u:-9}"${list#*7}',
    "8${u:-$list}3",
    "8${list%?}3",
    "${x}-73/tcp",
    '""80',
    "8''0",
    "\\80",
    "${u:-${x}1}",
]


@pytest.mark.parametrize("word", PORTS)
def test_words_split_as_in_expose(engine: Engine, word: str) -> None:
    lines = f'FROM scratch\nARG x=70\nARG list="71 72"\nEXPOSE {word}\n'
    exposed = engine.configuration(lines)["ExposedPorts"]
    assert isinstance(exposed, dict)
    scope = Scope({"x": "70", "list": "71 72", "PATH": DEFAULT_PATH})
    ports: set[str] = set()
    for argument in parse(lines).instructions[-1].words:
        found, expansion = expand_words(argument, scope)
        assert found is not UNKNOWN, expansion.error
        for port in found:
            numbers, _, protocol = port.partition("/")
            first, _, last = numbers.partition("-")
            ports |= {f"{n}/{protocol or 'tcp'}" for n in range(int(first), int(last or first) + 1)}
    assert ports == set(exposed)


HEREDOCS = [
    "plain\n",
    "$x ${x} ${u:-d} ${u}\n",
    "\"$x\" '$x' it's\n",
    '\\$x \\a \\\\ \\" \n',
    "${u:-\"q\"} ${u:-'$x'} ${x%c} ${x#a}\n",
    "${x/b/'B'} ${x//?/<\\$0>}\n",
    "two\n\n  lines $x\n",
    "`$x` $(x) $ \n",
    "${u:-a\nb}\n",
]


@pytest.mark.parametrize("escape", ["\\", "`"])
def test_heredoc_bodies_expand_alike(engine: Engine, escape: str, tmp_path: Path) -> None:
    copies = "".join(f"COPY <<END /{index}\n{body}END\n" for index, body in enumerate(HEREDOCS))
    output = f"type=local,dest={tmp_path}"
    built = engine.build(f"# escape={escape}\nFROM scratch\nARG x=abc\n{copies}", "--output", output)
    assert built.returncode == 0, built.stderr
    for index, body in enumerate(HEREDOCS):
        found = expand_heredoc(body, Scope({"x": "abc", "PATH": DEFAULT_PATH}))
        assert found.value == tmp_path.joinpath(str(index)).read_text(encoding="utf-8")


FILES = {
    "ARG and ENV of one name": """
        FROM scratch
        ENV a=env
        LABEL l1=$a
        ARG a=arg
        LABEL l2=$a
        ENV a=again
        LABEL l3=$a
        ARG a
        LABEL l4=$a
        ARG b=arg
        ENV b=env
        ARG c
        LABEL l5=$b l6=${c-unset}
        """,
    "a stage from a stage": """
        ARG outer=global
        FROM scratch AS base
        ENV a=env kept=1
        ARG a=arg b=own outer
        ENV e=$a$b
        LABEL l1=$a l2=$b l3=$outer
        FROM base AS middle
        LABEL l4=$a l5=$b l6=$outer l7=$e
        ARG a=middle kept
        LABEL l8=$a l9=$kept
        FROM middle
        LABEL l10=$a l11=$b l12=$kept l13=$e l14=$outer
        ENV b=last
        LABEL l15=$b
        """,
    "pairs of one line": """
        FROM scratch
        ENV a=1 b=$a c="${a:-none}"
        LABEL l1=$a l2=$b l3=$c
        ENV a=2 a=$a a=${a}x
        LABEL l4=$a
        ARG p=1 q=$p r=${q}2
        LABEL l5=$p l6=$q l7=$r
        """,
    "names": """
        FROM scratch
        ARG n=name
        ENV ${n}1=v "q $n"=w
        LABEL $n=x "l 2"=$name1 l3${n}=y
        """,
    "global arguments": """
        ARG a=1
        ARG a
        ARG b=$a$TARGETARCH c="x y"
        ARG d=${b} unset
        ARG c=$c!
        FROM scratch
        ARG a
        ARG b c
        ARG d=${d:-own} unset
        LABEL l1=$a l2=$b l3=$c l4=$d l5=${unset-not} l6=${TARGETARCH-hidden}
        """,
    "platform arguments": """
        FROM scratch
        ARG TARGETARCH=mine
        ARG TARGETOS
        ARG BUILDPLATFORM TARGETVARIANT
        ARG TARGETSTAGE
        LABEL l1=$TARGETARCH l2=$TARGETOS l3=$BUILDPLATFORM l4=${TARGETVARIANT-unset} l5=$TARGETSTAGE
        """,
    "the old form of ENV": """
        FROM scratch
        ENV a  "one  two"   three $PATH
        LABEL l1=$a
        LABEL l2 $a and  more
        """,
    "arguments of the builder": """
        FROM scratch
        ARG BUILDKIT_SBOM_SCAN_STAGE=true
        ARG a=1
        LABEL l1=${BUILDKIT_SBOM_SCAN_STAGE-hidden} l2=$a l3=${HTTP_PROXY-none}
        """,
    "PATH": """
        FROM scratch AS a
        LABEL l1=$PATH
        ENV PATH=/app/bin:$PATH
        FROM a
        LABEL l2=$PATH
        """,
}
BUILD_ARGUMENTS = [
    {},
    {"a": "A", "b": "", "outer": "o", "TARGETARCH": "mips", "c": "$x 'q'"},
    {"kept": "k", "unset": "u", "TARGETOS": "plan9", "d": "D", "n": "m", "HTTP_PROXY": "http://127.0.0.1:1"},
]


def walk(dockerfile: str, build_args: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The labels and the environment of the last stage, as this package works them out."""
    instructions = parse(dockerfile).instructions
    first = next(index for index, found in enumerate(instructions) if found.name == "FROM")
    outer = global_scope(instructions[:first], build_args, predefined())
    stages: dict[str, tuple[Variables, dict[str, str]]] = {}
    variables, labels, name = Variables(), dict[str, str](), ""
    for instruction in instructions[first:]:
        if instruction.name == "FROM":
            stages[name] = (variables, labels)
            base, *rest = instruction.words
            name = rest[-1] if rest else "last"
            if base == "scratch":
                variables, labels = Variables.of({"PATH": DEFAULT_PATH}), {}
            else:
                variables, labels = stages[base][0].inherit(), dict(stages[base][1])
        elif instruction.name == "ARG":
            for pair in instruction.pairs:
                variables, declaration = declare_argument(variables, pair, outer, build_args)
                assert declaration.error is None
        elif instruction.name == "ENV":
            variables, pairs = set_environment(variables, instruction.pairs)
            assert not any(pair.error for pair in pairs)
        else:
            for pair in expand_pairs(instruction.pairs, variables.scope):
                assert isinstance(pair.name.value, str)
                assert isinstance(pair.value.value, str)
                labels[pair.name.value] = pair.value.value
    environment = {key: value for key, value in variables.environment.items() if isinstance(value, str)}
    return labels, environment


@pytest.mark.parametrize("build_args", BUILD_ARGUMENTS, ids=["none", "some", "others"])
@pytest.mark.parametrize("title", FILES)
def test_scopes_are_the_engines(engine: Engine, title: str, build_args: dict[str, str]) -> None:
    dockerfile = "\n".join(line.strip() for line in FILES[title].strip().splitlines()) + "\n"
    options = [word for name, value in build_args.items() for word in ("--build-arg", f"{name}={value}")]
    configuration = engine.configuration(dockerfile, "--platform", "linux/amd64", *options)
    labels, environment = walk(dockerfile, build_args)
    assert configuration["Labels"] == labels
    assert configuration["Env"] == [f"{name}={value}" for name, value in environment.items()]


PLATFORMS = [
    *("linux/amd64", "linux/arm64", "linux/arm64/v8", "linux/arm64/v8.0", "linux/arm64/v9", "linux/arm64/9"),
    *("linux/arm", "linux/arm/v7", "linux/arm/v6", "linux/arm/5", "linux/amd64/v1", "linux/amd64/v2"),
    *("linux/x86_64", "linux/aarch64", "linux/386", "linux/i386/v1", "linux/armhf", "linux/armel"),
    *("linux", "arm64", "armhf", "x86_64", "darwin", "macos/arm64", "windows/amd64", "LINUX/AMD64"),
    *("windows(10.0.17763.1)/amd64", "linux/foo", "linux/riscv64", "wasi/wasm", "linux/armv7"),
]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platform_arguments_are_the_engines(engine: Engine, platform: str) -> None:
    own = engine.run("version", "--format", "{{.Server.Os}}/{{.Server.Arch}}").stdout.strip()
    lines = "".join(f"ARG {name}\nLABEL {name}=${name}\n" for name in PLATFORM_ARGUMENTS)
    labels = engine.labels(f"FROM scratch AS Base\n{lines}", "--platform", platform)
    assert labels == predefined(build_platform=own, target_platform=platform, target_stage="base")


@pytest.mark.parametrize("platform", ["", "linux//v1", "armv7l", "wasi", "linux/amd64/v1/x", "linux/a b"])
def test_the_engine_refuses_the_platform_too(engine: Engine, platform: str) -> None:
    with pytest.raises(MultistageError):
        predefined(target_platform=platform)
    assert engine.build("FROM scratch\nLABEL a=b\n", f"--platform={platform}").returncode != 0


def test_checks_name_the_same_unset_variables(engine: Engine) -> None:
    lines = "FROM scratch\nLABEL a=${x:-d} b=${y+e} c=${z#p} d=${w/p/r} e=$$ f=$1 g=$PATH h=${v-} i=$q$q\n"
    engine.folder.joinpath("Dockerfile").write_text(lines, encoding="utf-8")
    found = engine.run("build", "--call=check,format=json", str(engine.folder))
    named = {entry["detail"].split("'$")[1].split("'")[0] for entry in json.loads(found.stdout)["warnings"]}
    expansions = [
        expand(pair.value or "", Scope({"PATH": DEFAULT_PATH}))
        for pair in parse(lines).instructions[-1].pairs
    ]
    unset = frozenset().union(*(expansion.unset | expansion.defaulted for expansion in expansions))
    assert unset == named
