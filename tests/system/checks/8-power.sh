# SPDX-License-Identifier: Apache-2.0

# Power operations of the host really restart and end the container.

logind=(org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager)
# Scripts do not run where polkit reads no rules, and the first request of a power operation that has
# some is refused.
start_hook=(toolboxd-power "${systemd[@]}" StartUnit ss toolboxd-power-hook@poweron.service replace)
if [[ -n $polkit_reads_rules ]]; then
  check "powerd may start the units of power scripts" call_as "${start_hook[@]}"
else
  check "powerd may start no unit where polkit reads no rules" not_authorised "${start_hook[@]}"
fi
check "powerd may start no other unit" not_authorised toolboxd-power "${systemd[@]}" StartUnit ss rescue.target replace
check "powerd may start no script unit of an unknown event" not_authorised toolboxd-power "${systemd[@]}" StartUnit ss toolboxd-power-hook@other.service replace
check "powerd may not stop a script unit" not_authorised toolboxd-power "${systemd[@]}" StopUnit ss toolboxd-power-hook@poweron.service replace
check "transportd may not restart the machine" not_authorised toolboxd-transport "${logind[@]}" Reboot b false
# While a user's program runs, which must not delay the machine.
started alice >/dev/null
: >"$root/root/hooks"
[[ -n $polkit_reads_rules ]] || check "a reboot with scripts that cannot run is refused once" eval '! "$vmxsim" power reboot | grep -q "^status: 1 "'
check "the host requests a reboot" "$vmxsim" power reboot
check "the machine restarts (systemd-nspawn exits with 133)" eval 'ended 30; echo "status: $status"; [[ $status == 133 ]]' || stop_container
[[ -z $polkit_reads_rules ]] || check "the script of a reboot ran as root" grep -qx 'reboot 0' "$root/root/hooks"
check "the machine boots after a reboot by the host" boot || return 2
check "the machine registers after a reboot by the host" "$vmxsim" wait --timeout=5s
printf '#!/bin/sh\nexit 1\n' >"$root/etc/toolboxd/power.d/halt/05-fails"
chmod 755 "$root/etc/toolboxd/power.d/halt/05-fails"
refused_by_script() { "$vmxsim" power off >"$work/said" 2>&1; cat "$work/said"; grep -q '^status: 0 ' "$work/said"; }
check "a failed script cancels a shutdown" refused_by_script
sleep 1
check "the machine continues after a cancelled shutdown" inside true
: >"$root/root/hooks"
check "a second request shuts down although the script fails" "$vmxsim" power off
check "the machine is off (systemd-nspawn exits with 0)" eval 'ended 30; echo "status: $status"; [[ $status == 0 ]]' || stop_container
[[ -z $polkit_reads_rules ]] || check "the script of a shutdown ran as root" grep -qx 'halt 0' "$root/root/hooks"
