# SPDX-License-Identifier: Apache-2.0

# Any process may be killed at any time, also during its work: that work ends with an error, and
# the next request succeeds within two seconds.

# within_two_seconds COMMAND…: the command succeeds within 2 s from now; `took` prints how long
# it took.
within_two_seconds() {
  local began=$(now)
  until "$@" >/dev/null 2>&1; do
    (($(now) - began < 2000)) || return 2
    sleep 0.05
  done
  echo $(($(now) - began)) >"$work/recovery"
}
took() { figure "$1 $(<"$work/recovery") ms"; }
lists() { guest "$1" ls /etc | grep -q passwd; }
kill_hard() { inside kill -KILL "$1"; }
newest() { inside pgrep -n -x -u "$1" "$2"; }
session_of() { inside ps -o ppid= -p "$(newest alice "$1")" | tr -d ' '; }

# begin COMMAND…: an operation in the background.
begin() {
  "$@" >"$work/operation" 2>"$work/error" </dev/null &
  operation=$!
}
runs() { kill -0 "$operation" 2>/dev/null; }
# failed_with SECONDS PATTERN: the operation ends within this time, without success, and prints why.
failed_with() {
  until_ok "$1" eval '! runs' || { echo "the operation hangs"; return 1; }
  ! wait "$operation" && cat "$work/error" && grep -q -e "$2" "$work/error"
}
# patiently USER COMMAND…: a host that waits for five seconds at most.
patiently() { local user=$1; shift; "$vmxsim" guest --timeout=5s --user="$user" --password="secret-$user" "$@"; }
begin_download() {
  rm -f "$work/received"
  begin patiently alice download "/home/alice/$1" "$work/received"
}
received() { stat -c %s "$work/received" 2>/dev/null || echo 0; }
# is_arriving SIZE: a part of the content has been received, and more arrives.
is_arriving() {
  until_ok 5 eval '(($(received) > 0))' || { echo "nothing arrives"; return 1; }
  local before=$(received)
  until_ok 2 eval "((\$(received) > $before))" && runs && (($(received) < $1))
}

as_alice() { inside setpriv --reuid=alice --regid=alice --clear-groups "$@"; }
large=$((2 << 30))
as_alice truncate -s "$large" /home/alice/large
# dies_in_a_download NAME COMMAND: kills the process that COMMAND prints during a download.
dies_in_a_download() {
  begin_download large
  check "a download runs before $1 is killed" is_arriving "$large"
  check "$1 is killed during a download" eval "runs && kill_hard \"\$($2)\""
}

old=$(pid_of toolboxd-transportd)
dies_in_a_download transportd 'pid_of toolboxd-transportd'
registered_again() { [[ $(pid_of toolboxd-transportd) != "$old" ]] && inside toolboxctl wait --timeout=1s; }
check "a killed transportd is registered again within 2 s" within_two_seconds registered_again && took "transportd registered after"
check "a guest operation succeeds within 2 s after transportd was killed" within_two_seconds lists alice && took "and the next operation done after another"
# The host of a killed transportd knows only that it does not answer, or not in this session.
check "a download ends with an error after transportd was killed" failed_with 10 'did not fetch\|did not reply\|HGFS status 17'
check "a download that transportd's end has stopped is incomplete" eval '(($(received) < large))'

old=$(pid_of toolboxd-guestinfod)
as_alice truncate -s 1G /home/alice/marked
for place in 7 300 700 1023; do as_alice dd if=/dev/urandom of=/home/alice/marked bs=1M seek="$place" count=1 conv=notrunc status=none; done
begin_download marked
check "a download runs before guestinfod is killed" is_arriving $((1 << 30))
check "guestinfod is killed during a download" eval 'runs && kill_hard "$old"'
inside hostnamectl hostname second-name 2>/dev/null || inside hostname second-name
check "the host learns a change within 2 s after guestinfod was killed" within_two_seconds says '^host name: second-name' && took "guestinfod back after"
inside hostname toolboxd-guest
check "a download completes although guestinfod was killed" eval 'until_ok 240 eval "! runs" && wait "$operation" && cmp "$root/home/alice/marked" "$work/received"'
rm -f "$root/home/alice/marked"

