# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # variables are those of run; eval uses others

# Logins, policy and audit: sourced by run.

# "slow" has a hash that takes seconds; only alice and slow may use guest operations.
useradd --home-dir "$work/home/slow" --create-home --shell /bin/bash slow
echo "slow:$password" | chpasswd --crypt-method SHA512 --sha-rounds 1500000
cat >"$work/policy" <<'POLICY'
allow: "alice"
allow: "slow"
allow: "root"
disabled_operations: "ListFilesInGuest"
disabled_operations: "InitiateFileTransferFromGuest"
POLICY
logins=$work/logins.sock
try() { "$vmxsim" guest --control="$logins" --user="$1" --password="$2" "${@:3}"; }
start_guest "$logins" "$work/logins.log" "$root/deploy/run" --runtime_dir="$work/run-logins" --policy="$work/policy" || exit 1

# After wrong passwords, first logins are refused for a while without a look at them: ten seconds, or twenty times what
# a refusal takes here. asked COMMAND…: until it was looked at.
wait_for_the_budget() { sleep 11; }
asked() {
  local i output status
  for i in 1 2 3 4 5 6 7; do
    output=$("$@" 2>&1)
    status=$?
    [[ $output == *3050* ]] || break
    wait_for_the_budget
  done
  echo "$output"
  return $status
}

# --- Q11: a name in the log is what was typed, and acts on nothing

check "Q11 a name with control characters that UTF-8 has is a wrong login" refused 3050 try $'x\xc2\x9b2J\xe2\x80\xaey' wrong validate
check "Q11 the log has none of them" eval '! LC_ALL=C grep -q $'"'"'\xc2\x9b\|\xe2\x80\xae'"'"' "$work/logins.log" && grep -q "login of x??2J???y refused by PAM" "$work/logins.log"'

# --- L5: what the policy says about a user is for those who have the password

check "L5 a member of allow with a wrong password is a wrong login" refused 3050 try alice wrong validate
check "L5 another user with a wrong password is too" refused 3050 try bob wrong validate
check "L5 a member of allow logs in" asked try alice "$password" validate
check "L5 another user with the right password is refused by the policy" refused 20005 asked try bob "$password" validate

# --- M7: names that are new each time hold others up for a tenth of the time at most

guess() { local i; for ((i = 0; i < 60; ++i)); do try "guess-$1-$i" wrong validate; done >/dev/null 2>&1; }
# milliseconds COMMAND…
milliseconds() { local begin=${EPOCHREALTIME/[.,]/}; "$@" >/dev/null 2>&1; echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000)); }
beside_guesses() {
  local i slow=0 pids=()
  for i in 1 2 3 4; do guess "$i" & pids+=($!); done
  for ((i = 0; i < 40; ++i)); do (($(milliseconds try alice "$password" getenv HOME) < 400)) || ((++slow)); done
  wait "${pids[@]}"
  echo "$slow of 40 operations were slow"
  ((slow <= 6))
}
check "M7 alice works beside four clients that guess passwords" beside_guesses

# --- L4: the time of a refusal does not show who exists

# One for which PAM was asked: others are answered at once.
refusal() {
  local i time=0
  for i in 1 2 3 4 5 6; do
    wait_for_the_budget
    time=$(milliseconds try "$1" wrong validate)
    ((time < 300)) || break
  done
  echo "$time"
}
same_time() {
  local slow unknown
  slow=$(refusal slow) unknown=$(refusal no-such-user)
  echo "slow: $slow ms, unknown: $unknown ms"
  ((slow - unknown < 200 && unknown - slow < 200))
}
check "L4 a user whose hash takes seconds is refused like one who does not exist" same_time
check "L4 the right password of that user works, at the latest when it is tried again" asked try slow "$password" validate

# --- M3: requests without a login leave the audit alone

python3 - >"$work/request" <<'PYTHON'
import struct, sys
header = struct.pack("<IHIIIIBIIIQII", 0xD00D0001, 5, 51, 51, 0, 0, 13, 192, 0, 0xFFFFFFFF, 0, 0, 99)
sys.stdout.buffer.write(b'Vix_1_Relayed_Command "x"\0' + header)
PYTHON
lines() { grep -c 'guest operation' "$work/logins.log"; }
before=$(lines)
check "M3 20,000 requests are refused" "$vmxsim" bench --control="$logins" --timeout=120s serial 20000 "@$work/request"
check "M3 an operation of alice's" try alice "$password" start /bin/true
check "M3 they have one line, and alice's operation has its own" eval '
  echo "$(($(lines) - before)) lines"; (($(lines) - before <= 3)) && grep -q "user=alice operation=StartProgramInGuest.*result=0" "$work/logins.log"'

# --- Tickets

for verb in acquire release; do check "there are no tickets ($verb)" refused "6 (" try alice "$password" "$verb"; done
check "alice works at the end" try alice "$password" validate

# --- M9: a user stops the own vixd and logs in with another password, again and again

set_password() { printf 'alice:%s\n' "$1" | chpasswd; }
vixds_of_alice() {
  local pid
  for pid in $(control=$logins; pids_of vixd); do
    ! grep -q "^Uid:[[:space:]]$(id -u alice)[[:space:]]" "/proc/$pid/status" || echo "$pid"
  done
}
# alice_stops N: alice's N-th login, whose vixd then is stopped.
alice_stops() {
  local pid
  set_password "stopped $1"
  asked try alice "stopped $1" ps >"$work/stops" || { cat "$work/stops"; return 1; }
  for pid in $(vixds_of_alice); do alice kill -STOP "$pid"; done
}
for ((i = 0; i < 5; ++i)); do check "M9 login $i of alice's, who stops each vixd" alice_stops "$i"; done
check "M9 alice gets no further process" refused "5 (" alice_stops 5
check "M9 alice has five" eval '[[ $(vixds_of_alice | wc -l) == 5 ]]'
check "M9 the log names alice" grep -q "old vixd processes of the user alice do not end" "$work/logins.log"
check "M9 root is served" asked try root "$password" ps
for pid in $(vixds_of_alice); do alice kill -KILL "$pid"; done
check "M9 alice is served when they have ended" within 5 try alice "stopped 5" ps
set_password "$password"
