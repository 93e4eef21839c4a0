"""Scopes: ARG and ENV, stages from stages, platform arguments, and what is expanded at all."""

from __future__ import annotations

import pytest

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.persistent import PersistentMap
from multistage_cli.build.variables import (
    PLATFORM_ARGUMENTS,
    PROXY_ARGUMENTS,
    ArgumentSource,
    GlobalScope,
    Scope,
    Variables,
    declare_argument,
    expand,
    expand_pairs,
    expands,
    expands_flag,
    expansion_limit,
    global_scope,
    predefined,
    proxy_environment,
    set_environment,
)
from multistage_cli.build.variables.platforms import parse_platform
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse

PATH = "/usr/local/bin:/bin"


def outer(text: str, build_args: dict[str, str] | None = None, **options: str) -> GlobalScope:
    """The global scope of the ARG lines in `text`."""
    found = parse(text + "\nFROM scratch\n").instructions[:-1]
    return global_scope(found, build_args or {}, predefined(), **options)


def run(
    variables: Variables, text: str, build_args: dict[str, str] | None = None, globals_: str = ""
) -> Variables:
    """The variables after the ARG and ENV lines in `text`."""
    scope = outer(globals_, build_args)
    for instruction in parse("FROM scratch\n" + text).instructions[1:]:
        if instruction.name == "ENV":
            variables, _ = set_environment(variables, instruction.pairs)
        else:
            for pair in instruction.pairs:
                variables, _ = declare_argument(variables, pair, scope, build_args or {})
    return variables


START = Variables.of({"PATH": PATH})


class TestGlobalScope:
    def test_an_argument_sees_those_before_it_and_the_platform(self) -> None:
        scope = outer("ARG a=1\nARG b=$a-$TARGETARCH c=${b}x\nARG d=$z").scope
        assert scope.values["b"] == "1-amd64"
        assert scope.values["c"] == "1-amd64x"
        assert scope.values["d"] == ""
        assert not scope.open

    def test_a_build_argument_wins_and_only_for_what_is_declared(self) -> None:
        found = outer("ARG a=1\nARG b=$a\nARG c", {"a": "$x 'q'", "c": "", "other": "2"})
        assert found.scope.values["a"] == "$x 'q'"
        assert found.scope.values["b"] == "$x 'q'"
        assert found.scope.values["c"] == ""
        assert "other" not in found.scope.values

    def test_a_build_argument_wins_over_a_platform_argument(self) -> None:
        assert outer("", {"TARGETARCH": "mips"}).scope.values["TARGETARCH"] == "mips"

    def test_an_argument_without_a_value_is_unset_or_keeps_an_earlier_one(self) -> None:
        found = outer("ARG a\nARG b=1\nARG b\nARG TARGETOS")
        assert "a" not in found.scope.values
        assert found.scope.values["b"] == "1"
        assert found.scope.values["TARGETOS"] == "linux"
        assert [argument.declaration.source for argument in found.arguments] == [
            *(ArgumentSource.UNSET, ArgumentSource.DEFAULT, ArgumentSource.UNSET, ArgumentSource.UNSET)
        ]

    def test_every_argument_names_its_instruction_and_its_expansion(self) -> None:
        found = outer("ARG a=1 b=$a$u\nARG c=3")
        assert [argument.instruction.span.first for argument in found.arguments] == [1, 1, 2]
        expansion = found.arguments[1].declaration.expansion
        assert expansion is not None
        assert expansion.used == {"a"}
        assert expansion.unset == {"u"}

    def test_a_refused_default_is_an_error_with_its_line(self) -> None:
        found = outer("ARG a=1\nARG b=${a:?} c=${x:?needed}\nARG d=${")
        assert found.errors[0][1] == "x: needed"
        assert [instruction.span.first for instruction, _ in found.errors] == [2, 3]
        assert found.scope.values["c"] is UNKNOWN

    def test_a_build_argument_spares_a_refused_default(self) -> None:
        found = outer("ARG d=${", {"d": "1"})
        assert found.errors == ()
        assert found.scope.values["d"] == "1"

    def test_an_unknown_build_argument_is_unknown(self) -> None:
        found = global_scope(parse("ARG a=1\nARG b=$a\nFROM x").instructions[:2], {"a": UNKNOWN}, {})
        assert found.scope.values == {"a": UNKNOWN, "b": UNKNOWN}

    def test_the_escape_character_counts(self) -> None:
        assert outer("# escape=`\nARG a=C:\\x", escape="`").scope.values["a"] == "C:\\x"

    def test_values_do_not_grow_without_bound(self) -> None:
        lines = ["ARG a0=" + "x" * 1000, *(f"ARG a{n}=$a{n - 1}$a{n - 1}" for n in range(1, 60))]
        values = outer("\n".join(lines)).scope.values
        assert values["a59"] is UNKNOWN
        assert values["a8"] == "x" * 256_000


