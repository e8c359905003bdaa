# SPDX-License-Identifier: Apache-2.0

# An aborted removal, a removal, a new installation and a purge, after which nothing is left.

[[ -n $simulator ]] || check "the container boots for the removal" boot || return 2
check "toolboxd registers before the removal" "$vmxsim" wait --timeout=5s
# As when another maintainer script fails: dpkg calls prerm, fails, and calls postinst.
cp "$root/var/lib/dpkg/info/toolboxd.prerm" "$work/prerm"
echo 'exit 1' >>"$root/var/lib/dpkg/info/toolboxd.prerm"
given_up() { inside dpkg --remove toolboxd; [[ $? != 0 && $(inside dpkg-query -W -f '${Status}' toolboxd) == *" installed" ]]; }
check "a removal fails and is aborted" given_up
check "toolboxd registers after an aborted removal" "$vmxsim" wait --timeout=5s
check "toolboxd-install-check finds no fault after an aborted removal" check_status 0
cp "$work/prerm" "$root/var/lib/dpkg/info/toolboxd.prerm"

printf '# kept\n' >>"$root/etc/toolboxd/policy.textproto"
# On a busy machine the first login takes longer than the host waits.
until_ok 20 guest alice validate
last=$(started alice)
check "the package is removed while a program runs" inside dpkg --remove toolboxd
check "no service runs after the removal" nothing_of '^(transportd|guestinfod|powerd|hgfsd|vixd|session)$' inside ps -eo comm=
check "a program continues after the removal" inside kill -0 "$last"
check "the package is installed again" inside dpkg --install "/root/${deb##*/}"
check "toolboxd registers after the new installation" "$vmxsim" wait --timeout=5s
check "toolboxd.target is enabled after the new installation" eval '[[ $(inside systemctl is-enabled toolboxd.target) == enabled ]]'
check "the policy is kept over removal and installation" grep -qx '# kept' "$root/etc/toolboxd/policy.textproto"
check "a program is still listed after removal and installation" eval 'guest alice ps "$last" | grep -q "$last"'
inside kill "$last"

inside systemctl --quiet enable toolboxd-vixd-login.socket
check "the package is purged" inside dpkg --purge toolboxd
check "no file is left after a purge" nothing left_behind
check "no user or group is left after a purge" nothing_of toolboxd inside cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
check "no file system is left after a purge" nothing_of toolboxd inside cat /proc/mounts
# Not scopes, which have users' programs.
check "no unit is left after a purge" nothing_of '^toolboxd.*\.(service|socket|slice|target) ' inside systemctl list-unit-files --no-legend
