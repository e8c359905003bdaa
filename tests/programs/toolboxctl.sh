# SPDX-License-Identifier: Apache-2.0

# The verbs of toolboxctl against the guest of tests/programs/run, which sources this file.
# shellcheck shell=bash disable=SC2154  # Variables of run and lib.sh.

ctl() { inside "$root/out/bin/toolboxctl" --control="$work/run/transportd.sock" "$@"; }
# ends STATUS COMMAND…: the command ends with that status; prints what it said otherwise.
ends() {
  local wanted=$1 said status=0
  shift
  said=$("$@" 2>&1) || status=$?
  [[ $status == "$wanted" ]] || { echo "status $status: $said"; return 1; }
}
# says TEXT COMMAND…: the command succeeds and prints TEXT.
says() {
  local text=$1 said
  shift
  said=$("$@" 2>&1) || { echo "failed: $said"; return 1; }
  [[ $said == *"$text"* ]] || { echo "$said"; return 1; }
}
json() { ctl "$@" --json | /usr/bin/python3 -m json.tool >/dev/null; }

check "status shows the host's product" says "VMware ESX, virtual hardware 17" ctl status
check "status shows transportd's memory" eval 'ctl status | grep -Eq "^transportd  *running  *[0-9.]+ [KM]iB"'
check "status shows that guestinfod is connected" eval 'ctl status | grep -q "^guestinfod  *connected"'
check "snapshot plan asks the snapshotd beside --control" eval '! ctl snapshot plan 2>&1 | tee /dev/stderr | grep -q "does not run"'
check "customization status asks the deployd beside --control" says "cloud-init" ctl customization status
check "status shows the extensions that are bound" says "command Echo_Cc at $work/echo/echo.sock" ctl status
for verb in status nics disks info sessions programs transfers; do
  check "$verb --json is JSON" json "$verb"
done
check "status --watch goes on" eval '(($(timeout 3 "$vmxsim" exec --control="$control" -- \
  "$root/out/bin/toolboxctl" --control="$work/run/transportd.sock" status --watch --interval=0.2 | grep -c "^registered") > 3))'
check "nics shows the addresses that the host has been sent" eval 'ctl nics | grep -q "192.0.2.10/24  *primary" && ctl nics | grep -q "2001:db8::10/64"'
check "nics says that the host has them" says "the host has this; it last took a value: 20" ctl nics
check "disks shows a disk" eval 'ctl disks | grep -q "mounted on" && ctl disks | grep -q "iB .*% .* /"'
check "info shows the name and the times" eval 'ctl info | grep -q "^name  *vmxsim-guest" && ctl info | grep -q "^memory  *has"'
check "sessions shows who is logged in" eval 'guest ls / >/dev/null && ctl sessions | grep -q "^alice .* hgfsd"'
check "programs shows what was started, and how it ended" eval '
  guest start /bin/sh "-c \"exit 7\"" && within 5 eval "ctl programs | grep -q \"^alice .* exit 7  */bin/sh\""'
# A download that no process reads. It ends with descriptor 7, the only one that could read.
mkfifo "$work/unread"
exec 7<>"$work/unread"
head -c 8388608 /dev/zero >"$work/a/unread"
guest download "$work/a/unread" - >"$work/unread" 7>&- 2>/dev/null &
download=$!
helpers+=("$download")
check "transfers shows a download" within 5 eval 'ctl transfers | grep -q "^alice  from guest .* $work/a/unread"'
kill "$download"
exec 7>&-
# What the host and the guest say to each other. A ping of ours shows that it listens.
timeout 60 "$vmxsim" exec --control="$control" -- "$root/out/bin/toolboxctl" --control="$work/run/transportd.sock" trace >"$work/trace" 2>&1 &
tracer=$!
helpers+=("$tracer")
traced() { within 10 eval "vmx send '$1' >/dev/null; grep -q '$2' '$work/trace'"; }
check "trace prints requests as they come" traced ping 'from host  ping -> OK '
guest start /bin/sh '-c "echo covered-argument"' >/dev/null
ctl rpc 'info-set guestinfo.trace covered-value' >/dev/null
vmx send 'Echo_Cc covered-request' >/dev/null
check "trace prints a guest operation" traced ping \
  'from host  Vix_1_Relayed_Command operation=StartProgramInGuest user=alice program=/bin/sh arguments=([0-9]* bytes) -> VIX 0 '
check "trace prints a request to the host" traced ping 'to host    info-set text=guestinfo.trace value=(13 bytes) -> 1 '
check "trace shows no password and no argument" eval '! grep -e "$password" -e covered "$work/trace"'
kill "$tracer"
ctl metrics >"$work/metrics"
check "metrics ends as OpenMetrics does" eval '[[ $(tail -n 1 "$work/metrics") == "# EOF" ]]'
check "metrics counts polls, operations and requests" eval '
  grep -q "^toolboxd_polls_total [1-9]" "$work/metrics" &&
  grep -q "^toolboxd_guest_operations_total{operation=\"StartProgramInGuest\",result=\"0\"} [1-9]" "$work/metrics" &&
  grep -q "^toolboxd_host_request_seconds_bucket{kind=\"guest_operation\",le=\"+Inf\"} [1-9]" "$work/metrics" &&
  grep -q "^toolboxd_transfer_bytes_total{direction=\"from_guest\"} [1-9]" "$work/metrics" &&
  grep -q "^toolboxd_service_memory_bytes{service=\"transportd\"} [1-9]" "$work/metrics"'
