# SPDX-License-Identifier: Apache-2.0

# The archive for other distributions, with its own install script.

[[ -n $simulator ]] || check "the container boots for the archive" boot || return 2
inside dpkg --purge toolboxd >/dev/null 2>&1
cp "$work"/a/toolboxd-*.tar.gz "$root/root/"
check "tar unpacks the archive" inside tar -C /root -xzf "/root/toolboxd-$version-linux-amd64.tar.gz"
from_archive() { inside "/root/toolboxd-$version/install" "$@"; }
check "the archive installs" from_archive
check "toolboxd from the archive registers" "$vmxsim" wait --timeout=5s
check "toolboxd-install-check finds no fault in an archive's installation" check_status 0
check "the archive enables toolboxd.target" inside systemctl is-enabled toolboxd.target
check "alice logs in with the PAM stack that the archive chose" eval 'guest alice ls /etc | grep -q passwd'
printf 'deny: "bob"\n' >"$root/etc/toolboxd/policy.textproto"
old=$(pid_of toolboxd-transportd)
check "the archive upgrades itself" from_archive
check "an upgrade by the archive restarts transportd" eval '[[ $(pid_of toolboxd-transportd) != "$old" ]] && "$vmxsim" wait --timeout=5s'
check "an upgrade by the archive keeps the policy" refused_with 20005 guest bob ls /etc
check "the archive uninstalls" from_archive --uninstall
check "no service runs after the archive's --uninstall" nothing_of '^(transportd|guestinfod|powerd|hgfsd|vixd|session)$' inside ps -eo comm=
check "the archive's --uninstall keeps the policy" grep -q bob "$root/etc/toolboxd/policy.textproto"
check "the archive installs again" from_archive
check "the archive's new installation uses the kept policy" eval '"$vmxsim" wait --timeout=5s && refused_with 20005 guest bob ls /etc'
check "the archive uninstalls with --purge" from_archive --uninstall --purge
check "no file is left after the archive's --purge" nothing left_behind
check "no user or group is left after the archive's --purge" nothing_of toolboxd inside cat /etc/passwd /etc/group
