# SPDX-License-Identifier: Apache-2.0
"""Who gets in. One wrong password only: more could lock an account."""

import time

from pyVmomi import vim

from checks import Failure, NotApplicable, check, refused

WRONG = (vim.fault.InvalidGuestLogin,)


def validate(guest, auth):
    guest.auth_manager.ValidateCredentialsInGuest(guest.vm, auth)


@check("the right password is accepted")
def right_password(guest):
    validate(guest, guest.auth)


@check("a wrong password is refused, and the right one accepted right after it")
def wrong_password(guest):
    refused(WRONG, validate, guest, guest.login(guest.user, "not the password"))
    start = time.monotonic()
    validate(guest, guest.auth)
    if time.monotonic() - start > 10:
        raise Failure("the right one took %.0f s" % (time.monotonic() - start))


@check("a user who does not exist is refused")
def unknown_user(guest):
    refused(WRONG, validate, guest, guest.login(guest.mark, "not the password"))


@check("a file operation with a wrong user is refused")
def wrong_file_operation(guest):
    auth = guest.login(guest.mark, "not the password")
    refused(WRONG, guest.file_manager.ListFilesInGuest, guest.vm, auth, "/", None, None, None)


@check("tickets are not supported")
def tickets(guest):
    expected = (vim.fault.OperationNotSupportedByGuest,)
    refused(expected, guest.auth_manager.AcquireCredentialsInGuest, guest.vm, guest.auth, None)


@check("guest aliases are not supported")
def aliases(guest):
    manager = guest.content.guestOperationsManager.aliasManager
    if manager is None:
        raise NotApplicable("this host has no alias manager")
    expected = (vim.fault.OperationNotSupportedByGuest, vim.fault.GuestComponentsOutOfDate)
    refused(expected, manager.ListGuestMappedAliases, guest.vm, guest.auth)