check "no metric has the name of a user" eval '! grep -q -e alice -e bob "$work/metrics"'
scraped() { printf 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' | "$root/out/bin/toolboxctl" --control="$work/run/transportd.sock" metrics --http >"$work/scraped" && head -n 1 "$work/scraped" | grep -q "200 OK" && tail -n 1 "$work/scraped" | grep -qx "# EOF"; }
check "a scraper gets them over HTTP" scraped
# One file of routes.d is broken in this guest.
check "self-test finds the one fault and names it" eval '
  ends 1 ctl self-test && { ctl self-test || true; } >"$work/tested" && [[ $(grep -c "^FAIL" "$work/tested") == 1 ]] &&
  grep -q "^FAIL  routes.d can be read: .*zz-broken" "$work/tested"'
bundled() {
  inside env -C "$work" "$root/out/bin/toolboxctl" --control="$work/run/transportd.sock" support-bundle >"$work/bundled" || { cat "$work/bundled"; return 1; }
  [[ $(stat -c %a "$work"/toolboxd-support-*.tar.gz) == 600 ]] || { ls -l "$work"; return 1; }
  tar -xzOf "$work"/toolboxd-support-*.tar.gz >"$work/bundle" && grep -q "VMware ESX" "$work/bundle"
}
check "support-bundle has the state" bundled
check "support-bundle lists what it took" grep -q "^status.txt  [0-9]* bytes of: .*toolboxctl .* status" "$work/bundled"
check "support-bundle has no password" eval '! grep -q "$password" "$work/bundle"'
check "a line goes to the host's log" eval 'ctl log "hello from the guest" && vmx log | grep -q "log hello from the guest"'
check "a host without application monitoring says so" refused "the host refused it" ctl app-monitor enable
check "a host without statistics says so" refused "does not offer statistics" ctl stat
check "policy check permits what nothing refuses" says "permitted: nothing in the policy refuses it" ctl policy check alice ListFilesInGuest
check "policy check of an unknown operation is a wrong command line" ends 2 ctl policy check alice ListFiles
install -d /etc/toolboxd
printf '# Who may not.\ndeny: [\n  "bob"\n]\n' >/etc/toolboxd/policy.textproto
check "policy check sees that the file has changed" says "systemctl reload" ctl policy check bob ListFilesInGuest
kill -HUP "$(pids_of transportd)"
check "policy check refuses with 4" within 5 ends 4 ctl policy check bob ListFilesInGuest
check "policy check names the line that decides" eval '{ ctl policy check bob ListFilesInGuest || true; } | grep -qx "/etc/toolboxd/policy.textproto:3: \"bob\""'
rm /etc/toolboxd/policy.textproto
kill -HUP "$(pids_of transportd)"
check "without the file everything is permitted again" within 5 ends 0 ctl policy check bob ListFilesInGuest
check "wait returns when the host has an address" says address ctl wait --for=address --timeout=5
check "wait ends with 3 when the time has passed" ends 3 "$root/out/bin/toolboxctl" --control="$work/none.sock" wait --timeout=0.3
late() {
  (sleep 0.5; ln -s "$work/run/transportd.sock" "$work/late.sock") &
  ctl --control="$work/late.sock" wait --timeout=10
}
check "wait waits for the socket" late
check "an unknown condition is a wrong command line" ends 2 ctl wait --for=nothing
check "a flag of another command is a wrong command line" ends 2 ctl status --hold=1s
check "its error names the command" refused "does not take --hold, which belongs to 'snapshot test'" ctl status --hold=1s
check "a wrong time says what is valid" refused "give seconds, as 30" ctl wait --timeout=soon
check "help and version are words too" eval 'says "toolboxctl status" ctl help && says "(toolboxd)" ctl version'
# A session for a client: the greeting of HTTP/2 and its answer.
connects() {
  local path said
  ctl connect "$@" >"$work/connected" 2>&1 &
  helpers+=("$!")
  within 5 grep -q '^/.*sock$' "$work/connected" || { cat "$work/connected"; return 1; }
  path=$(head -n 1 "$work/connected")
  said=$(inside /usr/bin/python3 -c 'import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
client.connect(sys.argv[1])
client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
print(len(client.recv(9)))' "$path")
  [[ $said == 9 ]] || { echo "$said"; cat "$work/connected"; return 1; }
}
check "connect opens a session beside deploy/run's transportd" connects vixd
check "connect prints a line for every grpcurl" grep -q "grpcurl -plaintext -unix /" "$work/connected"
check "a user who does not exist is named" refused "there is no user 'nosuch'" ctl connect vixd --user=nosuch
by_nobody() { inside setpriv --reuid=65534 --regid=65534 --clear-groups "$root/out/bin/toolboxctl" --control="$work/run/transportd.sock" status; }
check "another user reads how to get in" refused "run this as root" by_nobody
