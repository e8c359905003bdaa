# SPDX-License-Identifier: Apache-2.0

# The host's time, by the shipped units.
#
# A container has this machine's clock, which no test may set. It is safe twice: systemd-nspawn takes
# CAP_SYS_TIME away unless an option keeps it, and vmxsim answers every call that sets a clock by itself
# (vmxsim/README.md, Clocks). What `inside` runs is neither: it must never set one.

clock() { "$vmxsim" clock | sed -n "s/^$1 //p"; }
steps() { "$vmxsim" clock | grep -c '^step '; }
synchronizes() { [[ $("$vmxsim" send "Time_Synchronize $1") == "$2" ]]; }
# The time at which this machine booted, in milliseconds: a step would change it.
epoch() { python3 -c 'import time; print(int(1000 * (time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_BOOTTIME))))'; }
# near MICROSECONDS: the guest's clock is within that of the host's.
near() { local difference; difference=$(clock difference); echo "$difference"; ((${difference#-} <= $1)); }
epoch_before=$(epoch)
untouched() { local now; now=$(epoch); echo "$epoch_before, $now"; ((now - epoch_before > -100 && now - epoch_before < 100)); }
no_clockd() { [[ $(inside systemctl is-active toolboxd-clockd.service) == inactive ]]; }

check "clockd does not run before the host asks" no_clockd
drop_in=$root/etc/systemd/system/toolboxd-clockd.service.d
install -d "$drop_in"
printf '[Service]\nAmbientCapabilities=\n' >"$drop_in/test.conf"
inside systemctl daemon-reload
"$vmxsim" clock ahead=5s
check "without CAP_SYS_TIME a step fails and the journal says why" eval '
  synchronizes 0 "ERROR Unable to sync time" &&
  journal -u toolboxd-clockd | grep -E "the clock was not set: the kernel refuses to .*: Operation not permitted"'
check "nothing was stepped" test "$(steps)" = 0
check "the status of the clock has the failure" eval 'inside toolboxctl time status | tee /dev/stderr | grep -q "^last failure .*Operation not permitted"'
rm "$drop_in/test.conf"

inside systemctl reboot
check "the container restarts with a clock that is not this machine's" eval \
  'ended 30 && nspawn=(--capability=CAP_SYS_TIME) && boot && "$vmxsim" wait --timeout=5s' || return 2
check "clockd does not run after a boot" no_clockd
"$vmxsim" clock ahead=5s
check "a clock behind the host's is stepped when the host asks" eval 'synchronizes 0 "OK " && near 5000'
check "the host gets one step and STOPCATCHUP" eval '[[ $(steps) == 1 && $(clock stop_catch_ups) == 1 ]]'
check "the step is in the journal with its size" eval \
  'journal -u toolboxd-clockd | grep -E "the clock was set forward by (4\.9|5\.0)[0-9]* s, as the host asked"'
check "clockd runs as its user" eval '[[ $(inside ps -o user:30= -p "$(pid_of toolboxd-clockd)") == toolboxd-clock ]]'
capabilities() { inside grep "^$1" "/proc/$(pid_of toolboxd-clockd)/status" | awk '{ print $2 }'; }
check "clockd has CAP_SYS_TIME and nothing else" eval '
  [[ $(capabilities CapEff) == 0000000002000000 && $(capabilities CapBnd) == 0000000002000000 ]]'
check "transportd cannot set the clock" eval '[[ $(inside grep ^CapBnd "/proc/$(pid_of toolboxd-transportd)/status") == *0000000000000400 ]]'
kept_out() {
  local said
  said=$(inside setpriv --reuid="$1" --regid="$1" --init-groups toolboxctl --control=/run/toolboxd/clockd.sock status 2>&1) && return 1
  [[ $said == *"Permission denied"* ]] || { echo "$said"; return 1; }
}
check "a user cannot connect to clockd" kept_out alice
check "guestinfod's user cannot connect to clockd" kept_out toolboxd-guestinfo
"$vmxsim" clock ahead=-2s
check "a clock ahead is not set back without the host's permission" eval 'synchronizes 0 "OK " && [[ $(steps) == 1 ]]'
check "with its permission it is" eval 'synchronizes 1 "OK " && near 5000'
check "toolboxctl shows the clock" eval 'inside toolboxctl time status | tee /dev/stderr | grep -q "^last step .*back by 2\.00.*the host asked; 2 in all"'
check "clockd ends ten seconds after a step" eval 'until_ok 15 no_clockd'

option() { [[ $("$vmxsim" send "Set_Option $1") == "OK " ]]; }
"$vmxsim" clock ahead=3s
check "tools.startup steps the clock" eval 'option "time.synchronize.tools.startup 1" && near 5000'
"$vmxsim" clock ahead=3s
check "tools.startup counts once between two boots" eval '
  inside systemctl restart toolboxd-transportd && "$vmxsim" wait --timeout=5s && sleep 0.2 &&
  option "time.synchronize.tools.startup 1" && [[ $(steps) == 3 ]]'
check "only transportd's user reads its marks" eval '[[ $(inside stat -c "%U %a" /run/toolboxd/transport) == "toolboxd-transport 700" ]]'

"$vmxsim" clock ahead=40ms rate=500
option "time.synchronize.tools.slewCorrection 1"
option "synctime.period 1"
check "periodic synchronization changes the rate" eval 'option "synctime 1" && until_ok 5 eval "[[ \$(clock tick) != 10000 ]]"'
check "a killed clockd starts again, and the clock keeps no wrong rate" eval '
  inside kill -KILL "$(pid_of toolboxd-clockd)" && option "synctime 0" && until_ok 10 eval "[[ \$(clock tick) == 10000 ]]" &&
  journal -u toolboxd-clockd | grep -F "the clock has its own rate again"'
"$vmxsim" clock ahead=40ms status=0
check "a clock that another service disciplines is left alone" eval '
  option "synctime 1" && until_ok 5 eval "journal -u toolboxd-transportd | grep -q \"another service disciplines\"" && [[ $(clock tick) == 10000 ]]'
check "toolboxctl says so" eval 'inside toolboxctl time status | tee /dev/stderr | grep -q "^disciplined by  another service"'
option "synctime 0"
"$vmxsim" clock rate=0
check "the clock of this machine was never set" untouched

inside systemctl reboot
check "the container restarts without CAP_SYS_TIME" eval 'ended 30 && nspawn=() && boot && "$vmxsim" wait --timeout=5s' || return 2
