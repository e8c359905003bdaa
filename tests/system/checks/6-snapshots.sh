# SPDX-License-Identifier: Apache-2.0

# A quiesced snapshot by the shipped units, of a file system that this test has made.
#
# The container's / is a folder of this machine's file system, which must never be frozen. So that
# no mistake can: vmxsim refuses FIFREEZE in all other parts; here the unit runs freezer_for_tests,
# which freezes the device of its command line only, in place of toolboxd-freezer, which cannot be
# executed meanwhile; the settings exclude every other mount point; and unless all three are so,
# nothing begins.

if ! losetup -f >/dev/null 2>&1; then
  skip "snapshots: this machine has no loop devices"
  return 0
fi
disk=$work/snapshots
make_disk() { mkdir "$disk" && truncate -s 64M "$disk.image" && mkfs.ext4 -q "$disk.image" && mount -o loop "$disk.image" "$disk"; }
check "a file system is made on a loop device" make_disk || return 1
device=$(stat -c '%Hd:%Ld' "$disk")

freezer=/usr/lib/toolboxd/freezer_for_tests
install -m 755 "$programs/test/freezer_for_tests" "$root$freezer"
chmod 000 "$root/usr/lib/toolboxd/toolboxd-freezer"
install -d "$root/etc/systemd/system/toolboxd-freezer@.service.d"
cat >"$root/etc/systemd/system/toolboxd-freezer@.service.d/test.conf" <<UNIT
[Service]
ExecStart=
ExecStart=$freezer --only=$device --allow=toolboxd-snapshot
ExecStopPost=
ExecStopPost=$freezer --only=$device --thaw
UNIT
printf 'excluded_file_systems: "%s"\n' / /{bin,boot,dev,etc,home,lib,lib64,media,mnt,opt,proc,root,run,sbin,sys,tmp,usr,var}{,'/**'} \
  >"$root/etc/toolboxd/snapshot.textproto"
for name in 10-first 20-second; do
  printf '#!/bin/sh\necho "$1 %s $2 $(id -u)" >>/root/hooks\n' "$name" >"$root/etc/toolboxd/snapshot.d/$name"
  chmod 755 "$root/etc/toolboxd/snapshot.d/$name"
done
inside systemctl reboot
# systemd-nspawn refuses mlockall, which no machine does.
check "the container restarts with a disk that may be frozen" eval \
  'ended 30 && nspawn=("--bind=$disk:/srv/disk" --system-call-filter=@memlock) && boot --allow_freeze && "$vmxsim" wait --timeout=5s' || return 2

plan() { inside toolboxctl snapshot plan; }
only_the_disk() {
  local text program
  for program in ExecStart ExecStopPost; do
    text=$(inside systemctl show -P "$program" toolboxd-freezer@test.service) || return 1
    [[ $text == *"argv[]=$freezer --only=$device "* && $text != *toolboxd-freezer* ]] || { echo "$text"; return 1; }
  done
  ! inside test -x /usr/lib/toolboxd/toolboxd-freezer || return 1
  text=$(plan) && [[ $(grep -cE '^[0-9]+  ' <<<"$text") == 1 ]] && grep -qE '^1  +/srv/disk  +ext4 ' <<<"$text" || { echo "$text"; return 1; }
}
safe=
check "toolboxctl snapshot plan shows the test's disk and nothing else to freeze" only_the_disk && safe=1

