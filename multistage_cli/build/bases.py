"""What a base image brings: files, users and packages, from the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.accounts import Account, Accounts, Group
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.files import ANYTHING, NOTHING, Files
from multistage_cli.build.files.images import ImageFiles
from multistage_cli.build.packages import Packages, Present

if TYPE_CHECKING:
    from multistage_cli.facts.contents import Contents
    from multistage_cli.facts.images import Image


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
    """Its distribution's packages."""
    if image is None:
        return Packages(start=Present(complete=True))
    present = Present(suite=None if known is None else known.suite)
    if known is not None and known.packages is not None:
        present = Present(known.packages, complete=True, suite=known.suite)
    elif image.package_manager is None and image.os_family == "busybox":
        present = Present(complete=True)
    return Packages(image.package_manager, present)