class TestStage:
    def test_the_later_of_env_and_arg_wins(self) -> None:
        # Docker's documentation says otherwise; see variables.py and the engine tests.
        assert run(START, "ENV a=env\nARG a=arg").get("a") == "arg"
        assert run(START, "ARG a=arg\nENV a=env").get("a") == "env"
        assert run(START, "ENV a=env\nARG a=arg\nENV a=again").get("a") == "again"

    def test_only_env_is_kept_in_the_image(self) -> None:
        after = run(START, "ENV a=env\nARG a=arg b=arg")
        assert after.environment == {"PATH": PATH, "a": "env"}
        assert after.kept("a") == "env"
        assert after.kept("b") is None
        assert dict(after.visible) == {"PATH": PATH, "a": "arg", "b": "arg"}

    def test_an_unset_argument_changes_nothing(self) -> None:
        after = run(START, "ENV a=env\nARG a b")
        assert after.get("a") == "env"
        assert after.get("b") is None
        assert after.is_declared("b")
        assert not after.is_declared("PATH")
        assert dict(after.declared) == {"a": None, "b": None}

    def test_a_build_argument_wins_over_the_default_and_the_global_value(self) -> None:
        after = run(START, "ENV a=env\nARG a=own b=own c", {"a": "A", "c": "C"}, "ARG c=global b=global")
        assert [after.get(name) for name in "abc"] == ["A", "own", "C"]

    def test_a_global_value_is_taken_where_there_is_no_default(self) -> None:
        after = run(START, "ARG a b=own TARGETARCH\nARG c=$a$b$TARGETARCH", None, "ARG a=1 b=2")
        assert [after.get(name) for name in "abc"] == ["1", "own", "1ownamd64"]

    def test_a_global_value_is_not_seen_without_arg(self) -> None:
        assert run(START, "ENV b=${a-none}", None, "ARG a=1").get("b") == "none"

    def test_the_pairs_of_one_arg_see_each_other_and_those_of_one_env_do_not(self) -> None:
        assert run(START, "ARG a=1 b=$a").get("b") == "1"
        assert run(START, "ENV a=1 b=$a").get("b") == ""
        assert run(START, "ENV a=1\nENV a=2 a=$a$a b=$a").environment == {"PATH": PATH, "a": "11", "b": "1"}

    def test_a_declaration_tells_where_its_value_is_from(self) -> None:
        pairs = parse("FROM x\nARG a=$PATH b=1 c d").instructions[1].pairs
        found = [declare_argument(START, pair, outer("ARG c=3"), {"b": "B"})[1] for pair in pairs]
        assert [(entry.name, entry.value, entry.source) for entry in found] == [
            ("a", PATH, ArgumentSource.DEFAULT),
            ("b", "B", ArgumentSource.BUILD_ARGUMENT),
            ("c", "3", ArgumentSource.GLOBAL),
            ("d", None, ArgumentSource.UNSET),
        ]
        assert found[0].expansion is not None
        assert found[0].expansion.used == {"PATH"}
        assert found[1].expansion is None

    def test_a_refused_default_is_told_and_leaves_the_value_unknown(self) -> None:
        [pair] = parse("FROM x\nARG a=${b?m}").instructions[1].pairs
        after, declaration = declare_argument(START, pair, GlobalScope(), {})
        assert declaration.error == "b: m"
        assert after.get("a") is UNKNOWN

    def test_the_builders_own_arguments_stay_out_of_the_environment(self) -> None:
        after = run(START, "ARG BUILDKIT_SBOM_SCAN_STAGE=true")
        assert after.get("BUILDKIT_SBOM_SCAN_STAGE") is None
        assert after.is_declared("BUILDKIT_SBOM_SCAN_STAGE")

    def test_names_of_env_are_expanded(self) -> None:
        after = run(START, 'ARG n=name\nENV ${n}1=v "q $n"=w')
        assert after.environment == {"PATH": PATH, "name1": "v", "q name": "w"}

    def test_an_env_whose_name_is_unknown_leaves_nothing_known(self) -> None:
        after, _ = set_environment(
            run(Variables.of({"PATH": PATH, "n": UNKNOWN}), "ARG a=1"),
            parse("FROM x\nENV $n=1").instructions[1].pairs,
        )
        assert after.open
        assert after.get("PATH") is UNKNOWN
        assert after.get("a") is UNKNOWN
        assert after.inherit().get("a") is UNKNOWN

    def test_pairs_tell_names_and_refusals(self) -> None:
        pairs = parse('FROM x\nLABEL a=$PATH "b $c"=${d:?m} e=1').instructions[1].pairs
        first, second = expand_pairs(pairs, START.scope)[:2]
        assert first.value.used == {"PATH"}
        assert first.error is None
        assert second.name.unset == {"c"}
        assert second.error == "d: m"

    def test_methods_do_what_the_functions_do(self) -> None:
        pairs = parse("FROM x\nARG a\nENV b=$a").instructions
        after = START.with_argument(pairs[1].pairs[0], outer("ARG a=1"), {})
        assert after.with_environment(pairs[2].pairs).get("b") == "1"

    def test_docker_keeps_the_place_of_a_variable_that_is_set_again(self) -> None:
        after = run(START, "ENV b=1 a=2\nENV c=3 b=4\nARG a=9")
        assert list(after.environment) == ["PATH", "b", "a", "c"]
        assert list(after.visible) == ["PATH", "b", "a", "c"]
        assert len(after.visible) == 4

    def test_earlier_versions_stay_as_they_were(self) -> None:
        first = run(START, "ENV a=1")
        second = run(first, "ENV a=2\nARG b=1")
        assert first.get("a") == "1"
        assert first.get("b") is None
        assert second.get("a") == "2"


