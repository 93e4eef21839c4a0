"""ldconfig, update-ca-certificates, locale-gen and others that keep a system's own files up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Doubted, FileWritten
from multistage_cli.build.effects import Call, effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_LIBRARIES: Final = ("/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64")


@effect("ldconfig")
def ldconfig(call: Call) -> Iterator[Change]:
    """The cache of libraries, and links from their names to their files."""
    if "-p" in call.words or "-v" in call.words[:1] or call.state.libc == "musl":
        return
    yield FileWritten("/etc/ld.so.cache", call.line, call.certain, fresh=True)
    yield Doubted("/var/cache/ldconfig", call.line, call.certain, removes=False)
    for folder in _LIBRARIES:
        yield Doubted(folder, call.line, call.certain, removes=False, alters=False)


@effect("update-ca-certificates")
def update_ca_certificates(call: Call) -> Iterator[Change]:
    """The bundle of certificates, and the links beside it."""
    yield FileWritten("/etc/ssl/certs/ca-certificates.crt", call.line, call.certain)
    yield Doubted("/etc/ssl/certs", call.line, call.certain, inside=True)
    yield FileWritten("/etc/ssl/certs/ca-certificates.crt", call.line, call.certain)


@effect("locale-gen", "localedef", "update-locale")
def locale_gen(call: Call) -> Iterator[Change]:
    """Locales below /usr/lib/locale, and the lists of which there are."""
    yield Doubted("/usr/lib/locale", call.line, call.certain)
    for path in ("/etc/locale.gen", "/etc/default/locale", "/etc/locale.conf", "/var/lib/locales"):
        yield Doubted(path, call.line, call.certain, removes=False)


@effect("update-alternatives")
def update_alternatives(call: Call) -> Iterator[Change]:
    """Links in folders of commands and manual pages, by way of /etc/alternatives."""
    if {"--display", "--list", "--query", "--get-selections"}.intersection(str(word) for word in call.words):
        return
    for folder in (
        "/etc/alternatives",
        "/var/lib/dpkg/alternatives",
        "/usr/bin",
        "/usr/local/bin",
        "/usr/share/man",
    ):
        yield Doubted(folder, call.line, call.certain)


@effect("fc-cache", "update-mime-database", "mandb", "ssh-add", "crontab")
def caches(call: Call) -> Iterator[Change]:
    """Caches of fonts, types and manual pages, and tables of cron."""
    for folder in ("/var/cache", "/usr/share/mime", "/var/spool/cron"):
        yield Doubted(folder, call.line, call.certain)
