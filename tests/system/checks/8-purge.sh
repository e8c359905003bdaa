# SPDX-License-Identifier: Apache-2.0

# Removal that is given up, removal, a new installation, purge: nothing is left behind.

[[ -n $simulator ]] || check "the container boots" boot || return 2
check "toolboxd registers" "$vmxsim" wait --timeout=5s
# As another package's maintainer script would: dpkg calls prerm, fails, and calls postinst.
cp "$root/var/lib/dpkg/info/toolboxd.prerm" "$work/prerm"
echo 'exit 1' >>"$root/var/lib/dpkg/info/toolboxd.prerm"
given_up() { inside dpkg --remove toolboxd; [[ $? != 0 && $(inside dpkg-query -W -f '${Status}' toolboxd) == *" installed" ]]; }
check "a removal is given up" given_up
check "toolboxd runs again" "$vmxsim" wait --timeout=5s
check "all of it" check_status 0
cp "$work/prerm" "$root/var/lib/dpkg/info/toolboxd.prerm"

printf '# kept\n' >>"$root/etc/toolboxd/policy.textproto"
last=$(started alice)
check "the package is removed while a program runs" inside dpkg --remove toolboxd
check "nothing of it runs" nothing_of '^(transportd|guestinfod|powerd|hgfsd|vixd|session)$' inside ps -eo comm=
check "the program goes on" inside kill -0 "$last"
check "it is installed again" inside dpkg --install "/root/${deb##*/}"
check "and registers" "$vmxsim" wait --timeout=5s
check "enabled as before" eval '[[ $(inside systemctl is-enabled toolboxd.target) == enabled ]]'
check "with the policy of before" grep -qx '# kept' "$root/etc/toolboxd/policy.textproto"
check "the program is still known" eval 'guest alice ps "$last" | grep -q "$last"'
inside kill "$last"

check "the package is purged" inside dpkg --purge toolboxd
check "no file is left" nothing left_behind
check "no user or group is left" nothing_of toolboxd inside cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
# Scopes are users'.
check "no unit is left" nothing_of '\.(service|socket|slice|target) ' inside systemctl list-unit-files --no-legend 'toolboxd*'
