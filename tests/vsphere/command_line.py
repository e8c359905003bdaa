# SPDX-License-Identifier: Apache-2.0
"""Command line, environment and prompts of tests/vsphere/run."""

import argparse
import getpass
import os
import sys
from urllib.parse import unquote, urlsplit

EPILOG = """
Passwords come from the environment, or from a prompt on a terminal:
  VSPHERE_URL        the default of --url; may have a user and a password in it
  VSPHERE_USER       user of vCenter or ESXi, if the URL has none
  VSPHERE_PASSWORD   that user's password
  GUEST_PASSWORD     password of --user in the guest

Exit status: 0 every check that was made passed; 1 one failed, or something could not be
removed from the guest; 2 wrong command line; 3 nothing could be tried (no connection, no
such machine, no tools, a login that is refused); 128 and the signal's number if interrupted.

Everything that it makes in the guest has "toolboxd-check-" and a number in its name, and is
removed at the end, also after Ctrl-C.
"""


def parser():
    text = "Tries toolboxd in a guest through the API of a vCenter or ESXi, and reports what works."
    made = argparse.ArgumentParser(
        prog="tests/vsphere/run", description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--vm", required=True, metavar="NAME", help="the virtual machine, by its name or id (as vm-42)")
    made.add_argument("--user", required=True, metavar="USER", help="who logs in to the guest; root is checked more")
    made.add_argument("--url", help="https://USER@HOST of the vCenter or ESXi")
    made.add_argument("--ca_file", metavar="FILE", help="certificates (PEM) to trust, of a CA or of the server itself")
    made.add_argument("--insecure", action="store_true", help="do not verify certificates")
    made.add_argument("--only", action="append", default=[], metavar="GROUP", help="only these checks; may be repeated")
    made.add_argument("--list", action="store_true", help="print the checks and end")
    made.add_argument("--tools", metavar="NAME", help="the guest runs these tools instead; README.md has what must fail then")
    made.add_argument("--json", metavar="FILE", help="write the report as JSON too; - for standard output")
    made.add_argument(
        "--power",
        nargs="?",
        const="full",
        choices=("full", "requests"),
        help="restart, shut down and suspend the guest; =requests: ask only, for simulators",
    )
    made.add_argument("--snapshots", action="store_true", help="take and remove quiesced snapshots")
    made.add_argument("--customization", action="store_true", help="customize a clone, and destroy it (vCenter)")
    made.add_argument(
        "--standalone",
        action="store_true",
        help="make no checks: start the toolboxd of this source tree in the guest, in place of its tools, and leave it running",
    )
    return made


def wrong(text):
    print("tests/vsphere/run: %s; see --help" % text, file=sys.stderr)
    sys.exit(2)


def parse(arguments):
    """The options; `url` is split, and `url_user` and `url_password` are what the URL and environment have."""
    made = parser()
    if "--list" in arguments:
        # Nothing else is needed for it.
        return argparse.Namespace(list=True, only=[a[7:] for a in arguments if a.startswith("--only=")])
    options = made.parse_args(arguments)
    given = options.url or os.environ.get("VSPHERE_URL", "")
    if not given:
        wrong("give --url=https://USER@HOST, or VSPHERE_URL")
    url = urlsplit(given if "://" in given else "https://" + given)
    if not url.hostname or url.scheme != "https":
        wrong("--url is not https://USER@HOST")
    if options.url and url.password:
        wrong("a password in --url is visible to everyone on this machine; leave it out, and set VSPHERE_PASSWORD")
    options.url = url
    options.url_user = unquote(url.username or "") or os.environ.get("VSPHERE_USER", "")
    options.url_password = unquote(url.password or "") or None
    if not options.url_user:
        wrong("who logs in at %s? give --url=https://USER@HOST, or VSPHERE_USER" % url.hostname)
    return options


def password(variable, what, found=None):
    """A password from the environment, or asked for on the terminal."""
    if found is None:
        found = os.environ.get(variable)
    if found is not None:
        return found
    if not sys.stdin.isatty():
        wrong("there is no terminal to ask for the password of %s; set %s" % (what, variable))
    return getpass.getpass("Password of %s: " % what)