begin_download large
check "a download runs before hgfsd is killed" is_arriving "$large"
for name in transportd hgfsd; do
  figure "$name in a transfer: private, PSS (kB): $(memory_of "$name"), processes: $(inside pgrep -c -x "$name"), threads: $(inside ps -o nlwp= -C "$name" | xargs)"
done
check "hgfsd is killed during a download" eval 'runs && kill_hard "$(newest alice hgfsd)"'
check "a new hgfsd serves within 2 s after one was killed" within_two_seconds lists alice && took "hgfsd back after"
check "a download ends with an error after hgfsd was killed" failed_with 5 'HGFS status 19\|VIX error 3016'
check "the journal has the failed download" until_ok 3 audited 'operation=FileTransferFromGuest target="/home/alice/large"' result=3016

dies_in_a_download "hgfsd's session" 'session_of hgfsd'
check "a new hgfsd serves within 2 s after its session was killed" within_two_seconds lists alice && took "session back after"
check "a download ends with an error after hgfsd's session was killed" failed_with 5 'HGFS status 19\|VIX error 3016'
rm -f "$work/received"

survivor=$(started alice)
# Its output is available when it has ended; vixd waits a moment for that.
with_output=$(guest alice start sleep 1000 | grep -oE '[0-9]+' | head -n 1)
check "a request for the output of a running program waits a moment" eval '
  began=$(now); refused_with 13 guest alice stat "/proc/$with_output/stdout" && (($(now) - began > 350))'
vixd=$(newest alice vixd)
inside kill -STOP "$vixd"
begin patiently alice stat "/proc/$with_output/stdout"
sleep 0.3
check "vixd is killed during a request" eval 'runs && kill_hard "$vixd"'
check "a new vixd serves within 2 s after one was killed" within_two_seconds guest alice ps && took "vixd back after"
check "a request ends with an error after vixd was killed (3016)" failed_with 5 'VIX error 3016'
check "programs continue after vixd was killed" inside kill -0 "$survivor" "$with_output"
check "programs are still listed after vixd was killed" eval 'guest alice ps "$survivor" | grep -q "$survivor" && guest alice ps "$with_output" | grep -q "$with_output"'
guest alice kill "$survivor" >/dev/null
guest alice kill "$with_output" >/dev/null

hook=$root/etc/toolboxd/power.d/poweron/20-wait
if [[ -n $polkit_reads_rules ]]; then
  # A script that does not end by itself.
  printf '#!/bin/sh\ntouch /root/waiting; while [ ! -e /root/go-on ]; do sleep 0.05; done\n' >"$hook"
  chmod 755 "$hook"
  begin "$vmxsim" power on
  check "a script of a power event runs" until_ok 5 eval '[[ -e $root/root/waiting ]] && runs'
  check "powerd is killed during a script" eval 'runs && kill_hard "$(pid_of toolboxd-powerd)"'
  check "the host receives an error for a power event after powerd was killed" eval 'until_ok 5 eval "! runs" && cat "$work/operation" && grep -q "^status: 0 3 " "$work/operation"'
  inside touch /root/go-on
else
  check "powerd serves a power event" eval '"$vmxsim" power on | grep -q "^status: 1 3 "'
  check "powerd is killed" eval 'kill_hard "$(pid_of toolboxd-powerd)"'
fi
powered_on() { "$vmxsim" power on | grep -q '^status: 1 3 '; }
check "a new powerd serves within 2 s after one was killed" within_two_seconds powered_on && took "powerd back after"
rm -f "$hook" "$root/root/waiting" "$root/root/go-on"
check "no unit of toolboxd has failed after the kills" eval '! inside systemctl --failed --no-legend | grep toolboxd'
