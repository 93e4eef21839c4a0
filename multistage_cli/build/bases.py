"""What a base image brings: files, users and packages, from the facts."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from multistage_cli.build.accounts import Account, Accounts, Group
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.files import ANYTHING, NOTHING, Files
from multistage_cli.build.files.images import ImageFiles
from multistage_cli.build.packages import Packages, Present
from multistage_cli.facts.images import Lookup, resolve

if TYPE_CHECKING:
    from multistage_cli.build.stages import Stage
    from multistage_cli.facts.contents import Contents
    from multistage_cli.facts.images import Image
    from multistage_cli.facts.online.session import Online


def looked_up(reference: str, platform: str, online: Online | None) -> Lookup:
    """What is known of an image: by the shipped facts, and by its registry where that may be asked."""
    return resolve(reference) if online is None else online.look(reference, platform)


def platform_of(stage: Stage, platform: str) -> str:
    """The platform of a stage's base image: what FROM says, else the build's."""
    return platform if stage.platform is None or stage.platform is UNKNOWN else stage.platform


def files_of(image: Image | None, known: Contents | None) -> Files:
    """The files of an image that the facts know, or of `scratch` (None)."""
    if image is None:
        return Files.of(NOTHING)
    return Files.of(ANYTHING if known is None else ImageFiles(known))


def accounts_of(image: Image | None, known: Contents | None) -> Accounts:
    """Its users and groups; `scratch` has none, and root all the same."""
    if image is None:
        return Accounts.of((), (), users_complete=True, groups_complete=True)
    if known is None:
        users = (Account(name, UNKNOWN if number is None else number) for name, number in image.users)
        return Accounts.of(users, (), users_complete=image.users_complete, groups_complete=False)
    return Accounts.of(
        (Account(line.name, line.uid, line.gid, line.home, line.shell or UNKNOWN) for line in known.accounts),
        (Group(name, number) for name, number in known.groups),
        users_complete=known.accounts_complete,
        groups_complete=known.groups_complete,
    )


def packages_of(image: Image | None, known: Contents | None) -> Packages:
    """Its distribution's packages; looked up for the first question about them."""
    if image is None:
        return Packages(look=_none)
    if known is None:
        return Packages(image.package_manager)
    without = image.package_manager is None and image.os_family == "busybox"
    return Packages(image.package_manager, known.suite, cache(partial(_present, known, without=without)))


def _none() -> Present:
    return Present(complete=True)


def _present(known: Contents, *, without: bool) -> Present:
    if known.packages is not None:
        return Present(known.packages, complete=True, suite=known.suite)
    return Present(suite=known.suite, complete=without)