class TestInheritance:
    def test_arg_and_env_are_inherited_and_env_wins_again(self) -> None:
        base = run(START, "ENV a=env\nARG a=arg b=own")
        child = base.inherit()
        assert base.get("a") == "arg"
        assert child.get("a") == "env"
        assert child.get("b") == "own"
        assert child.is_declared("b")

    def test_an_arg_of_the_child_wins_over_an_inherited_env(self) -> None:
        child = run(run(START, "ENV a=env").inherit(), "ARG a=child")
        assert child.get("a") == "child"
        assert child.inherit().get("a") == "env"

    def test_an_env_of_the_child_wins_over_an_inherited_arg(self) -> None:
        child = run(run(START, "ARG a=arg").inherit(), "ENV a=child")
        assert child.get("a") == "child"
        assert child.environment["a"] == "child"

    def test_siblings_do_not_see_each_other(self) -> None:
        base = run(START, "ENV a=1")
        one, two = run(base.inherit(), "ENV a=2 b=1"), run(base.inherit(), "ENV c=1")
        assert two.get("a") == "1"
        assert two.get("b") is None
        assert one.get("c") is None


class TestUnknownBase:
    BASE = Variables.of({"PATH": UNKNOWN}, open=True)

    def test_what_the_base_may_have_set_is_unknown(self) -> None:
        assert self.BASE.get("HOME") is UNKNOWN
        assert self.BASE.kept("HOME") is UNKNOWN
        assert self.BASE.known("HOME") is None
        assert expand("${HOME:-/root}", self.BASE.scope).value is UNKNOWN
        assert expand("${PATH+set}", self.BASE.scope).value == "set"

    def test_what_the_stage_sets_is_known(self) -> None:
        after = run(self.BASE, "ENV a=1\nARG b=2\nARG c")
        assert [after.get(name) for name in "abc"] == ["1", "2", UNKNOWN]

    def test_an_inherited_arg_may_be_hidden_by_the_bases_env(self) -> None:
        child = run(self.BASE, "ENV a=1\nARG b=2").inherit()
        assert child.get("a") == "1"
        assert child.get("b") is UNKNOWN
        assert expand("${b+set}", child.scope).value == "set"

    def test_an_unknown_value_passes_on(self) -> None:
        after = run(self.BASE, "ENV PATH=/app:$PATH b=$PATH")
        assert after.environment == {"PATH": UNKNOWN, "b": UNKNOWN}


