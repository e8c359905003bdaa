# SPDX-License-Identifier: Apache-2.0
"""The connection to vCenter or ESXi, its certificate, and the virtual machine."""

import difflib
import hashlib
import http.client
import socket
import ssl
import time

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

from checks import fault_text


class CannotTry(Exception):
    """Why nothing can be tried, and what to do about it."""


def context_of(options):
    try:
        context = ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        raise CannotTry("--ca_file=%s has no certificates that can be read: %s" % (options.ca_file, error)) from error
    # A file with the server's own certificate is enough.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if options.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def shown_certificate(url):
    """SHA-256 of the certificate that the server shows, for a person to compare."""
    try:
        pem = ssl.get_server_certificate((url.hostname, url.port or 443), timeout=10)
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    except OSError:
        return "unknown"


def connect(options, password):
    """The service instance, logged in. Raises CannotTry."""
    url, context = options.url, context_of(options)
    where = url.netloc.rsplit("@", 1)[-1]
    try:
        return SmartConnect(
            host=url.hostname,
            port=url.port or 443,
            user=options.url_user,
            pwd=password,
            path=url.path if url.path.strip("/") else "/sdk",
            sslContext=context,
        ), context
    except vim.fault.InvalidLogin as fault:
        raise CannotTry(
            "%s refuses the login of %s: wrong user or password (VSPHERE_USER, VSPHERE_PASSWORD)" % (where, options.url_user)
        ) from fault
    except ssl.SSLCertVerificationError as error:
        raise CannotTry(
            "the certificate of %s is not valid (%s). Its SHA-256 is %s. If it is the right one, save it and give"
            " --ca_file=FILE, or do without by --insecure" % (where, error.verify_message or error.reason, shown_certificate(url))
        ) from error
    except (socket.gaierror, OSError, http.client.HTTPException) as error:
        raise CannotTry("no answer from %s: %s; is --url right?" % (where, error)) from error
    except vmodl.MethodFault as fault:
        raise CannotTry("%s: %s" % (where, fault_text(fault))) from fault
    except Exception as error:  # pyVim raises a plain Exception for what is not a server of vSphere.
        raise CannotTry("%s is not a vCenter or ESXi: %s" % (where, error)) from error


def disconnect(service):
    try:
        Disconnect(service)
    except (vmodl.MethodFault, OSError, http.client.HTTPException):
        pass


def machines(content):
    """(name, machine) of every virtual machine that the login may see."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    try:
        spec = vmodl.query.PropertyCollector
        path = spec.TraversalSpec(name="view", path="view", skip=False, type=vim.view.ContainerView)
        wanted = spec.FilterSpec(
            objectSet=[spec.ObjectSpec(obj=view, skip=True, selectSet=[path])],
            propSet=[spec.PropertySpec(type=vim.VirtualMachine, pathSet=["name"], all=False)],
        )
        page = content.propertyCollector.RetrievePropertiesEx([wanted], spec.RetrieveOptions())
        found = []
        while page:
            found += [(p.val, o.obj) for o in page.objects for p in o.propSet]
            page = page.token and content.propertyCollector.ContinueRetrievePropertiesEx(page.token)
        return found
    finally:
        view.DestroyView()


def find_machine(content, wanted):
    """The machine of that name, or of that id (as "vm-42"). Raises CannotTry with names that are near."""
    known = machines(content)
    found = [vm for name, vm in known if name == wanted] or [vm for _, vm in known if vm._moId == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise CannotTry("%d machines are named %s; give one's id as --vm: %s" % (len(found), wanted, ", ".join(v._moId for v in found)))
    names = sorted({name for name, _ in known})
    near = difflib.get_close_matches(wanted.lower(), [n.lower() for n in names], 5, 0.5)
    near = [n for n in names if n.lower() in near or wanted.lower() in n.lower()][:8] or names[:8]
    if not names:
        raise CannotTry("the login sees no virtual machine; does it have rights on %s?" % wanted)
    raise CannotTry("no virtual machine is named %s; of the %d that the login sees, try: %s" % (wanted, len(known), ", ".join(near)))


def require_tools(vm):
    """Raises CannotTry unless guest operations can work."""
    if vm.runtime.powerState != "poweredOn":
        raise CannotTry("%s is %s; switch it on" % (vm.name, vm.runtime.powerState))
    end = time.monotonic() + 10
    while vm.guest.toolsRunningStatus != "guestToolsRunning" and time.monotonic() < end:
        time.sleep(0.5)
    shown = vm.guest
    if shown.toolsRunningStatus != "guestToolsRunning":
        raise CannotTry(
            "no guest tools run in %s (%s, %s); look at toolboxd-install-check and toolboxctl status in the guest"
            % (vm.name, shown.toolsRunningStatus, shown.toolsVersionStatus2)
        )


def require_login(guest):
    """Raises CannotTry unless the guest accepts the login."""
    try:
        guest.auth_manager.ValidateCredentialsInGuest(guest.vm, guest.auth)
    except vim.fault.InvalidGuestLogin as fault:
        raise CannotTry(
            "the guest refuses the login of %s: wrong password (GUEST_PASSWORD), or PAM refuses the user; in the guest,"
            " journalctl -t session has the reason" % guest.user
        ) from fault
    except vim.fault.NoPermission as fault:
        raise CannotTry("the login at the API lacks the privilege %s" % fault.privilegeId) from fault
    except vmodl.MethodFault as fault:
        raise CannotTry("the guest does not answer a login: %s" % fault_text(fault)) from fault


def host_certificates(vm):
    """Certificates (DER) of the machine's ESXi host, as the API knows it; to be called in need."""

    def certificates():
        try:
            pem = bytes(b & 255 for b in vm.runtime.host.config.certificate).decode()
            return [ssl.PEM_cert_to_DER_cert(pem)]
        except (vmodl.MethodFault, AttributeError, TypeError, ValueError):
            return []

    return certificates
