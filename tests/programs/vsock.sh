# SPDX-License-Identifier: Apache-2.0

# toolboxd in a guest whose host offers vsock, withdraws it and offers it again. tests/programs/run sources this file.
# shellcheck shell=bash disable=SC2154  # Variables of run and lib.sh.

guest_options=(--vsock)
control=$work/vsock.sock
# counter NAME: its value in the host's statistics.
counter() { "$vmxsim" stats --control="$control" | sed -n "s/^$1  *//p"; }
vsock() { "$vmxsim" vsock --control="$control" "$@"; }
status() { inside "$root/out/bin/toolboxctl" --control="$work/vsock/transportd.sock" status; }
# carried_by backdoor|vsock: what carries the host's commands, as the host and as the guest see it.
carried_by() {
  local is_vsock=0
  [[ $1 == backdoor ]] || is_vsock=1
  [[ $(counter main_channel_is_vsock) == "$is_vsock" && $(counter registered) == 1 ]] && status | grep -Eq "^channel  *$1"
}

head -c 4000000 /dev/urandom >"$work/a/by-vsock"
if start_guest "$control" "$work/vsock.log" "$root/deploy/run" --runtime_dir="$work/vsock"; then
  check "vsock carries guest RPC where the host offers it" within 5 carried_by vsock
  check "the host hears of addresses over vsock" within 5 shows 192.0.2.10/24
  check "a user logs in over vsock" within 10 guest validate
  check "a file is uploaded and downloaded over vsock" eval 'guest upload "$work/a/by-vsock" "$work/a/back-vsock" >/dev/null &&
    guest download "$work/a/back-vsock" - | cmp - "$work/a/by-vsock"'
  check "over vsock the guest does not poll" eval 'counter polls; [[ $(counter polls) == 0 ]]'

  vsock off >/dev/null
  check "without vsock the backdoor carries guest RPC within 5 s" within 5 carried_by backdoor
  check "status and the log say why" eval 'status | grep "^no vsock .*for TCLO" && grep "over the backdoor; not over vsock: " "$work/vsock.log"'
  check "a guest operation is answered over the backdoor" answers
  vsock on >/dev/null
  check "vsock that is offered again is used, without a restart" within 60 carried_by vsock
  check "a guest operation is answered over vsock again" answers

  # A program that is started writes its number: the host knows which of them succeeded.
  started=$work/a/started
  succeeded=$work/succeeded
  : >"$started"
  : >"$succeeded"
  chown alice "$started"
  (for _ in {1..8}; do vsock off; sleep 0.3; vsock on; sleep 0.6; vsock reset; sleep 0.3; done) >/dev/null 2>&1 &
  toggling=$!
  for ((number = 1; number <= 300; ++number)); do
    kill -0 "$toggling" 2>/dev/null || ((number <= 40)) || break
    ! guest --timeout=5s start /bin/sh "-c \"echo $number >>$started\"" >/dev/null 2>&1 || echo "$number" >>"$succeeded"
  done
  wait "$toggling"
  figure "$(wc -l <"$succeeded") of $((number - 1)) starts succeeded while vsock came and went 8 times"
  each_once() {
    [[ -s $succeeded && -z $(sort "$started" | uniq -d) && -z $(comm -13 <(sort "$started") <(sort "$succeeded")) ]]
  }
  check "while vsock comes and goes no program starts twice, and each that succeeds starts" within 5 each_once
  check "the guest is registered within 5 s afterwards" within 5 eval '[[ $(counter registered) == 1 ]]'
  check "the guest breaks no rule of vsock" eval 'counter vsock_violations; [[ $(counter vsock_violations) == 0 ]]'
else
  check "toolboxd registers over vsock" false
fi
stop_guests
# shellcheck disable=SC2034  # lib.sh uses it.
guest_options=()
control=$work/vmx.sock
