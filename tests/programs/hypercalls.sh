# SPDX-License-Identifier: Apache-2.0

# toolboxd in guests whose port may be closed: it speaks by hypercalls. tests/programs/run sources this file.
# shellcheck shell=bash disable=SC2154  # Variables of run and lib.sh.

head -c 1000000 /dev/urandom >"$work/a/by-hypercalls"
for instruction in vmcall vmmcall; do
  guest_options=(--hypercalls="$instruction")
  control=$work/$instruction.sock
  if start_guest "$control" "$work/$instruction.log" "$root/deploy/run" --runtime_dir="$work/$instruction"; then
    check "status names the instruction: $instruction" eval 'inside "$root/out/bin/toolboxctl" \
      --control="$work/$instruction/transportd.sock" status | grep -Eq "^channel .*by $instruction"'
    check "the host hears of addresses by $instruction" within 5 shows 192.0.2.10/24
    check "a guest operation is answered by $instruction" answers
    check "a file is downloaded by $instruction" eval 'guest download "$work/a/by-hypercalls" - | cmp - "$work/a/by-hypercalls"'
    check "a file is uploaded by $instruction" eval 'guest upload "$work/a/by-hypercalls" "$work/a/back-$instruction" >/dev/null &&
      cmp "$work/a/by-hypercalls" "$work/a/back-$instruction"'
  else
    check "toolboxd registers by $instruction" false
  fi
  stop_guests
done
# shellcheck disable=SC2034  # lib.sh uses it.
guest_options=()
control=$work/vmx.sock
