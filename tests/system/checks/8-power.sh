# SPDX-License-Identifier: Apache-2.0

# Power operations of the host are the container's real ones.

# A call on the system bus as a user: USER SERVICE PATH INTERFACE METHOD ARGUMENT…
call_as() { local user=$1; shift; inside setpriv --reuid="$user" --regid="$user" --clear-groups busctl call "$@"; }
not_authorised() { ! call_as "$@" >"$work/said" 2>&1; cat "$work/said"; grep -qi -e 'authentication required' -e 'access denied' "$work/said"; }
systemd=(org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager)
logind=(org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager)
check "powerd may start the units of its scripts" call_as toolboxd-power "${systemd[@]}" StartUnit ss toolboxd-power-hook@poweron.service replace
check "but no other unit" not_authorised toolboxd-power "${systemd[@]}" StartUnit ss rescue.target replace
check "nor an instance for another event" not_authorised toolboxd-power "${systemd[@]}" StartUnit ss toolboxd-power-hook@other.service replace
check "nor stop one" not_authorised toolboxd-power "${systemd[@]}" StopUnit ss toolboxd-power-hook@poweron.service replace
check "nobody else may restart the machine" not_authorised toolboxd-transport "${logind[@]}" Reboot b false
# With a program of a user running, which must not hold the machine up.
started alice >/dev/null
: >"$root/root/hooks"
check "the host asks for a reboot" "$vmxsim" power reboot
check "the machine restarts (systemd-nspawn: 133)" eval 'ended 30; echo "status: $status"; [[ $status == 133 ]]' || stop_container
check "the script of the event ran as root" grep -qx 'reboot 0' "$root/root/hooks"
check "it boots again" boot || return 2
check "and registers" "$vmxsim" wait --timeout=5s
printf '#!/bin/sh\nexit 1\n' >"$root/etc/toolboxd/power.d/halt/05-fails"
chmod 755 "$root/etc/toolboxd/power.d/halt/05-fails"
refused_by_script() { "$vmxsim" power off >"$work/said" 2>&1; cat "$work/said"; grep -q '^status: 0 ' "$work/said"; }
check "a script that fails gives a shutdown up" refused_by_script
sleep 1
check "the machine goes on" inside true
: >"$root/root/hooks"
check "the host insists" "$vmxsim" power off
check "the machine is off (systemd-nspawn: 0)" eval 'ended 30; echo "status: $status"; [[ $status == 0 ]]' || stop_container
check "the script of the event ran as root" grep -qx 'halt 0' "$root/root/hooks"
