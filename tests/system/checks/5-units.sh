# SPDX-License-Identifier: Apache-2.0

# Unusual cases of units: wrong flags, floods, services that start and end, other guest tools.

# drop_in UNIT LINE…: a drop-in for a unit, until no_drop_in.
drop_in() {
  inside mkdir -p "/etc/systemd/system/$1.d"
  printf '%s\n' "${@:2}" | inside tee "/etc/systemd/system/$1.d/test.conf" >/dev/null
  inside systemctl daemon-reload
}
no_drop_in() { inside rm "/etc/systemd/system/$1.d/test.conf" && inside systemctl daemon-reload; }
state_is() { [[ $(inside systemctl is-active "$1") == "$2" ]]; }

guestinfod=toolboxd-guestinfod.service
connected() { inside toolboxctl status | grep -q "^guestinfod  *connected"; }
# A failure that lasts a while, as when memory is short, while transportd waits for the service.
drop_in $guestinfod '[Service]' 'ExecStartPre=+test -e /run/go-on'
inside systemctl restart $guestinfod >/dev/null 2>&1
restarts() { inside systemctl show -P NRestarts $guestinfod; }
check "a service that fails is started again and again" until_ok 20 eval '(($(restarts) >= 15))'
check "its socket is there meanwhile" eval '! state_is toolboxd-guestinfod.socket failed'
inside touch /run/go-on
check "transportd connects to a service that has failed for a while" until_ok 10 connected
figure "restarts until then: $(restarts)"
no_drop_in $guestinfod
inside rm -f /run/go-on

drop_in $guestinfod '[Service]' 'ExecStart=' 'ExecStart=/usr/lib/toolboxd/guestinfod --nonsense'
inside systemctl restart $guestinfod >/dev/null 2>&1
ended_for_good() { state_is toolboxd-guestinfod.socket failed && state_is $guestinfod failed && [[ $(inside systemctl show -P NRestarts $guestinfod) == 0 ]]; }
check "a service with a wrong flag is not restarted, however often it is called" until_ok 30 ended_for_good
check "toolboxd-install-check reports a failed service" finds "$guestinfod has failed"
no_drop_in $guestinfod
check "a service starts once its flag is corrected" inside systemctl restart $guestinfod
check "transportd connects to the restarted guestinfod" until_ok 8 connected

# powerd, with a shorter --idle_exit.
powerd=toolboxd-powerd.service
inside systemctl stop $powerd 2>/dev/null
drop_in $powerd '[Service]' 'ExecStart=' 'ExecStart=/usr/lib/toolboxd/powerd --allow=toolboxd-transport --idle_exit=1s'
for event in suspend resume; do
  inside mkdir -p "/etc/toolboxd/power.d/$event"
  cp -p "$root/etc/toolboxd/power.d/poweron/10-note" "$root/etc/toolboxd/power.d/$event/"
done
# event NAME EVENT: the host requests it and receives success, and the scripts ran as root.
event() {
  : >"$root/root/hooks"
  "$vmxsim" power "$1" | tee /dev/stderr | grep -q '^status: 1 ' && grep -qx "$2 0" "$root/root/hooks"
}
# refuses_hooks: the host receives a failure, and no script ran.
refuses_hooks() {
  : >"$root/root/hooks"
  "$vmxsim" power on >"$work/said" 2>&1
  cat "$work/said" "$root/root/hooks"
  grep -q '^status: 0 ' "$work/said" && [[ ! -s $root/root/hooks ]]
}
if [[ -n $polkit_reads_rules ]]; then
  check "power-on runs its scripts" event on poweron
  hooks=$root/etc/toolboxd/power.d/poweron
  chmod 775 "$hooks/10-note"
  check "a script that others may write is not run" refuses_hooks
  chmod 755 "$hooks/10-note"
  check "power-on runs its script when only root may write it" event on poweron
  chmod 777 "$hooks"
  check "a folder that others may write runs no script" refuses_hooks
  chmod 755 "$hooks"
  check "the journal names a folder that others may write" until_ok 3 eval 'journal -u "toolboxd-power-hook@poweron" | grep -q "power.d/poweron can be changed by users other than root"'
  check "power-on runs its scripts when only root may write their folder" event on poweron
else
  check "power-on with scripts fails where polkit reads no rules" refuses_hooks
  inside rm /etc/toolboxd/power.d/poweron/10-note
  check "power-on without scripts succeeds where polkit reads no rules" eval '"$vmxsim" power on | grep -q "^status: 1 "'
fi
check "powerd is started for a power event" state_is $powerd active
check "powerd exits one second (--idle_exit) after a power event" until_ok 4 state_is $powerd inactive
if [[ -n $polkit_reads_rules ]]; then
  check "resume runs its scripts" event resume resume
  check "suspend runs its scripts" event suspend suspend
  check "powerd exits after suspend and resume" until_ok 4 state_is $powerd inactive
fi
check "no unit of toolboxd has failed after power events" nothing inside systemctl list-units --no-legend --state=failed 'toolboxd*'
no_drop_in $powerd

# The channel has one owner. The unit has the name that open-vm-tools gives it on other systems,
# since Debian's is still half configured here. It is written inside the container: the file is a
# link to a path that this machine has too.
inside rm -f /etc/systemd/system/vmtoolsd.service
printf '[Service]\nExecStart=sleep infinity\n' | inside tee /etc/systemd/system/vmtoolsd.service >/dev/null
inside systemctl daemon-reload
inside systemctl start vmtoolsd.service
check "starting vmtoolsd stops transportd" state_is toolboxd-transportd.service inactive
check "toolboxd-install-check reports that vmtoolsd runs" finds 'vmtoolsd.service is running'
inside systemctl start toolboxd-transportd.service
check "starting transportd stops vmtoolsd" state_is vmtoolsd.service inactive
inside rm /etc/systemd/system/vmtoolsd.service
inside systemctl daemon-reload
check "the guest is registered again after vmtoolsd ran" "$vmxsim" wait --timeout=5s