class TestManyLines:
    def test_every_line_of_a_long_stage_keeps_its_version(self) -> None:
        versions = [START]
        for index in range(5_000):
            versions.append(versions[-1].put_environment(f"N{index}", str(index)))
        assert versions[-1].get("N17") == "17"
        assert versions[17].get("N17") is None
        assert versions[18].get("N17") == "17"
        assert list(versions[-1].environment) == ["PATH", *(f"N{index}" for index in range(5_000))]

    def test_many_stages_from_one_long_stage(self) -> None:
        base = Variables.of({f"N{index}": "1" for index in range(5_000)})
        children = [base.inherit().put_environment("own", str(index)) for index in range(5_000)]
        assert children[7].get("own") == "7"
        assert children[7].get("N4999") == "1"

    def test_values_do_not_grow_without_bound(self) -> None:
        lines = ["ENV a=" + "x" * 1000, *("ENV a=$a$a" for _ in range(50))]
        assert run(Variables.of({}, limit=expansion_limit(51)), "\n".join(lines)).get("a") is UNKNOWN

    def test_the_limit_shrinks_with_the_file(self) -> None:
        assert expansion_limit(0) == expansion_limit(10) == 1_048_576
        assert expansion_limit(20_000) * 20_000 <= 67_108_864


class TestPersistentMap:
    def test_it_holds_what_a_dictionary_holds(self) -> None:
        plain: dict[str, int] = {}
        found: PersistentMap[int] = PersistentMap()
        for index in range(3_000):
            name = f"name{index * 7919 % 1000}"
            plain[name] = index
            found = found.put(name, index)
        assert dict(found.items()) == plain
        assert all(found.get(name) == value for name, value in plain.items())
        assert found.get("other") is None

    def test_equal_hashes_are_kept_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("multistage_cli.build.persistent.hash", lambda name: 5, raising=False)
        found: PersistentMap[int] = PersistentMap()
        for index in range(100):
            found = found.put(str(index), index)
        assert [found.get(str(index)) for index in range(100)] == list(range(100))
        assert len(list(found.items())) == 100


