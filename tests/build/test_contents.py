"""What files of the build context are, from a bounded look at them."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

import pytest

from multistage_cli.build.binaries import START_BYTES, content_of_bytes, is_tar
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.contents import content_of_file, content_of_text
from multistage_cli.build.context import open_context
from multistage_cli.build.files import Content, Nature

EXECUTABLE, SHARED = 2, 3
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n"


def looked_at(folder: Path, name: str, content: bytes | str) -> Content | None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return content_of_file(open_context(folder), name)


def nature(folder: Path, name: str, content: bytes | str) -> Nature | None:
    found = looked_at(folder, name, content)
    return None if found is None else found.nature


def elf(kind: int, loader: str | None, *, wide: bool = True, order: str = "<", dynamic: bool = True) -> bytes:
    """The first bytes of a program for Linux."""
    headers = 1 + (loader is not None) + dynamic
    first = 64 if wide else 52
    size = 56 if wide else 32
    place = first + headers * size
    text = b"" if loader is None else loader.encode() + b"\0"
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    number = "Q" if wide else "I"
    header = struct.pack(
        f"{order}HHI{number}{number}{number}IHHHHHH",
        kind,
        62,
        1,
        0,
        first,
        0,
        0,
        first,
        size,
        headers,
        0,
        0,
        0,
    )
    kinds = [1, *([3] if loader is not None else []), *([2] if dynamic else [])]
    rows = b"".join(
        struct.pack(order + "IIQQQQQQ", row, 4, place, 0, 0, len(text), len(text), 1)
        if wide
        else struct.pack(order + "IIIIIIII", row, place, 0, 0, len(text), len(text), 4, 1)
        for row in kinds
    )
    return ident + header + rows + text + bytes(100)


@pytest.mark.parametrize(
    ("content", "static", "libc"),
    [
        (elf(SHARED, "/lib64/ld-linux-x86-64.so.2"), Claim.NO, "glibc"),
        (elf(SHARED, "/lib/ld-linux-aarch64.so.1"), Claim.NO, "glibc"),
        (elf(EXECUTABLE, "/lib/ld-musl-x86_64.so.1"), Claim.NO, "musl"),
        (elf(SHARED, "/nix/store/x/lib/own-loader"), Claim.NO, UNKNOWN),
        (elf(EXECUTABLE, None, dynamic=False), Claim.YES, UNKNOWN),
        (elf(EXECUTABLE, "/lib/ld-linux.so.2", wide=False), Claim.NO, "glibc"),
        (elf(EXECUTABLE, "/lib/ld-musl-armhf.so.1", wide=False, order=">"), Claim.NO, "musl"),
        # A library, or a program linked with -static-pie.
        (elf(SHARED, None), Claim.UNKNOWN, UNKNOWN),
        # Cut off before anything follows.
        (b"\x7fELF", Claim.UNKNOWN, UNKNOWN),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03", Claim.UNKNOWN, UNKNOWN),
        (b"\x7fELF\x09\x09" + bytes(200), Claim.UNKNOWN, UNKNOWN),
    ],
)
def test_programs(tmp_path: Path, content: bytes, static: Claim, libc: object) -> None:
    found = looked_at(tmp_path, "tool", content)
    assert found is not None
    assert (found.nature, found.static, found.libc) == (Nature.BINARY, static, libc)


def test_libraries_are_not_static() -> None:
    for name in ("libx.so", "libx.so.6"):
        found = content_of_bytes(name, elf(SHARED, None))
        assert found is not None
        assert found.static is Claim.NO


def test_headers_far_away_are_not_followed() -> None:
    far = bytearray(elf(EXECUTABLE, "/lib64/ld-linux-x86-64.so.2"))
    struct.pack_into("<Q", far, 32, 2**63)
    found = content_of_bytes("tool", bytes(far))
    assert found is not None
    assert (found.static, found.libc) == (Claim.UNKNOWN, UNKNOWN)


def tar(*, form: int = tarfile.USTAR_FORMAT) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return whole.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"x", mtime=0),
        b"BZh91AY&SY",
        b"\xfd7zXZ\0\0",
        b"\x28\xb5\x2f\xfd",
        b"PK\x03\x04",
        tar(),
        tar(form=tarfile.GNU_FORMAT),
        tar(form=tarfile.PAX_FORMAT),
    ],
)
def test_archives_by_content(tmp_path: Path, content: bytes) -> None:
    assert nature(tmp_path, "whatever", content) is Nature.ARCHIVE


def test_what_is_a_tar_header() -> None:
    assert is_tar(tar())
    assert not is_tar(bytes(1024))
    assert not is_tar(b"text " * 200)
    assert not is_tar(tar()[:500])
    changed = bytearray(tar())
    changed[0] ^= 1
    assert not is_tar(bytes(changed))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env", "A=1\n"),
        (".env.production", "A=1\n"),
        (".netrc", "machine example.org password x\n"),
        ("deploy/id_rsa", "anything"),
        ("id_ed25519", b"\0\1"),
        (".git-credentials", "https://u:p@example.org\n"),
        ("store.p12", b"\x30\x82\0\0"),
        ("server.pem", KEY),
        ("any-name.txt", KEY),
        ("tls.key", "-----BEGIN PRIVATE KEY-----\n"),
        (".npmrc", "//registry.example.org/:_authToken=abc\n"),
        (".pypirc", "[pypi]\npassword = x\n"),
        (".aws/credentials", "[default]\naws_secret_access_key = x\n"),
        ("account.json", '{"type": "service_account"}'),
    ],
)
def test_secrets(tmp_path: Path, name: str, content: bytes | str) -> None:
    found = looked_at(tmp_path, name, content)
    assert found is not None
    assert found.nature is Nature.SECRET
    assert found.text is UNKNOWN  # it is nobody's business


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env.example", "A=\n"),
        (".npmrc", "save-exact=true\n"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nx\n"),
        ("id_rsa.pub", "ssh-rsa AAAA\n"),
        ("credentials", "see the wiki\n"),
        ("package.json", '{"name": "a"}'),
        ("environment", "x"),
    ],
)
def test_no_secrets(tmp_path: Path, name: str, content: str) -> None:
    assert nature(tmp_path, name, content) is Nature.TEXT


@pytest.mark.parametrize(
    ("text", "interpreter", "carriage_returns"),
    [
        ("#!/bin/sh\necho\n", "/bin/sh", Claim.NO),
        ("#! /usr/bin/env -S python3 -u\n", "/usr/bin/env -S python3 -u", Claim.NO),
        ("#!/bin/sh\r\necho\r\n", "/bin/sh\r", Claim.YES),
    ],
)
def test_scripts(tmp_path: Path, text: str, interpreter: str, carriage_returns: Claim) -> None:
    found = looked_at(tmp_path, "run", text)
    assert found == content_of_text(text)
    assert found is not None
    assert (found.nature, found.interpreter) == (Nature.SCRIPT, interpreter)
    assert (found.carriage_returns, found.text) == (carriage_returns, text)


def test_a_large_script_is_known_by_its_start(tmp_path: Path) -> None:
    found = looked_at(tmp_path, "run", "#!/bin/bash\n" + "é" * 100_000)
    assert found is not None
    assert (found.nature, found.interpreter, found.text) == (Nature.SCRIPT, "/bin/bash", UNKNOWN)
    assert found.carriage_returns is Claim.UNKNOWN


@pytest.mark.parametrize("content", [b"\0\1\2", b"\xff\xfe" * 4000, bytes(START_BYTES + 1)])
def test_other_bytes_are_nothing_known(tmp_path: Path, content: bytes) -> None:
    assert looked_at(tmp_path, "blob", content) is None


def test_an_empty_file_is_text(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "empty", b"") == Content(Nature.TEXT, carriage_returns=Claim.NO, text="")


def test_what_is_not_there_has_no_content(tmp_path: Path) -> None:
    assert content_of_file(open_context(tmp_path), "missing") is None
