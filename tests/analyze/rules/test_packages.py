"""Rules about apk, dnf, zypper, npm, gem and go: what counts as a version, an answer or a cleanup."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.rule import Rule
from multistage_cli.analyze.rules.apk import apk_index_kept, unpinned_apk_package
from multistage_cli.analyze.rules.dnf import dnf_asks, dnf_cache_kept, unpinned_dnf_package
from multistage_cli.analyze.rules.gems import unpinned_gem
from multistage_cli.analyze.rules.go import unpinned_go_program
from multistage_cli.analyze.rules.npm import node_cache_kept, unpinned_node_package
from multistage_cli.analyze.rules.zypper import unpinned_zypper_package, zypper_asks, zypper_cache_kept
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

CASES: list[tuple[Rule, str, str, bool]] = [
    (rule, base, run, is_found)
    for rule, base, runs in [
        (unpinned_apk_package, "alpine:3.22", [
            ("apk add curl", True), ("apk add curl=8", False), ("apk add 'curl~=8'", False),
            ("apk add 'curl>8'", False),
            ("apk add ./a.apk", False), ("apk add --virtual .b gcc=1", False), ("apk add -t .b gcc", True),
            ("apk add !curl", False), ("apk add $PACKAGES", False), ("apk del curl", False),
            ("apk upgrade", False),
        ]),
        (apk_index_kept, "alpine:3.22", [
            ("apk add a=1", True), ("apk --no-cache add a=1", False), ("apk -U add a=1", True),
            ("apk add a=1 && rm -rf /var/cache/apk", False), ("apk add a=1 && apk cache clean", False),
            ("--mount=type=cache,target=/etc/apk/cache apk add a=1", False),
        ]),
        (unpinned_dnf_package, "rockylinux:9", [
            ("dnf install -y tar", True), ("dnf install -y tar-1.34-6.el9", False),
            ("yum install -y ./a.rpm", False),
            ("dnf install -y https://example.com/a.rpm", False), ("dnf install -y @development", False),
            ("dnf install -y python3-pip", True), ("dnf upgrade -y", False),
            ("dnf install -y $PACKAGES", False),
        ]),
        (dnf_asks, "rockylinux:9", [
            ("dnf install a", True), ("dnf -y install a", False), ("yum install a --assumeyes", False),
            ("dnf install --setopt=assumeyes=True a", False), ("yes | dnf install a", False),
            ("yum update", True),
            ("microdnf install a", True), ("dnf install $OPTIONS a", False), ("dnf clean all", False),
        ]),
        (dnf_cache_kept, "rockylinux:9", [
            ("dnf install -y a", True), ("dnf install -y a && dnf clean all", False),
            ("yum -y install a; yum clean all", False),
            ("dnf install -y a && rm -rf /var/cache/dnf", False), ("dnf clean all && dnf install -y a", True),
        ]),
        (unpinned_zypper_package, "opensuse/leap:15.6", [
            ("zypper -n install a", True), ("zypper -n in a=1", False), ("zypper -n in 'a>=1'", False),
            ("zypper -n in ./a.rpm", False),
        ]),
        (zypper_asks, "opensuse/leap:15.6", [
            ("zypper in a", True), ("zypper -n in a", False), ("zypper in --no-confirm a", False),
            ("zypper refresh", False),
            ("zypper dup", True), ("zypper se a", False),
        ]),
        (zypper_cache_kept, "opensuse/leap:15.6", [
            ("zypper -n in a", True), ("zypper -n in a && zypper cc -a", False),
            ("zypper -n in a && rm -rf /var/cache/zypp", False),
        ]),
        (unpinned_node_package, "node:22-slim", [
            ("npm i -g serve", True), ("npm i -g serve@14", False), ("npm i -g @a/b", True),
            ("npm i -g @a/b@1", False),
            ("npm ci", False), ("npm install", False), ("npm i -g .", False), ("npm i -g ./a.tgz", False),
            ("yarn global add serve", True),
            ("pnpm add -g serve@14", False), ("npm i -g team/app#v1", False), ("npm run build", False),
        ]),
        (node_cache_kept, "node:22-slim", [
            ("npm ci", True), ("npm ci && npm cache clean --force", False),
            ("npm ci && rm -rf /root/.npm", False),
            ("--mount=type=cache,target=/root/.npm npm ci", False), ("yarn", True),
            ("yarn && yarn cache clean", False),
            ("pnpm install", False),
        ]),
        (unpinned_gem, "ruby:3.4-slim", [
            ("gem install a", True), ("gem install a:1", False), ("gem install a -v1", False),
            ("gem install a --version=1", False),
            ("gem install a b -v 1", False), ("gem install ./a.gem", False),
            ("gem update --system", False), ("bundle install", False),
        ]),
        (unpinned_go_program, "golang:1.25", [
            ("go install a.example/b@latest", True), ("go install a.example/b@v1.2.3", False),
            ("go install a.example/b@main", True),
            ("go install a.example/b", True), ("go install ./...", False), ("go install cmd/vet", False),
            ("go build a.example/b", False),
            ("go install -ldflags -s a.example/b@latest", True), ("go install a.example/b@$VERSION", False),
        ]),
    ]
    for run, is_found in runs
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "base", "run", "is_found"), CASES, ids=[f"{rule.name}: {run}" for rule, _, run, _ in CASES]
)
def test_run(rule: Rule, base: str, run: str, *, is_found: bool) -> None:
    text = f"FROM {base}\nRUN {run}\n"
    assert [match.span.first for match in rule.check(evaluate(parse(text)))] == ([2] if is_found else [])
    # The same behind ONBUILD, in a here-document, and in a stage that does not ship.
    onbuild = f"FROM {base}\nONBUILD RUN {run}\n"
    assert [match.span.first for match in rule.check(evaluate(parse(onbuild)))] == ([2] if is_found else [])
    if not run.startswith("--"):
        heredoc = f"FROM {base}\nRUN <<EOF\n\n{run}\nEOF\n"
        assert [match.span.first for match in rule.check(evaluate(parse(heredoc)))] == (
            [4] if is_found else []
        )
    builder = f"FROM {base} AS build\nRUN {run}\nFROM scratch\nCOPY --from=build /a /a\n"
    always = rule in (dnf_asks, zypper_asks)
    assert bool(list(rule.check(evaluate(parse(builder))))) is (is_found and always)


def test_a_module_may_hold_the_version() -> None:
    text = "FROM golang:1.25\nCOPY go.mod .\nRUN go install a.example/b\n"
    assert list(unpinned_go_program.check(evaluate(parse(text)))) == []


def test_yum_and_dnf_have_their_own_names_at_hadolint() -> None:
    build = evaluate(parse("FROM rockylinux:9\nRUN yum install a\nENV A=1\nRUN dnf install b\n"))
    for rule, yum, dnf in (
        (unpinned_dnf_package, "DL3033", "DL3041"),
        (dnf_asks, "DL3030", "DL3038"),
        (dnf_cache_kept, "DL3032", "DL3040"),
    ):
        assert [match.aliases for match in rule.check(build)] == [(yum,), (dnf,)]


def test_only_yarn_is_known_to_hadolint() -> None:
    build = evaluate(parse("FROM node:22\nRUN npm ci\nENV A=1\nRUN yarn\n"))
    assert [match.aliases for match in node_cache_kept.check(build)] == [(), None]


@pytest.mark.parametrize(
    ("rule", "text", "fixed"),
    [
        (
            apk_index_kept,
            "FROM alpine:3.22\nRUN true && \\\n  apk add \\\n    curl\n",
            "  apk add --no-cache \\",
        ),
        (dnf_asks, "FROM rockylinux:9\nRUN dnf install tar\n", "RUN dnf install -y tar"),
        (dnf_asks, "FROM rockylinux:9\nRUN dnf 'install' tar\n", None),
        (dnf_asks, "FROM rockylinux:9\nRUN sh -c 'dnf install tar'\n", None),
    ],
)
def test_fixes_stand_at_the_word(rule: Rule, text: str, fixed: str | None) -> None:
    [match] = rule.check(evaluate(parse(text)))
    assert ([edit.text for edit in match.fix.edits] if match.fix else []) == ([fixed] if fixed else [])