class TestPlatforms:
    @pytest.mark.parametrize(
        ("given", "name", "variant"),
        [
            ("linux/amd64", "linux/amd64", ""),
            ("linux/amd64/v1", "linux/amd64", ""),
            ("linux/amd64/v2", "linux/amd64/v2", "v2"),
            ("linux/arm64", "linux/arm64", ""),
            ("linux/arm64/v8", "linux/arm64", ""),
            ("linux/arm64/9", "linux/arm64/v9", "v9"),
            ("linux/arm", "linux/arm/v7", "v7"),
            ("linux/arm/6", "linux/arm/v6", "v6"),
            ("linux/armhf", "linux/arm/v7", "v7"),
            ("linux/armel/v7", "linux/arm/v6", "v6"),
            ("linux/x86_64", "linux/amd64", ""),
            ("linux/aarch64", "linux/arm64", ""),
            ("linux/i386/v1", "linux/386", ""),
            ("LINUX/AMD64", "linux/amd64", ""),
            ("macos/arm64", "darwin/arm64", ""),
            ("windows(10.0.17763)/amd64", "windows/amd64", ""),
            ("arm64", "linux/arm64", ""),
            ("riscv64", "linux/riscv64", ""),
            ("linux/other", "linux/other", ""),
            ("linux", "linux/s390x", ""),
        ],
    )
    def test_platforms_are_written_one_way(self, given: str, name: str, variant: str) -> None:
        found = parse_platform(given, default_architecture="s390x")
        assert str(found) == name
        assert found.variant == variant

    @pytest.mark.parametrize(
        "given", ["", "/", "linux/", "linux//v1", "a/b/c/d", "armv7l", "wasi", "linux/a b"]
    )
    def test_what_is_no_platform_is_refused(self, given: str) -> None:
        with pytest.raises(MultistageError, match=r"platform"):
            parse_platform(given)

    def test_the_arguments_of_a_build(self) -> None:
        assert predefined(target_platform="linux/arm64", target_stage="app") == {
            "BUILDPLATFORM": "linux/amd64",
            "BUILDOS": "linux",
            "BUILDOSVERSION": "",
            "BUILDARCH": "amd64",
            "BUILDVARIANT": "",
            "TARGETPLATFORM": "linux/arm64",
            "TARGETOS": "linux",
            "TARGETOSVERSION": "",
            "TARGETARCH": "arm64",
            "TARGETVARIANT": "",
            "TARGETSTAGE": "app",
        }

    def test_a_build_on_another_platform(self) -> None:
        found = predefined(build_platform="linux/arm/v6", target_platform="linux")
        assert found["BUILDPLATFORM"] == "linux/arm/v6"
        assert found["BUILDVARIANT"] == "v6"
        assert found["TARGETARCH"] == "arm"
        assert found["TARGETSTAGE"] == "default"
        assert tuple(found) == PLATFORM_ARGUMENTS


class TestProxies:
    def test_they_reach_run_in_both_forms(self) -> None:
        assert proxy_environment({"http_proxy": "a", "No_Proxy": "b", "FTP_PROXY": "", "other": "c"}) == {
            "NO_PROXY": "b",
            "no_proxy": "b",
            "HTTP_PROXY": "a",
            "http_proxy": "a",
        }

    def test_their_names(self) -> None:
        assert {name.upper() for name in PROXY_ARGUMENTS} == {
            *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
        }

    def test_other_instructions_do_not_see_them(self) -> None:
        assert run(START, "ENV a=${HTTP_PROXY-none}", {"HTTP_PROXY": "p"}).get("a") == "none"
        assert run(START, "ARG HTTP_PROXY\nENV a=$HTTP_PROXY", {"HTTP_PROXY": "p"}).get("a") == "p"


class TestWhatIsExpanded:
    def test_instructions(self) -> None:
        names = (
            "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL "
            "STOPSIGNAL USER VOLUME WORKDIR"
        )
        assert [name for name in names.split() if not expands(name)] == [
            *("CMD", "ENTRYPOINT", "HEALTHCHECK", "MAINTAINER", "ONBUILD", "RUN", "SHELL")
        ]

    @pytest.mark.parametrize(
        ("name", "flag", "expanded"),
        [
            ("COPY", "chown", True),
            ("COPY", "chmod", True),
            ("COPY", "from", False),
            ("COPY", "exclude", False),
            ("COPY", "link", False),
            ("ADD", "chown", True),
            ("ADD", "chmod", True),
            ("ADD", "checksum", True),
            ("ADD", "keep-git-dir", False),
            ("FROM", "platform", True),
            ("RUN", "mount", True),
            ("RUN", "network", False),
            ("RUN", "security", False),
            ("HEALTHCHECK", "interval", False),
        ],
    )
    def test_flags(self, name: str, flag: str, expanded: bool) -> None:
        assert expands_flag(name, flag) is expanded


def test_a_scope_is_a_plain_value() -> None:
    assert Scope() == Scope({}, open=False)
    assert START.scope.values == {"PATH": PATH}
    assert "PATH" in START.scope.values
    assert "HOME" not in START.scope.values
    with pytest.raises(KeyError):
        START.scope.values["HOME"]
