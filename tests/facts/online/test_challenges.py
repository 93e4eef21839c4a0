"""Who gets the user's login: the registry that it is for, and nobody else."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from multistage_cli.facts.online.challenges import Challenge, read_challenge
from multistage_cli.facts.online.credentials import Login, Logins, read_logins
from tests.facts.online.images import Pushed, digest_of, image_of, layer_of
from tests.facts.online.servers import Asked, Reply, Server, World, registry_answer

Open = Callable[..., World]
USER = base64.b64encode(b"ada:s3cret").decode()
IMAGE = image_of([layer_of({"a": b"12345"})], {"User": "app"})


def guarded(registry: Server, challenge: str, accepted: str, image: Pushed = IMAGE) -> None:
    """Let a server answer as a registry that wants to see who asks."""

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != accepted:
            return Reply(401, headers={"WWW-Authenticate": challenge})
        return registry_answer(image, asked)

    registry.answer = answer


def authorizations(server: Server) -> set[str | None]:
    return {entry.headers.get("Authorization") for entry in server.asked}


def test_a_token_for_everybody(serve: Callable[[], Server], world: Open) -> None:
    registry, tokens = serve(), serve()
    tokens.answer = lambda asked: Reply(200, json.dumps({"token": "t0ken"}).encode())
    guarded(registry, f'Bearer realm="{tokens.url}/token?x=1",service="the registry"', "Bearer t0ken")
    run = world()
    assert run.online.look(f"{registry.host}/shop/api:1", "linux/amd64").registered is not None
    assert run.told == []
    assert len(tokens.asked) == 1  # and is used for all that follows
    query = parse_qs(urlsplit(tokens.asked[0].path).query)
    assert query == {"x": ["1"], "service": ["the registry"], "scope": ["repository:shop/api:pull"]}
    assert authorizations(tokens) == {None}


def test_the_login_goes_where_its_registry_says(serve: Callable[[], Server], world: Open) -> None:
    registry, tokens = serve(), serve()
    tokens.answer = lambda asked: (
        Reply(200, json.dumps({"access_token": "mine"}).encode())
        if asked.headers.get("Authorization") == f"Basic {USER}"
        else Reply(401)
    )
    guarded(registry, f'Bearer realm="{tokens.url}/token"', "Bearer mine")
    logins = Logins({"auths": {registry.host: {"auth": USER}, "other.example": {"auth": "eDp5"}}})
    run = world(logins=logins)
    assert run.online.look(f"{registry.host}/private:1", "linux/amd64").registered is not None
    assert authorizations(tokens) == {f"Basic {USER}"}
    assert f"Basic {USER}" not in authorizations(registry)


def test_a_login_for_another_registry_stays_at_home(serve: Callable[[], Server], world: Open) -> None:
    registry, tokens = serve(), serve()
    tokens.answer = lambda asked: Reply(401)
    guarded(registry, f'Bearer realm="{tokens.url}/token"', "Bearer never")
    logins = Logins({"auths": {"https://index.docker.io/v1/": {"auth": USER}, "127.0.0.1": {"auth": USER}}})
    run = world(logins=logins)
    assert run.online.look(f"{registry.host}/private:1", "linux/amd64").registered is None
    assert authorizations(registry) | authorizations(tokens) == {None}
    text = f"gives no access to private: there is none of that name, or it needs docker login {registry.host}"
    assert run.told == [f"--online: {registry.host} {text}; going on with the shipped facts"]


def test_an_old_login_does_not_shut_the_user_out(serve: Callable[[], Server], world: Open) -> None:
    registry, tokens = serve(), serve()
    tokens.answer = lambda asked: (
        Reply(401) if "Authorization" in asked.headers else Reply(200, b'{"token": "public"}')
    )
    guarded(registry, f'Bearer realm="{tokens.url}/token"', "Bearer public")
    run = world(logins=Logins({"auths": {registry.host: {"auth": USER}}}))
    assert run.online.look(f"{registry.host}/public:1", "linux/amd64").registered is not None


def test_an_identity_token_is_sent_as_a_form(serve: Callable[[], Server], world: Open) -> None:
    registry, tokens = serve(), serve()
    tokens.answer = lambda asked: Reply(200, b'{"access_token": "fresh"}')
    guarded(registry, f'Bearer realm="{tokens.url}/oauth2",service="s"', "Bearer fresh")
    run = world(logins=Logins({"auths": {registry.host: {"auth": "", "identitytoken": "refresh me"}}}))
    assert run.online.look(f"{registry.host}/private:1", "linux/amd64").registered is not None
    (asked,) = tokens.asked
    assert asked.method == "POST"
    form = parse_qs(asked.body.decode())
    assert (form["grant_type"], form["refresh_token"]) == (["refresh_token"], ["refresh me"])


def test_basic(server: Server, world: Open) -> None:
    guarded(server, 'Basic realm="here"', f"Basic {USER}")
    run = world(logins=Logins({"auths": {f"https://{server.host}/v1/": {"auth": USER}}}))
    assert run.online.look(f"{server.host}/private:1", "linux/amd64").registered is not None


def test_basic_without_a_login(server: Server, world: Open) -> None:
    guarded(server, 'Basic realm="here"', f"Basic {USER}")
    run = world()
    assert run.online.look(f"{server.host}/private:1", "linux/amd64").registered is None
    assert run.told == [
        f"--online: {server.host} asks for a login: run docker login {server.host}; going on with the shipped facts"
    ]


def test_a_redirect_to_another_host_takes_no_login_along(serve: Callable[[], Server], world: Open) -> None:
    registry, storage = serve(), serve()
    storage.answer = lambda asked: registry_answer(IMAGE, asked)

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != f"Basic {USER}":
            return Reply(401, headers={"WWW-Authenticate": "Basic"})
        if "/blobs/" in asked.path:
            return Reply(307, headers={"Location": f"{storage.url}{asked.path}"})
        return registry_answer(IMAGE, asked)

    registry.answer = answer
    run = world(logins=Logins({"auths": {registry.host: {"auth": USER}}}))
    said = run.online.look(f"{registry.host}/shop:1", "linux/amd64").registered
    assert said is not None
    assert (said.size_bytes, said.configuration.user) == (5, "app")
    assert storage.asked
    assert authorizations(storage) == {None}


def test_a_redirect_within_the_registry_keeps_it(server: Server, world: Open) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != f"Basic {USER}":
            return Reply(401, headers={"WWW-Authenticate": "Basic"})
        if asked.path.startswith("/v2/"):
            return Reply(302, headers={"Location": asked.path.removeprefix("/v2")})
        return registry_answer(IMAGE, asked)

    server.answer = answer
    run = world(logins=Logins({"auths": {server.host: {"auth": USER}}}))
    assert run.online.look(f"{server.host}/shop:1", "linux/amd64").registered is not None


def test_a_stranger_who_asks_for_a_login_after_a_redirect_gets_none(
    serve: Callable[[], Server], world: Open
) -> None:
    registry, stranger = serve(), serve()
    stranger.answer = lambda asked: Reply(401, headers={"WWW-Authenticate": "Basic"})
    registry.answer = lambda asked: Reply(307, headers={"Location": f"{stranger.url}{asked.path}"})
    run = world(logins=Logins({"auths": {registry.host: {"auth": USER}, stranger.host: {"auth": USER}}}))
    assert run.online.look(f"{registry.host}/shop:1", "linux/amd64").registered is None
    assert authorizations(stranger) == {None}


def test_a_login_form_is_not_redirected(serve: Callable[[], Server], world: Open) -> None:
    registry, tokens, stranger = serve(), serve(), serve()
    tokens.answer = lambda asked: Reply(307, headers={"Location": f"{stranger.url}/"})
    guarded(registry, f'Bearer realm="{tokens.url}/"', "Bearer never")
    run = world(logins=Logins({"auths": {registry.host: {"identitytoken": "refresh me"}}}))
    assert run.online.look(f"{registry.host}/shop:1", "linux/amd64").registered is None
    assert stranger.asked == []


@pytest.mark.parametrize("token", ['"a b"', '"a\\r\\nX: y"', "7", '""', "null"])
def test_tokens_that_are_none(serve: Callable[[], Server], world: Open, token: str) -> None:
    registry, tokens = serve(), serve()
    tokens.answer = lambda asked: Reply(200, f'{{"token": {token}}}'.encode())
    guarded(registry, f'Bearer realm="{tokens.url}/"', "Bearer never")
    run = world()
    assert run.online.look(f"{registry.host}/shop:1", "linux/amd64").registered is None
    assert run.told == [
        f"--online: {tokens.host} gives a token that is none; going on with the shipped facts"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'Bearer realm="https://a.example/t",service="s"',
            ("bearer", {"realm": "https://a.example/t", "service": "s"}),
        ),
        ('bearer Realm = "r" , scope="a:b:pull,push"', ("bearer", {"realm": "r", "scope": "a:b:pull,push"})),
        (r'Bearer realm="a\"b"', ("bearer", {"realm": 'a"b'})),
        ("Bearer realm=plain", ("bearer", {"realm": "plain"})),
        ("Basic", ("basic", {})),
        ("Negotiate abc", None),
        ("", None),
        ("Basically", None),
        ("Bearer " + ", " * 100_000, ("bearer", {})),
    ],
)
def test_challenges(text: str, expected: tuple[str, dict[str, str]] | None) -> None:
    found = read_challenge(text)
    assert found == (None if expected is None else Challenge(*expected))


# Docker's configuration.


def helper(folder: Path, name: str, script: str) -> str:
    """A program that stands for a credential helper; the PATH to find it in."""
    folder.mkdir(exist_ok=True)
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{folder}:{os.defpath}"


@pytest.mark.skipif(os.name != "posix", reason="the helper is a shell script")
@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_a_credential_helper(tmp_path: Path, key: str) -> None:
    script = (
        'read key; echo "{\\"ServerURL\\": \\"$key\\", \\"Username\\": \\"$key\\", \\"Secret\\": \\"s\\"}"'
    )
    path = helper(tmp_path / "bin", "mine", script)
    value = "mine" if key == "credsStore" else {"r.example": "mine", "https://index.docker.io/v1/": "mine"}
    logins = Logins({key: value}, path)
    assert logins.of("r.example") == Login("r.example", "s")
    assert logins.of("docker.io") == Login("https://index.docker.io/v1/", "s")


@pytest.mark.skipif(os.name != "posix", reason="the helper is a shell script")
@pytest.mark.parametrize(
    "script", ["exit 1", "echo no json", "echo '[]'", "echo '{}'", "kill $$", 'echo \'{"Username": "a"}\'']
)
def test_a_helper_that_fails(tmp_path: Path, script: str) -> None:
    assert Logins({"credsStore": "mine"}, helper(tmp_path / "bin", "mine", script)).of("r.example") is None


@pytest.mark.skipif(os.name != "posix", reason="the helper is a shell script")
def test_a_helper_gives_an_identity_token(tmp_path: Path) -> None:
    path = helper(tmp_path / "bin", "mine", """echo '{"Username": "<token>", "Secret": "t"}'""")
    assert Logins({"credsStore": "mine"}, path).of("r.example") == Login(identity_token="t")


@pytest.mark.parametrize("name", ["../evil", "a/b", "", 7, None, "no-such-helper"])
def test_helpers_that_are_none(name: object, tmp_path: Path) -> None:
    assert Logins({"credsStore": name}, str(tmp_path)).of("r.example") is None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": USER}, Login("ada", "s3cret")),
        ({"auth": "not base64!"}, None),
        ({"auth": base64.b64encode(b"\xff\xfe").decode()}, None),
        ({"username": "ada", "password": "p"}, Login("ada", "p")),
        ({"auth": USER, "identitytoken": "i"}, Login(identity_token="i")),
        ({}, None),
        ("text", None),
    ],
)
def test_logins_of_the_file(tmp_path: Path, entry: object, expected: Login | None) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"r.example:5000": entry}}))
    logins = read_logins({"DOCKER_CONFIG": str(tmp_path)})
    assert logins.of("r.example:5000") == expected
    assert logins.of("r.example") is None
    assert logins.of("evil-r.example:5000") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"auths": 3, "credHelpers": []}', "[" * 100_000])
def test_configurations_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert read_logins({"HOME": "/nowhere", "DOCKER_CONFIG": str(tmp_path)}).of("docker.io") is None


def test_the_configuration_in_the_home_folder(tmp_path: Path) -> None:
    folder = tmp_path / ".docker"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": USER}}})
    )
    assert read_logins({"HOME": str(tmp_path)}).of("docker.io") == Login("ada", "s3cret")
    assert read_logins({}).of("docker.io") is None


def test_a_login_does_not_show_its_secrets() -> None:
    assert "hidden" not in repr(Login("ada", "hidden", "hidden"))


def test_the_image_is_what_the_digest_says() -> None:
    assert IMAGE.digest == digest_of(IMAGE.manifest)
