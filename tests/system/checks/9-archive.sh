# SPDX-License-Identifier: Apache-2.0

# The archive for other distributions, by the script that it brings.

[[ -n $simulator ]] || check "the container boots" boot || return 2
inside dpkg --purge toolboxd >/dev/null 2>&1
cp "$work"/a/toolboxd-*.tar.gz "$root/root/"
check "the archive unpacks" inside tar -C /root -xzf "/root/toolboxd-$version-linux-amd64.tar.gz"
from_archive() { inside "/root/toolboxd-$version/install" "$@"; }
check "it installs" from_archive
check "toolboxd registers" "$vmxsim" wait --timeout=5s
check "toolboxd-install-check finds all well" check_status 0
check "it is enabled" inside systemctl is-enabled toolboxd.target
check "alice can log in, by Debian's PAM stack" eval 'guest alice ls /etc | grep -q passwd'
printf 'deny: "bob"\n' >"$root/etc/toolboxd/policy.textproto"
old=$(pid_of toolboxd-transportd)
check "it installs over itself" from_archive
check "which restarts the services" eval '[[ $(pid_of toolboxd-transportd) != "$old" ]] && "$vmxsim" wait --timeout=5s'
check "and keeps the policy" refused_with 20005 guest bob ls /etc
check "it is removed" from_archive --uninstall
check "nothing of it runs" nothing_of '^(transportd|guestinfod|powerd|hgfsd|vixd|session)$' inside ps -eo comm=
check "the policy is left" grep -q bob "$root/etc/toolboxd/policy.textproto"
check "it installs again" from_archive
check "with that policy" eval '"$vmxsim" wait --timeout=5s && refused_with 20005 guest bob ls /etc'
check "it is removed with all that was configured" from_archive --uninstall --purge
check "no file is left" nothing left_behind
check "no user or group is left" nothing_of toolboxd inside cat /etc/passwd /etc/group
