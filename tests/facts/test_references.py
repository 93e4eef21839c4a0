"""Image references are read as Docker reads them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from multistage_cli.facts.references import InvalidReference, Reference, parse_reference

SHA = "sha256:" + "0123456789abcdef" * 4
LONG = "a" * 255

VALID = [
    ("python", Reference("docker.io", "library/python", None, None)),
    ("python:3.12-slim", Reference("docker.io", "library/python", "3.12-slim", None)),
    ("library/python", Reference("docker.io", "library/python", None, None)),
    ("docker.io/python", Reference("docker.io", "library/python", None, None)),
    ("docker.io/library/python:3", Reference("docker.io", "library/python", "3", None)),
    ("index.docker.io/python", Reference("docker.io", "library/python", None, None)),
    ("acme/app", Reference("docker.io", "acme/app", None, None)),
    ("docker.io/acme/team/app", Reference("docker.io", "acme/team/app", None, None)),
    ("ghcr.io/acme/app:v1", Reference("ghcr.io", "acme/app", "v1", None)),
    ("ghcr.io/app", Reference("ghcr.io", "app", None, None)),
    ("localhost/app", Reference("localhost", "app", None, None)),
    ("localhost:5000/app:1", Reference("localhost:5000", "app", "1", None)),
    ("localhost:5000", Reference("docker.io", "library/localhost", "5000", None)),
    ("registry/app", Reference("docker.io", "registry/app", None, None)),
    ("registry:5000/app", Reference("registry:5000", "app", None, None)),
    ("127.0.0.1:5000/app", Reference("127.0.0.1:5000", "app", None, None)),
    ("[::1]:5000/app", Reference("[::1]:5000", "app", None, None)),
    ("[2001:db8::1]/a/b:t", Reference("[2001:db8::1]", "a/b", "t", None)),
    ("Registry/app", Reference("Registry", "app", None, None)),
    ("REGISTRY.example.com/app", Reference("REGISTRY.example.com", "app", None, None)),
    ("a__b/c-d/e--f/g.h:_T.a-G", Reference("docker.io", "a__b/c-d/e--f/g.h", "_T.a-G", None)),
    (f"python@{SHA}", Reference("docker.io", "library/python", None, SHA)),
    (f"python:3.12@{SHA}", Reference("docker.io", "library/python", "3.12", SHA)),
    ("app@sha512:" + "a" * 128, Reference("docker.io", "library/app", None, "sha512:" + "a" * 128)),
    ("app:" + "t" * 128, Reference("docker.io", "library/app", "t" * 128, None)),
    (f"quay.io/{LONG}", Reference("quay.io", LONG, None, None)),
    ("a" * 63, Reference("docker.io", "library/" + "a" * 63, None, None)),
]

INVALID = [
    ("", "an image reference is empty"),
    ("Python", "must be lower case: 'python'"),
    ("acme/App:1", "must be lower case: 'acme/app'"),
    ("docker.io/Acme/app", "must be lower case"),
    (":tag", "the repository name is missing"),
    ("docker.io/", "the repository name is missing"),
    ("library/", "the repository name is missing"),
    ("python:", 'the tag after ":" is missing'),
    ("python:-x", "'-x' is not a tag"),
    ("python:a:b", "'a:b' is not a tag"),
    ("a/b:80/c", "'80/c' is not a tag"),
    ("python:" + "t" * 129, "the tag has 129 characters, and 128 are allowed"),
    ("a//b", "between slashes is empty"),
    ("/a", "between slashes is empty"),
    ("a/", "between slashes is empty"),
    ("../../etc/passwd", "registry '..' is not a host name"),
    ("a/../b", "'..' is not a repository name"),
    ("./app", "registry '.' is not a host name"),
    ("a_.b/c", "registry 'a_.b' is not a host name"),
    ("-a/b", "'-a' is not a repository name"),
    ("a-/b", "'a-' is not a repository name"),
    ("a___b", "'a___b' is not a repository name"),
    ("a..b", "'a..b' is not a repository name"),
    ("https://ghcr.io/app", "registry 'https:' is not a host name"),
    ("example.com:/app", "registry 'example.com:' is not a host name"),
    ("example.com:80a/app", "is not a host name"),
    ("[::1/app", "is not a host name"),
    ("@sha256:", "a sha256 digest is 64 lower-case hexadecimal digits"),
    ("python@", 'the digest after "@" must start with one of sha256, sha384, sha512'),
    ("python@latest", "the digest after"),
    ("python@md5:" + "a" * 32, "the digest after"),
    ("python@sha256:" + "a" * 63, "64 lower-case hexadecimal digits"),
    ("python@sha256:" + "A" * 64, "64 lower-case hexadecimal digits"),
    (f"python@{SHA}@{SHA}", "64 lower-case hexadecimal digits"),
    (f"@{SHA}", "the repository name is missing"),
    ("a" * 64, "64 hexadecimal digits are an image ID"),
    (f"quay.io/{LONG}a", "has 256 characters, and 255 are allowed"),
    ("a" * 5000, "it has 5,000 characters"),
    ("${BASE}:1", "it holds a variable that is not expanded"),
    ("py thon", "character ' ' is not allowed"),
    ("python\n", r"character '\n' is not allowed"),
    ("py\x00thon", r"character '\x00' is not allowed"),
    ("\x1b[31mred", r"character '\x1b' is not allowed"),
    ("p\u0443thon", r"character '\u0443' is not allowed"),
    ("python:\uff13", r"character '\uff13' is not allowed"),
    ("\u202enohtyp", r"character '\u202e' is not allowed"),
    ("a\\b", "is not allowed"),
    ("C:\\app", "is not allowed"),
    ("a;b", "is not allowed"),
]


@pytest.mark.parametrize(("text", "reference"), VALID)
def test_reference_is_taken_apart(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


@pytest.mark.parametrize(("text", "part"), INVALID)
def test_message_names_what_is_wrong(text: str, part: str) -> None:
    with pytest.raises(InvalidReference, match=re.escape(part)) as caught:
        parse_reference(text)
    message = str(caught.value)
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("docker.io/library/python:3.12-slim", "python:3.12-slim"),
        ("index.docker.io/library/python", "python"),
        ("docker.io/acme/app", "acme/app"),
        ("ghcr.io/acme/app:1", "ghcr.io/acme/app:1"),
        (f"library/python:3@{SHA}", f"python:3@{SHA}"),
        ("docker.io/library/a/b", "library/a/b"),
        ("docker.io/gcr.io/distroless/static", "docker.io/gcr.io/distroless/static"),
        ("docker.io/localhost/app", "docker.io/localhost/app"),
    ],
)
def test_familiar_form_is_what_people_write(text: str, familiar: str) -> None:
    assert parse_reference(text).familiar == familiar


# The grammar as it is documented in github.com/distribution/reference, in one expression.
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_NAME = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})"
_GRAMMAR = re.compile(rf"(?:{_DOMAIN})/{_NAME}(?:/{_NAME})*(?::{_TAG})?(?:@{_DIGEST})?")
_PIECES = ["a", "b1", "0", "Z", ".", "_", "-", "/", ":", "[", "]", "@", SHA, "localhost", "ex.com", "::1"]


def _written_out(text: str) -> str:
    first, slash, _ = text.partition("/")
    if not slash:
        return f"docker.io/library/{text}"
    return text if first == "localhost" or re.search(r"[.:A-Z]", first) else f"docker.io/{text}"


@settings(deadline=None, derandomize=True, max_examples=1000)
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join))
@example("localhost:5000/a")
@example("[::]/a")
@example("[0]/a")
def test_what_the_grammar_allows_is_allowed_and_nothing_else(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidReference:
        assert not _GRAMMAR.fullmatch(_written_out(text))
    else:
        assert _GRAMMAR.fullmatch(_written_out(text))
        assert parse_reference(reference.familiar) == reference


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=900))
def test_any_text_is_a_reference_or_an_invalid_one(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidReference:
        return
    assert parse_reference(reference.familiar) == reference
