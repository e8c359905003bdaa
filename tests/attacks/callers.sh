# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # variables are those of run; eval uses others

# Callers of the control socket who may only read: sourced by run.

callers=$work/callers.sock
install -d -m 755 "$work/run-callers"
# Guest users' processes execute vixd.
cp -a "$root/out/lib/toolboxd" "$work/callers-programs"
# shellcheck disable=SC2016  # the inner shell expands it
start_guest "$callers" "$work/callers.log" bash -c '
  systemd-socket-activate --accept -l "$1/vixd.sock" -E PATH "$0/session" --runtime_dir="$1" vixd 2>/dev/null &
  exec "$0/transportd" --runtime_dir="$1" --skip_cpuid_check --allow=root,alice,bob --socket_group=alice' \
  "$work/callers-programs" "$work/run-callers" || exit 1

# --- S4, S5, T1, T3, T4: what callers send without an end, or what is long without references or compression

greedy_caller=(/usr/bin/python3 "$root/tests/attacks/greedy_caller.py" "$work/run-callers/transportd.sock")
greedy() { alice "${greedy_caller[@]}" "$@"; }
status() { "${@:2}" timeout "$1" "$root/out/bin/toolboxctl" --control="$work/run-callers/transportd.sock" status; }
# Connections and calls that were given up count for a second: until then a part of the next ones would be refused, and
# their check would see little.
served_again() {
  check "S4 after it another caller is served ($1)" within 3 status 4 "${as_alice[@]}"
  sleep 1.2
}
for way in messages calls header headers; do
  check "S4, S5 a caller who sends $way without an end" greedy "$way" 16 3
  served_again "$way"
done
for way in resets pings; do
  check "T3 a caller who sends $way without an end, on ever new connections" greedy "$way" 16 5
  served_again "$way"
done
check "T4 a caller whose requests are compressed a thousand times" greedy compressed 16 3
served_again compressed
check "T1 a caller whose headers refer to a long one thousands of times" greedy references 16 3
served_again references

# --- W1, W2: all places of those who may only read

as_bob=(setpriv --reuid=bob --regid=alice --clear-groups)
for way in untaken messages; do
  alice_repeats "${greedy_caller[@]}" "$way" 40 6 >/dev/null 2>&1
  sleep 1
  check "W1, W2 another caller is served while one holds calls without an end ($way)" status 4 "${as_bob[@]}"
  end_helpers
  served_again "$way"
done

# --- X1: calls that are given up, beside users' vixd that do not answer

for user in alice bob; do
  check "X1 $user has a vixd, and a program" \
    within 5 "$vmxsim" guest --control="$callers" --user=$user --password="$password" start /bin/sleep 300
done
mapfile -t vixds < <(control=$callers; pids_of vixd)
check "X1 both stop their vixd" kill -STOP "${vixds[@]}"
served_each_time() { local i; for ((i = 0; i < 20; ++i)); do status 4 "${as_bob[@]}" || return; sleep 0.1; done; }
for way in lists deadlines faults; do
  alice_repeats "${greedy_caller[@]}" "$way" 2 10 >/dev/null 2>&1
  sleep 3
  check "X1, Y1 another caller is served each time while one gives calls up ($way)" served_each_time
  end_helpers
  served_again "$way"
done
kill -KILL "${vixds[@]}"

peak=$(control=$callers && awk '/^VmHWM/ { print $2 }' "/proc/$(pids_of transportd)/status")
check "S4, T1, T3, T4 callers who end no request take little of transportd's memory" test "$peak" -lt 32768
# --- U1: a descriptor whose last close takes a minute

# Not as a part of a check, which waits for the end of all that it starts.
lingering() {  # SOCKET WAY
  : >"$work/lingering"
  alice_repeats /usr/bin/python3 "$root/tests/attacks/lingering.py" "$work/run-callers/$1" "$2" >"$work/lingering" 2>&1
}
has_sent() { grep -qE '^(sent|refused)$' "$work/lingering" || { cat "$work/lingering"; return 1; }; }
for way in received unread; do
  lingering transportd.sock "$way"
  check "U1 a caller sends such a descriptor ($way)" within 20 has_sent
  check "U1 root is served meanwhile ($way)" status 4 env
  check "U1 another caller is served meanwhile ($way)" status 4 "${as_alice[@]}"
  end_helpers
done
lingering rpc.sock packet
check "U1 a caller of rpc.sock sends such a descriptor" within 20 has_sent
# The host has no such variable; the thread is at its place again.
thread_waits() { ! grep -qsx wait_woken "/proc/$(control=$callers && pids_of transportd)/task/"*/wchan; }
check "U1 no thread waits for its end" within 4 thread_waits
end_helpers

check "S4 root is served" "$root/out/bin/toolboxctl" --control="$work/run-callers/transportd.sock" status
