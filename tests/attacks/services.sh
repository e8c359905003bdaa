# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # variables are those of run; eval uses others

# A user's own hgfsd and vixd misbehave (hostile_service.py): sourced by run.

services=$work/services.sock
serve() { "$vmxsim" guest --control="$services" --user="$1" --password="$password" "${@:2}"; }
programs=$work/programs
cp -a "$root/out/lib/toolboxd" "$programs"
cp "$root/tests/attacks/hostile_service.py" "$programs/"
for service in hgfsd vixd; do
  rm "$programs/$service"
  cat >"$programs/$service" <<WRAPPER
#!/bin/bash
[[ \$EUID != $(id -u alice) ]] || exec /usr/bin/python3 "$programs/hostile_service.py" "$programs/way"
exec -a $service "$programs/toolboxd" "\$@"
WRAPPER
  chmod 755 "$programs/$service"
done
start_guest "$services" "$work/services.log" "$root/deploy/run" --runtime_dir="$work/run-services" --program_dir="$programs" || exit 1
peak_kb() { control=$services; awk '/^VmHWM/ { print $2 }' "/proc/$(pids_of transportd)/status"; }

# --- M1: a list of empty entries

echo entries >"$programs/way"
for verb in "ls /" ps getenv; do
  # shellcheck disable=SC2086  # A verb and its argument.
  check "M1 8 MiB of empty entries as the answer to $verb are refused" refused "" serve alice $verb
done

# --- S5, T1, T4, T5: headers without an end, or that refer to a long one, 120 kB that are 120 MB, a gigabyte

for way in headers references compressed long; do
  echo "$way" >"$programs/way"
  for verb in "ls /" ps "download /etc/hostname -"; do
    # shellcheck disable=SC2086  # A verb and its arguments.
    check "S5, T1, T4, T5 endless $way in the answer to $verb are refused" refused "" serve alice $verb
  done
done
peak=$(peak_kb)
# One answer by references would be 30 MiB, a compressed one 112 MiB.
check "M1, S5, T1, T4, T5 transportd stays below 32 MiB" test "$peak" -lt 32768
check "M1 bob works" serve bob ls /

# --- U1: a descriptor whose last close takes a minute, in the answer

echo descriptor >"$programs/way"
for verb in "ls /" ps; do
  # shellcheck disable=SC2086  # A verb and its argument.
  serve alice $verb >/dev/null 2>&1 & helpers+=($!)
  sleep 0.5
  check "U1 bob is served although alice's service sent such a descriptor in answer to $verb" timeout 7 "$vmxsim" guest \
    --control="$services" --user=bob --password="$password" validate
  end_helpers
done

# --- H4: content that never comes

for way in trickle flood; do
  echo "$way" >"$programs/way"
  serve alice download /etc/hostname - >/dev/null 2>&1 & helpers+=($!)
  sleep 1
  check "H4 bob is served although alice's download is a $way of nothing" timeout 7 "$vmxsim" guest \
    --control="$services" --user=bob --password="$password" validate
  end_helpers
done

# alice_asks: operations of alice's, one after the other, until it is ended.
alice_asks() {
  local operation
  trap 'kill "$operation" 2>/dev/null; exit 0' TERM
  while :; do
    serve alice ls / >/dev/null 2>&1 & operation=$!
    wait "$operation"
  done
}
echo silence >"$programs/way"
for ((i = 0; i < 4; ++i)); do alice_asks & helpers+=($!); done
served=0
for ((begin = SECONDS; SECONDS < begin + 60;)); do
  timeout 12 "$vmxsim" guest --control="$services" --user=bob --password="$password" ls / >/dev/null 2>&1 &&
    served=$((served + 1))
done
end_helpers
check "H4 bob is served at least 100 times in a minute, beside four clients of alice's whose services are silent" \
  test "$served" -ge 100