writes_all_the_time() {
  while echo x >"$disk/written"; do now; sleep 0.01; done
}
freezers() { inside systemctl list-units --plain --no-legend 'toolboxd-freezer@*' | awk '{ print $1 }'; }
note_freezer() {
  local pid
  for pid in $(inside pgrep -u toolboxd-freezer); do inside cat "/proc/$pid/status"; echo; done >"$work/freezer"
  inside cat /proc/1/status >"$work/init"
}
takes_a_snapshot() {
  : >"$root/root/hooks"
  "$vmxsim" snapshot --opts=@transportd/snapshot/testdata/start_v1 --hold=1500ms >"$work/dialogue" &
  local dialogue=$!
  until_ok 10 grep -q prov.snapshotCommit "$work/dialogue" && note_freezer
  wait "$dialogue" || { cat "$work/dialogue"; return 1; }
}
longest_gap() { awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { print gap + 0 }' "$work/writes"; }
stood_still() { figure "the longest wait of a writer: $(longest_gap) ms" >&3; (($(longest_gap) >= 1400 && $(longest_gap) < 5000)); }
goes_on() { local before=$(wc -l <"$work/writes"); until_ok 5 eval "((\$(wc -l <'$work/writes') > $before + 5))"; }
exec 3>&1
fails_at_once() {
  ! "$vmxsim" snapshot --opts=@transportd/snapshot/testdata/start_v1 --patience=10s >"$work/dialogue" || { cat "$work/dialogue"; return 1; }
  cat "$work/dialogue"
  grep -q 'req.error 2 Error when starting custom quiesce scripts' "$work/dialogue" && grep -q 'req.done' "$work/dialogue" &&
    ! grep -q prov.snapshotCommit "$work/dialogue"
}
if [[ -n $safe && -z $polkit_reads_rules ]]; then
  check "a snapshot with scripts fails at once where polkit reads no rules, and freezes nothing" fails_at_once
  rm "$root"/etc/toolboxd/snapshot.d/[12]0-*
fi
if [[ -n $safe ]]; then
  writes_all_the_time >"$work/writes" 2>&1 &
  writer=$!
  check "the host takes a quiesced snapshot" takes_a_snapshot
  check "a writer stood still for the snapshot" stood_still
  check "a writer goes on after the snapshot" goes_on
  [[ -z $polkit_reads_rules ]] || check "scripts ran as root, in order before the snapshot and in reverse after it" \
    diff <(printf '%s nightly 0\n' 'freeze 10-first' 'freeze 20-second' 'thaw 20-second' 'thaw 10-first') "$root/root/hooks"
  manifest=/run/toolboxd/snapshot/quiesce_manifest.xml
  check "the host is given the path of the manifest" grep -qF "vmbackup.eventSet req.genericManifest 0 $manifest\\0" "$work/dialogue"
  check "the host fetches the manifest" eval 'guest root download $manifest "$work/manifest" && grep -q "<quiesceManifest" "$work/manifest"'
  check "the journal has the time for which the disk was frozen" until_ok 5 eval \
    'journal -u toolboxd-snapshotd | grep -E "1 file systems were frozen for (1\.[5-9]|2)"'

  # Not root, no way to more, its own filters beside those of the unit. The process that may send
  # signals cannot freeze, and the others cannot send signals.
  restricted() {
    awk 'FNR == NR { if ($1 == "Seccomp_filters:") outer = $2; next }
      $1 == "Name:" { count++; capabilities = $2 == "freezer-release" ? "0000000000000022" : "0000000000200004" }
      $1 == "Uid:" && $3 == 0 || /^Cap(Prm|Eff|Amb)/ && $2 != capabilities || /^CapBnd/ && $2 != "0000000000200026" { bad = 1; print }
      $1 == "NoNewPrivs:" && $2 != 1 || $1 == "Seccomp:" && $2 != 2 { bad = 1; print }
      $1 == "Seccomp_filters:" { filters = $2 - outer }
      $1 == "Seccomp_filters:" && filters < 6 { bad = 1; print "filters:", filters }
      END { print count, "processes,", filters, "filters"; exit bad || count != 4 }' "$work/init" "$work/freezer"
  }
  check "the freezer's processes have the capabilities that each needs, no way to more, and the filters of the unit" restricted
  check "the freezer ends with the snapshot" until_ok 5 eval '[[ -z $(freezers) ]]'
  check "toolboxctl snapshot test freezes and thaws the disk" eval \
    'inside toolboxctl snapshot test | tee /dev/stderr | grep -qE "^/srv/disk .* ms .* ms .* ms$"'
  check "a writer goes on after toolboxctl snapshot test" goes_on

  if [[ -n $polkit_reads_rules ]]; then
    # The second script runs until it is ended; snapshotd starts again, and the first one is called back.
    printf '#!/bin/sh\necho "$1 20-second" >>/root/hooks\n[ "$1" != freeze ] || [ -e /root/quick ] || exec sleep 600\n' \
      >"$root/etc/toolboxd/snapshot.d/20-second"
    kill_while_a_script_runs() {
      : >"$root/root/hooks"
      "$vmxsim" snapshot --opts=@transportd/snapshot/testdata/start_v1 --patience=20s >"$work/dialogue" &
      local dialogue=$!
      until_ok 10 grep -q 'freeze 20-second' "$root/root/hooks" && inside systemctl kill --kill-who=main -s KILL toolboxd-snapshotd.service
      ! wait "$dialogue" && grep -q 'req.aborted 4 Quiesce canceled' "$work/dialogue" || { cat "$work/dialogue"; return 1; }
    }
    check "kill -9 of snapshotd while a script runs ends the snapshot for the host" kill_while_a_script_runs
    called_back() {
      until_ok 20 grep -q freezeFail "$root/root/hooks"
      diff <(printf '%s\n' 'freeze 10-first nightly 0' 'freeze 20-second' 'freezeFail 10-first nightly 0') "$root/root/hooks"
    }
    check "scripts are called back after kill -9 of snapshotd" called_back
    touch "$root/root/quick"
  fi
  check "the host takes the next snapshot" takes_a_snapshot
  check "a writer goes on after the next snapshot" goes_on
  ended_at=$(now)
  check "snapshotd ends about 30 s after the last snapshot" until_ok 35 eval '[[ $(inside systemctl is-active toolboxd-snapshotd.service) == inactive && -z $(freezers) ]]'
  figure "snapshotd ended after $(($(now) - ended_at)) ms"
  check "no unit of toolboxd has failed after snapshots" nothing inside systemctl list-units --no-legend --state=failed 'toolboxd*'
  kill "$writer"
fi

if [[ -n $polkit_reads_rules ]]; then
  check "snapshotd may start the units of snapshot scripts" call_as toolboxd-snapshot "${systemd[@]}" StartUnit ss toolboxd-snapshot-hook@thaw.service replace
  check "snapshotd may stop a unit of snapshot scripts" call_as toolboxd-snapshot "${systemd[@]}" StopUnit ss toolboxd-snapshot-hook@freeze.service replace
fi
for unit in rescue.target toolboxd-snapshot-hook@other.service toolboxd-power-hook@halt.service; do
  check "snapshotd may not start $unit" not_authorised toolboxd-snapshot "${systemd[@]}" StartUnit ss "$unit" replace
done
check "snapshotd may not stop transportd" not_authorised toolboxd-snapshot "${systemd[@]}" StopUnit ss toolboxd-transportd.service replace
check "snapshotd may not restart a unit of snapshot scripts" not_authorised toolboxd-snapshot "${systemd[@]}" RestartUnit ss toolboxd-snapshot-hook@thaw.service replace
for user in toolboxd-transport toolboxd-power toolboxd-freezer; do
  check "$user may not start the units of snapshot scripts" not_authorised "$user" "${systemd[@]}" StartUnit ss toolboxd-snapshot-hook@thaw.service replace
done

# As it was: nothing can be frozen.
rm -f "$root$freezer" "$root/etc/systemd/system/toolboxd-freezer@.service.d/test.conf" "$root"/etc/toolboxd/snapshot.d/[12]0-*
rmdir "$root/etc/systemd/system/toolboxd-freezer@.service.d"
chmod 755 "$root/usr/lib/toolboxd/toolboxd-freezer"
install -m 644 deploy/config/snapshot.textproto "$root/etc/toolboxd/snapshot.textproto"
inside systemctl reboot
check "the container restarts after the snapshots" eval \
  'ended 30 && nspawn=() && boot && "$vmxsim" wait --timeout=5s && umount "$disk"' || return 2
