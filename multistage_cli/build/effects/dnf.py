"""dnf, yum, microdnf, tdnf and zypper: packages of RPM distributions and their metadata.

Source: dnf(8), microdnf(8), zypper(8): metadata and packages stay in the cache until `clean all`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import CacheRemoval, IndexRefresh, Installation, Removal
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_FOLDERS = {
    "zypper": ("/var/cache/zypp",),
    "dnf": ("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"),
}
_SWITCHES = (
    "-y --assumeyes -q --quiet -v --verbose --nodocs --best --nobest --allowerasing --skip-broken --nogpgcheck"
    " -b --refresh -C --cacheonly -n --non-interactive --no-recommends --recommends -l -f --no-confirm"
    " --auto-agree-with-licenses --no-refresh --gpg-auto-import-keys --keepcache --security -t --tolerant"
)
_WITH_VALUE = (
    "--setopt --enablerepo --disablerepo --repo --repoid --installroot --releasever -x --exclude -c --config"
    " --nogpgcheck-repo --forcearch --disableplugin --enableplugin --from --root -R --setvar"
)


@effect("dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper")
def dnf(call: Call) -> Iterator[Change]:
    """What `install` and `remove` bring and take, and what `clean all` deletes."""
    manager = "zypper" if call.name == "zypper" else "dnf"
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *names = arguments.operands or ("",)
    line, certain = call.line, call.certain
    kept = call.cache_at(*_FOLDERS[manager])
    match action:
        case "install" | "in" | "localinstall" | "groupinstall" | "reinstall":
            weak = any(_without_weak(setting) for setting in arguments.values("--setopt"))
            yield Installation(
                manager,
                tuple(names),
                (),
                line,
                certain,
                kept,
                complete=arguments.complete and action != "groupinstall",
                recommends=not weak and not arguments.has("--no-recommends"),
            )
        case "remove" | "erase" | "autoremove" | "rm":
            yield Removal(manager, tuple(names), line, certain, autoremove=action == "autoremove")
        case "update" | "upgrade" | "up" | "distro-sync" | "dist-upgrade" | "module" | "group":
            yield Installation(manager, (), (), line, certain, kept, complete=False)
        case "makecache" | "refresh" | "ref" | "check-update":
            yield IndexRefresh(manager, line, certain, kept)
        case "clean" | "cc":
            yield CacheRemoval(manager, line, certain)
        case _:
            return


def _without_weak(setting: str) -> bool:
    name, _, value = setting.partition("=")
    return name == "install_weak_deps" and value.casefold() in {"0", "false", "no", "off"}
