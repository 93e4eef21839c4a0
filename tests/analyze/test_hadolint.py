"""hadolint's 71 rules: which of ours is which, and what a real hadolint said of files made from parts."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.rule import Rule, all_rules, asked_of
from multistage_cli.analyze.settings import LabelFormat, Settings
from multistage_cli.analyze.shellcheck import program
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse
from tests.hadolint import Case, answers, cases

DEBIAN = "FROM debian:12-slim\n"
ALPINE = "FROM alpine:3.22\n"
DNF = "FROM rockylinux:9\n"
SUSE = "FROM opensuse/leap:15.6\n"
APT = "apt-get install -y --no-install-recommends curl=7.88.1-10"
CLEAN = "rm -rf /var/lib/apt/lists/*"


def label(form: LabelFormat) -> Settings:
    return Settings(required_labels={"one": form})


STRICT = Settings(required_labels={"one": LabelFormat.TEXT}, strict_labels=True)
TRUSTED = Settings(trusted_registries=("docker.io",))

# Code of hadolint, our rule, a Dockerfile that triggers it, one that does not, and settings where it needs any.
PARITY: list[tuple[str, str, str, str, Settings]] = [
    (code, ours, bad, good, settings[0] if settings else Settings())
    for code, ours, bad, good, *settings in [
        ("DL1001", "MS110", "# hadolint ignore=DL3007\nFROM debian:latest\n", f"# a remark\n{DEBIAN}"),
        ("DL3000", "MS303", f"{DEBIAN}WORKDIR app\n", f"{DEBIAN}WORKDIR /app\n"),
        ("DL3001", "MS803", f"{DEBIAN}RUN top -b\n", f"{DEBIAN}RUN topology -b\n"),
        ("DL3002", "MS520", f"{DEBIAN}USER root\n", f"{DEBIAN}USER root\nUSER 10001\n"),
        ("DL3003", "MS804", f"{DEBIAN}RUN cd /srv && make\n", f"{DEBIAN}WORKDIR /srv\nRUN make\n"),
        ("DL3004", "MS620", f"{DEBIAN}RUN sudo make\n", f"{DEBIAN}RUN make\n"),
        ("DL3006", "MS221", "FROM debian\n", DEBIAN),
        ("DL3007", "MS222", "FROM debian:latest\n", DEBIAN),
        ("DL3008", "MS401", f"{DEBIAN}RUN apt-get install -y curl\n", f"{DEBIAN}RUN {APT}\n"),
        ("DL3009", "MS404", f"{DEBIAN}RUN apt-get update && {APT}\n",
         f"{DEBIAN}RUN apt-get update && {APT} && {CLEAN}\n"),
        ("DL3010", "MS721", f"{DEBIAN}COPY a.tar.gz /\nRUN tar -xf /a.tar.gz\n",
         f"{DEBIAN}ADD a.tar.gz /\nRUN ls\n"),
        ("DL3011", "MS001", f"{DEBIAN}EXPOSE 65536\n", f"{DEBIAN}EXPOSE 65535\n"),
        ("DL3012", "MS203", f'{DEBIAN}HEALTHCHECK CMD ["a"]\nHEALTHCHECK CMD ["b"]\n',
         f'{DEBIAN}HEALTHCHECK CMD ["a"]\n'),
        ("DL3013", "MS425", "FROM python:3.13\nRUN pip install flask\n",
         "FROM python:3.13\nRUN pip install flask==3.1.0\n"),
        ("DL3014", "MS402", f"{DEBIAN}RUN apt-get install curl\n",
         f"{DEBIAN}RUN apt-get install --yes curl\n"),
        ("DL3015", "MS403", f"{DEBIAN}RUN apt-get install -y curl\n", f"{DEBIAN}RUN {APT}\n"),
        ("DL3016", "MS430", "FROM node:22\nRUN npm install serve\n",
         "FROM node:22\nRUN npm install serve@14.2.5\n"),
        ("DL3018", "MS410", f"{ALPINE}RUN apk add curl\n", f"{ALPINE}RUN apk add curl=8.14.1-r1\n"),
        ("DL3019", "MS411", f"{ALPINE}RUN apk add curl\n", f"{ALPINE}RUN apk add --no-cache curl\n"),
        ("DL3020", "MS111", f"{DEBIAN}ADD a /\n", f"{DEBIAN}ADD a.tar /\n"),
        ("DL3021", "MS225", f"{DEBIAN}COPY a.txt b.txt /c\n", f"{DEBIAN}COPY a.txt b.txt /c/\n"),
        ("DL3022", "MS220", f"{DEBIAN}COPY --from=nowhere /a /a\n",
         f"{DEBIAN}COPY --from=nginx:1.29 /a /a\n"),
        ("DL3023", "MS001", "FROM debian:12 AS a\nCOPY --from=a /b /b\n",
         "FROM debian:12 AS a\nFROM a\nCOPY --from=a /b /b\n"),
        ("DL3024", "MS201", "FROM debian:12 AS a\nFROM debian:12 AS a\n",
         "FROM debian:12 AS a\nFROM a AS b\n"),
        ("DL3025", "MS501", f"{DEBIAN}CMD sleep 60\n", f'{DEBIAN}CMD ["sleep", "60"]\n'),
        ("DL3026", "MS630", "FROM quay.io/a/b:1\n", DEBIAN, TRUSTED),
        ("DL3027", "MS405", f"{DEBIAN}RUN apt update\n", f"{DEBIAN}RUN apt-get update\n"),
        ("DL3028", "MS435", "FROM ruby:3.4\nRUN gem install puma\n",
         "FROM ruby:3.4\nRUN gem install puma:6.5.0\n"),
        ("DL3029", "MS208", "FROM --platform=linux/arm64 debian:12\n",
         "FROM --platform=$BUILDPLATFORM debian:12\n"),
        ("DL3030", "MS416", f"{DNF}RUN yum install tar\n", f"{DNF}RUN yum install -y tar\n"),
        ("DL3032", "MS417", f"{DNF}RUN yum install -y tar\n",
         f"{DNF}RUN yum install -y tar && yum clean all\n"),
        ("DL3033", "MS415", f"{DNF}RUN yum install -y tar\n", f"{DNF}RUN yum install -y tar-1.34\n"),
        ("DL3034", "MS421", f"{SUSE}RUN zypper install tar\n", f"{SUSE}RUN zypper -n install tar\n"),
        ("DL3035", "MS423", f"{SUSE}RUN zypper -n dup\n", f"{SUSE}RUN zypper -n patch\n"),
        ("DL3036", "MS422", f"{SUSE}RUN zypper -n install tar\n",
         f"{SUSE}RUN zypper -n install tar && zypper clean\n"),
        ("DL3037", "MS420", f"{SUSE}RUN zypper -n install tar\n", f"{SUSE}RUN zypper -n install tar=1.34\n"),
        ("DL3038", "MS416", f"{DNF}RUN dnf install tar\n", f"{DNF}RUN dnf install -y tar\n"),
        ("DL3040", "MS417", f"{DNF}RUN dnf install -y tar\n",
         f"{DNF}RUN dnf install -y tar && dnf clean all\n"),
        ("DL3041", "MS415", f"{DNF}RUN dnf install -y tar\n", f"{DNF}RUN dnf install -y tar-1.34\n"),
        ("DL3042", "MS426", "FROM python:3.13\nRUN pip install a\n",
         "FROM python:3.13\nRUN pip install --no-cache-dir a\n"),
        ("DL3043", "MS001", f"{DEBIAN}ONBUILD FROM debian:12\n", f"{DEBIAN}ONBUILD RUN make\n"),
        ("DL3044", "MS205", f"{DEBIAN}ENV A=1 B=$A\n", f"{DEBIAN}ENV A=1\nENV B=$A\n"),
        ("DL3044", "MS223", "FROM example.com/a:1\nENV A=1 B=$A\n",
         "FROM example.com/a:1\nENV A=1\nENV B=$A\n"),
        ("DL3045", "MS224", f"{DEBIAN}COPY a b\n", f"{DEBIAN}WORKDIR /srv\nCOPY a b\n"),
        ("DL3046", "MS521", "FROM debian:11\nRUN useradd -u 1234567 a\n",
         "FROM debian:11\nRUN useradd -l -u 1234567 a\n"),
        ("DL3047", "MS621", f"{DEBIAN}RUN wget https://a.example\n",
         f"{DEBIAN}RUN wget -nv https://a.example\n"),
        ("DL3048", "MS113", f"{DEBIAN}LABEL One=1\n", f"{DEBIAN}LABEL one=1\n"),
        ("DL3049", "MS230", DEBIAN, f"{DEBIAN}LABEL one=1\n", label(LabelFormat.TEXT)),
        ("DL3050", "MS231", f"{DEBIAN}LABEL two=1\n", f"{DEBIAN}LABEL one=1\n", STRICT),
        ("DL3051", "MS232", f'{DEBIAN}LABEL one=""\n', f"{DEBIAN}LABEL one=1\n", label(LabelFormat.TEXT)),
        ("DL3052", "MS232", f"{DEBIAN}LABEL one=1\n", f"{DEBIAN}LABEL one=https://a.example\n",
         label(LabelFormat.URL)),
        ("DL3053", "MS232", f"{DEBIAN}LABEL one=1\n", f"{DEBIAN}LABEL one=2026-01-31T12:00:00Z\n",
         label(LabelFormat.RFC3339)),
        ("DL3054", "MS232", f"{DEBIAN}LABEL one=1\n", f"{DEBIAN}LABEL one=MIT\n", label(LabelFormat.SPDX)),
        ("DL3055", "MS232", f"{DEBIAN}LABEL one=1\n", f"{DEBIAN}LABEL one=d6cd1e2bd19e\n",
         label(LabelFormat.HASH)),
        ("DL3056", "MS232", f"{DEBIAN}LABEL one=1\n", f"{DEBIAN}LABEL one=1.4.0\n",
         label(LabelFormat.SEMVER)),
        ("DL3057", "MS522", DEBIAN, f'{DEBIAN}HEALTHCHECK CMD ["a"]\n'),
        ("DL3058", "MS232", f"{DEBIAN}LABEL one=1\n", f"{DEBIAN}LABEL one=a@b.example\n",
         label(LabelFormat.EMAIL)),
        ("DL3059", "MS720", f"{DEBIAN}RUN a\nRUN b\n", f"{DEBIAN}RUN a\nWORKDIR /b\nRUN b\n"),
        ("DL3060", "MS431", "FROM node:22\nRUN yarn install\n",
         "FROM node:22\nRUN yarn install && yarn cache clean\n"),
        ("DL3061", "MS001", f"RUN make\n{DEBIAN}", f"ARG A=1\n{DEBIAN}"),
        ("DL3062", "MS440", "FROM golang:1.25\nRUN go install a.example/b@latest\n",
         "FROM golang:1.25\nRUN go install a.example/b@v1\n"),
        ("DL3063", "MS202", "FROM debian:12 AS scratch\n", "FROM debian:12 AS empty\n"),
        ("DL3064", "MS601", f"{DEBIAN}ARG TOKEN\n", f"{DEBIAN}ARG STOKEN\n"),
        ("DL3065", "MS209", "FROM --platform=$TARGETPLATFORM debian:12\n", DEBIAN),
        ("DL3066", "MS523", f"{DEBIAN}USER nobody\n", f"{DEBIAN}USER 65534\n"),
        ("DL3067", "MS722", "FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a / /\n",
         "FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a /a /\n"),
        ("DL4000", "MS104", f"{DEBIAN}MAINTAINER a\n", f"{DEBIAN}LABEL maintainer=a\n"),
        ("DL4001", "MS622", f"{DEBIAN}RUN wget -q a\nRUN curl b\n", f"{DEBIAN}RUN curl a\nRUN curl b\n"),
        ("DL4003", "MS203", f'{DEBIAN}CMD ["a"]\nCMD ["b"]\n', f'{DEBIAN}CMD ["a"]\n'),
        ("DL4004", "MS203", f'{DEBIAN}ENTRYPOINT ["a"]\nENTRYPOINT ["b"]\n', f'{DEBIAN}ENTRYPOINT ["a"]\n'),
        ("DL4005", "MS801", f"{DEBIAN}RUN ln -sf /bin/bash /bin/sh\n",
         f'{DEBIAN}SHELL ["/bin/bash", "-c"]\n'),
        ("DL4006", "MS802", f"{DEBIAN}RUN curl a | sh\n",
         f'{DEBIAN}SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl a | sh\n'),
    ]
]  # fmt: skip
OFF = {"DL1001", "DL3057"}
"""What hadolint ignores unless it is asked for."""


def found(rule_code: str, text: str, settings: Settings) -> list[tuple[str, ...]]:
    """The aliases of all that one rule finds."""
    [entry] = [entry for entry in all_rules() if entry.code == rule_code]
    build = evaluate(parse(text))
    return [match.aliases or entry.aliases for match in entry.check(build, asked_of(build, settings))]


def test_all_71_rules_are_there() -> None:
    assert len({code for code, *_ in PARITY}) == 71
    named = {alias for entry in all_rules() for alias in entry.aliases if alias.startswith("DL")}
    assert named == {code for code, *_ in PARITY}


@pytest.mark.parametrize(
    ("code", "ours", "bad", "good", "settings"), PARITY, ids=[f"{row[0]}-{row[1]}" for row in PARITY]
)
def test_rule_triggers_where_hadolint_does(
    code: str, ours: str, bad: str, good: str, settings: Settings
) -> None:
    assert any(code in aliases for aliases in found(ours, bad, settings))
    assert not any(code in aliases for aliases in found(ours, good, settings))
    [entry] = [entry for entry in all_rules() if entry.code == ours]
    assert entry.default is (code not in OFF)


@dataclass(frozen=True)
class Difference:
    """Where we differ on purpose.

    Attributes:
        reason: why.
        codes: `-` for what hadolint says and we do not, `+` for the other way round.
        parts: names of parts, may hold wildcards.
        shapes: names of shapes.
    """

    reason: str
    codes: str
    parts: str = "*"
    shapes: str = "alone builder parent onbuild whole"

    def covers(self, sign: str, code: str, case: Case) -> bool:
        part, _, shape = case.name.partition(": ")
        return (
            f"{sign}{code}" in self.codes.split()
            and shape in self.shapes.split()
            and any(fnmatchcase(part, entry.strip()) for entry in self.parts.split(","))
        )


PINS = "-DL3008 -DL3013 -DL3016 -DL3018 -DL3028 -DL3033 -DL3037 -DL3041 -DL3062"
LEFTOVERS = "-DL3015 -DL3019 -DL3032 -DL3036 -DL3040 -DL3042 -DL3059"
DIFFERENCES = [
    Difference("pins count where the layer ships", PINS, shapes="builder"),
    Difference("what stays in a layer counts where it ships, and so does the number of layers", LEFTOVERS,
     shapes="builder"),
    Difference("two downloaders in a stage that does not ship cost nothing", "-DL4001", shapes="builder"),
    Difference("who a stage that does not ship runs as is nobody's concern", "-DL3002 -DL3066",
     shapes="builder"),
    Difference("the same, in whole files", "-DL3002 -DL3066", "a root of a builder"),
    Difference("root is a finding of its own, and the last USER alone holds", "-DL3066", "root at the end"),
    Difference("Kubernetes takes no notice of a HEALTHCHECK: the image is for Docker", "-DL3066",
     "user by name in an *"),
    Difference("the variable has a default, which is a name", "+DL3066", "user by a variable"),
    Difference("`a; b` starts something for what follows, or ends what was started", "-DL3001",
     "kill what was started, service for what follows"),
    Difference("ssh has its mount", "-DL3001", "ssh with its mount"),
    Difference("WORKDIR cannot do what this cd does, or should not", "-DL3003",
     "cd in*, cd to a temporary folder"),
    Difference("hadolint looks at fewer instructions behind ONBUILD",
     "+DL3003 +DL3020 +DL3045 +DL3048 +DL4006", shapes="onbuild"),
    Difference("TOKEN_FILE names a file, as in BuildKit's check", "-DL3064", "secrets that are none"),
    Difference("defaults of ARG are followed, at severity info", "+DL3006 +DL3007", "*by a variable"),
    Difference("the RUN deletes the lists in another way", "-DL3009", "apt lists deleted by find"),
    Difference("apk's index is deleted in the same RUN", "-DL3019", "apk with a cleanup"),
    Difference("a range or a repository says which version, too", "-DL3018", "apk with fuzzy versions"),
    Difference("the newest pip is what is wanted", "-DL3013", "pip of pip"),
    Difference("yes answers", "-DL3014", "apt fed by yes"),
    Difference("apt and aptitude bring recommended packages, too", "+DL3015",
     "apt and its friends, aptitude"),
    Difference("a cache mount keeps metadata out of the layer", "-DL3040", "dnf with a cache mount"),
    Difference("hadolint looks in the last stage, for the very path", "+DL3010", "archive u*"),
    Difference("the place is the instruction that does not count, as in BuildKit",
     "+DL3012 -DL3012 +DL4003 -DL4003 +DL4004 -DL4004", "commands twice"),
    Difference("useradd of Debian 12 leaves the log files alone", "-DL3046", "sparse logs"),
    Difference("ADD clones a repository", "-DL3020", "add of a repository"),
    Difference("an image of a registry may be meant; it is untagged, which is said", "-DL3022",
     "copy from an image of a registry"),
    Difference("names of stages are the same in any case", "-DL3022", "stages by another case"),
    Difference("a health check gets no signals, so its shell does no harm", "-DL3025",
     "healthcheck in shell form"),
    Difference("/bin/sh is what the link leads to, not the link", "-DL4005", "shell as a target"),
    Difference("the failure is heard, or does not matter", "-DL4006",
     "pipe in a condition, pipe that does not matter, pipe with pipefail of its own"),
    Difference("echo does not fail", "-DL4006", "pipe from echo"),
    Difference("it is the text that counts", "-DL4006", "pipe in a substitution"),
    Difference("SHELL is inherited", "-DL4006", "a shell inherited"),
]  # fmt: skip
SHELLCHECK_DIFFERENCES = [
    Difference("ShellCheck 0.11 finds more than the one in hadolint", "+SC2005", "backticks"),
    Difference("the RUN fails where its only cd does", "-SC2164", "cd alone"),
    Difference("BusyBox has [[", "-SC3010", "brackets of bash in BusyBox"),
]


def compared(case: Case, start: str, rules: list[Rule]) -> set[tuple[str, str]]:
    """Sign and code of what only one of the two says, by instruction."""
    build = evaluate(parse(case.text))
    ours = {
        (alias, _instruction(build, finding.line))
        for finding in analyze_build(build, rules).findings
        for alias in finding.aliases
        if alias.startswith(start)
    }
    theirs = {
        (code, _instruction(build, line))
        for code, line in answers()[case.name].found
        if code.startswith(start)
    }
    more = {("+", code) for code, _ in ours - theirs}
    return more | {("-", code) for code, _ in theirs - ours}


def _instruction(build: Build, line: int) -> int:
    starts = [entry.span.first for entry in build.dockerfile.instructions]
    return bisect_right(starts, line)


def test_the_answers_are_about_these_files() -> None:
    assert {case.name: case.text for case in cases()} == {
        name: entry.text for name, entry in answers().items()
    }
    assert len(cases()) >= 150
    hit = {code for entry in answers().values() for code, _ in entry.found if code.startswith("DL")}
    assert len(hit) >= 50


def check(start: str, differences: list[Difference]) -> None:
    unexplained: defaultdict[str, list[str]] = defaultdict(list)
    used: set[str] = set()
    # Starting ShellCheck takes longer than all else together.
    rules = [entry for entry in all_rules() if entry.default and ("SC" in entry.aliases) is (start == "SC")]
    for case in cases():
        if start == "SC" and not case.name.endswith((": alone", ": whole", ": onbuild")):
            continue  # scripts are the same in all shapes
        for sign, code in compared(case, start, rules):
            row = next((entry for entry in differences if entry.covers(sign, code, case)), None)
            if row is None:
                unexplained[f"{sign}{code}"].append(case.name)
            else:
                used.add(row.reason)
    assert dict(unexplained) == {}
    assert {row.reason for row in differences} == used


def test_we_differ_from_hadolint_where_we_say_why() -> None:
    check("DL", DIFFERENCES)


@pytest.mark.skipif(program() is None, reason="the extra shellcheck is not installed")
def test_scripts_are_found_as_by_hadolints_shellcheck() -> None:
    check("SC", SHELLCHECK_DIFFERENCES)
