# SPDX-License-Identifier: Apache-2.0
"""The report: what was tried on what, as a table of 80 columns and as JSON.

It has versions and results, and neither names of machines nor addresses, so that it can be sent in.
"""

import collections
import datetime
import json
import os
import re
import textwrap

WIDTH = 80
FORMAT = 1  # The version of the JSON; a change that a reader would misread makes it 2.


class Names:
    """Replaces names and addresses of the reporter's machines by what they are."""

    def __init__(self):
        self.known = {}

    def add(self, text, what):
        if text and len(text) > 2 and text not in ("localhost", "127.0.0.1"):
            self.known[text] = "<%s>" % what

    def hide(self, text):
        for name in sorted(self.known, key=len, reverse=True):
            text = re.sub(r"(?<![\w.-])%s(?![\w-])" % re.escape(name), self.known[name], text)
        return text


def hidden_names(vm, options):
    names = Names()
    names.add(options.url.hostname, "server")
    for user in (options.user, options.url_user):
        if user != "root":
            names.add(user, "user")
    names.add(vm.name, "machine")
    shown = vm.guest
    names.add(shown.hostName, "host name")
    names.add(shown.ipAddress, "address")
    for nic in shown.net or []:
        names.add(nic.macAddress, "MAC")
        for address in nic.ipAddress:
            names.add(address, "address")
    return names


def versions(content, vm):
    """What the API knows, in the order of the report."""
    about = content.about
    host = vm.runtime.host
    product = host.config.product if host and host.config else None
    shown = vm.guest
    return collections.OrderedDict(
        [
            ("API", "%s (API %s)" % (about.fullName, about.apiVersion)),
            ("host", product.fullName if product else "unknown"),
            ("hardware", "%s, %s" % (vm.config.version, vm.config.firmware or "firmware unknown")),
            ("guest id", "%s, set as %s" % (shown.guestId or "unknown", vm.config.guestId)),
            ("guest name", shown.guestFullName or "unknown"),
            ("tools", "%s, %s" % (shown.toolsVersion or "unknown", shown.toolsVersionStatus2)),
        ]
    )


GUEST_VERSIONS = r"""
. /etc/os-release; echo "system=$PRETTY_NAME"
echo "kernel=$(uname -rm)"
systemctl --version 2>/dev/null | sed -n 's/^/systemd=/p; q'
running=$(ps -eo args= | sed -n 's,^\([^ ]*/\)transportd .*,\1,p' | head -n 1)
for program in toolboxctl "${running}toolboxd toolboxctl"; do
  text=$($program --version 2>/dev/null | head -n 1) && [ -n "$text" ] && echo "toolboxd=$text" && break
done
for package in toolboxd open-vm-tools; do
  { dpkg-query -W -f='package=${Package} ${Version}\n' $package || rpm -q --qf 'package=%{NAME} %{VERSION}-%{RELEASE}\n' $package; } 2>/dev/null |
    grep '^package=.* .'
done
:"""


def guest_versions(guest):
    """What the guest itself says."""
    found = collections.OrderedDict([("system", "unknown"), ("kernel", "unknown"), ("systemd", "unknown")])
    found.update([("toolboxd", "unknown"), ("package", "none")])
    for line in guest.output(GUEST_VERSIONS).splitlines():
        name, equals, value = line.partition("=")
        if equals and name in found:
            found[name] = value
    return found


def counts(results):
    count = collections.Counter(r.outcome for r in results)
    return count["pass"], count["FAIL"], count["n/a"]


def wrapped(text, indent):
    return textwrap.fill(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False)


def head(about):
    lines = []
    for name, value in about.items():
        text = textwrap.fill(value, WIDTH - 12, break_on_hyphens=False).splitlines() or [""]
        lines += ["%-12s%s" % (name if i == 0 else "", part) for i, part in enumerate(text)]
    return "\n".join(lines)


def row(result, names):
    first, *rest = textwrap.wrap(result.name, WIDTH - 18)
    lines = ["  %-4s %7.2f s  %s" % (result.outcome, result.seconds, first)] + [" " * 18 + part for part in rest]
    if result.detail:
        lines.append(wrapped(names.hide(result.detail), 20))
    return "\n".join(lines)


def last_line(results):
    return "%d passed, %d failed, %d not applicable, %.1f s" % (*counts(results), sum(r.seconds for r in results))


def as_json(about, results, options, names):
    passed, failed, not_applicable = counts(results)
    asked = [o for o in ("power", "snapshots", "customization") if getattr(options, o)]
    return json.dumps(
        {
            "format": FORMAT,
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "versions": {name: names.hide(value) for name, value in about.items()},
            "options": asked,
            "as_root": options.user == "root",
            "passed": passed,
            "failed": failed,
            "not_applicable": not_applicable,
            "checks": [
                {**r._asdict(), "seconds": round(r.seconds, 3), "detail": names.hide(r.detail)} for r in results
            ],
        },
        indent=1,
        ensure_ascii=False,
    )


def write(path, text):
    """Writes the file as a whole or not at all."""
    if path == "-":
        print(text)
        return
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(part, path)
