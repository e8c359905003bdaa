# SPDX-License-Identifier: Apache-2.0

# An upgrade, which keeps the configuration, and an erasure, after which nothing is left.

[[ -n $simulator ]] || check "the container boots for the upgrade" boot || return 2
check "toolboxd registers before the upgrade" "$vmxsim" wait --timeout=5s
printf 'deny: "bob"\n' >"$root/etc/toolboxd/policy.textproto"
program=$(started alice)
old=$(pid_of toolboxd-transportd)
check "rpm -U upgrades the package" rpm_in -U "/root/${rpm##*/}"
check "the new version is installed after the upgrade" eval '[[ $(rpm_in -q toolboxd) == "toolboxd-$version-1.x86_64" ]]'
check "the upgrade restarts transportd" eval '[[ $(pid_of toolboxd-transportd) != "$old" ]] && "$vmxsim" wait --timeout=5s'
check "toolboxd.target is enabled after the upgrade" inside systemctl is-enabled toolboxd.target
check "a program continues after the upgrade" inside kill -0 "$program"
check "the policy is kept over the upgrade" refused_with 20005 guest bob ls /etc
check "toolboxd-install-check finds no fault after the upgrade" check_status 0
check "rpm -V finds only the policy changed" eval '[[ $(rpm_in -V toolboxd | grep -v "^[S.]M\?.*/etc/pam.d/toolboxd" | awk "{ print \$NF }") == /etc/toolboxd/policy.textproto ]] || rpm_in -V toolboxd'
[[ $layout != rhel ]] || check "the upgrade does not make the rules permissive again" eval \
  '[[ $(modules_of) == "permissive_toolboxd_session_t toolboxd" ]] || { modules_of; false; }'
if [[ $layout == rhel ]]; then
  # No kernel here has SELinux, so no file has a label.
  install -m 755 /dev/stdin "$root/usr/local/sbin/getenforce" <<<$'#!/bin/sh\necho Enforcing'
  check "toolboxd-install-check reports programs that SELinux does not know" finds "SELinux's label"
  rm "$root/usr/local/sbin/getenforce"
fi
check "alice's operations succeed after the upgrade" eval 'guest alice ls /etc | grep -q passwd'

# What is the administrator's own stays, as .rpmsave or as it is; without it nothing does.
cp "$work/policy" "$root/etc/toolboxd/policy.textproto"
rm -f "$root"/etc/toolboxd/power.d/*/*
check "rpm -e erases the package while a program runs" rpm_in -e toolboxd
check "no service runs after the erasure" nothing_of '^(transportd|guestinfod|powerd|hgfsd|vixd|session)$' inside ps -eo comm=
check "a program continues after the erasure" inside kill -0 "$program"
inside kill "$program"
check "no file is left after the erasure" nothing left_behind
check "no user or group is left after the erasure" nothing_of toolboxd inside cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
check "no file system is left after the erasure" nothing_of toolboxd inside cat /proc/mounts
check "no unit is left after the erasure" nothing_of '\.(service|socket|slice|target) ' inside sh -c 'systemctl list-unit-files --no-legend "toolboxd*" || true'
[[ $layout != rhel ]] || check "no module is left after the erasure" eval '[[ -z $(modules_of) ]] || { modules_of; false; }'
check "rpm -i installs the package again" rpm_in -i "/root/${rpm##*/}"
check "toolboxd registers after the new installation" "$vmxsim" wait --timeout=5s
