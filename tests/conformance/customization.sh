# SPDX-License-Identifier: Apache-2.0

# Customization: what the host hears from toolboxd and from Debian's vmtoolsd. Sourced by run.
#
# vmtoolsd executes the package's command as root, deletes whatever file it must deploy, restarts the
# machine and writes below /run and /var/log. So the command is touch with the flag that forbids the
# restart, /run and /var/log are file systems of this mount namespace, /etc is a copy, and vmxsim
# keeps shutdown and reboot(2) from the machine.
# shellcheck shell=bash disable=SC2154  # run sets these

umount -l /run/vmware-imc 2>/dev/null
mount -t tmpfs -o mode=755 tmpfs /run && mount -t tmpfs -o mode=755 tmpfs /var/log || exit 1
install -d -m 755 /etc/toolboxd /etc/vmware-tools
rm -f /etc/vmware-tools/tools.conf /etc/toolboxd/deploy.textproto
printf '[NETWORK]\nHOSTNAME = clone\n' >"$work/cust.cfg"
printf 'nothing of a package' >"$work/garbage"

# A file outside the inboxes; vmtoolsd deletes it.
cp "$work/garbage" "$work/outside"
# plays GUEST OPTION…: a reply that is an error, and the states, with " | " between them.
plays() {
  local guest=$1
  shift
  "$vmxsim" customize --control="$work/$guest.sock" --timeout=3s "$@" >"$work/dialogue" 2>&1
  sed -n -e 's/^ *[0-9.]* TX deployPkg.update.state //p' -e 's/^ *[0-9.]* RPLY \(ERROR .*\)/\1/p' "$work/dialogue" |
    sed -e 's,[^ ]*/run/[^ ]*imcf-vmxsim,INBOX,' -e "s,$work,WORK,g" \
      -e 's,/var/log/vmware-imc/toolsDeployPkg.log,PLACE,; s,journal:toolboxd-deployd,PLACE,' | paste -sd '|' | sed 's/|/ | /g'
}
# said OURS THEIRS: prints both.
said() { printf 'toolboxd  %s\nvmtoolsd  %s\n' "$1" "$2"; }
equal() { said "$1" "$2"; [[ -n $1 && $1 == "$2" ]]; }
# shellcheck disable=SC2053  # patterns
match() { said "$1" "$2"; [[ $1 == $3 && $2 == $4 ]]; }
# agree WHAT OPTION…: both say the same, and say something.
agree() {
  local what=$1 ours theirs
  shift
  ours=$(plays toolboxd "$@") theirs=$(plays vmtoolsd "$@")
  check "customization: $what" equal "$ours" "$theirs"
}
# differ WHAT OURS THEIRS OPTION…: they say these (patterns of the shell).
differ() {
  local what=$1 expected_of_ours=$2 expected_of_theirs=$3 ours theirs
  shift 3
  ours=$(plays toolboxd "$@") theirs=$(plays vmtoolsd "$@")
  check "customization differs on purpose: $what" match "$ours" "$theirs" "$expected_of_ours" "$expected_of_theirs"
}
# begins GUEST: the directory of a new inbox.
begins() { "$vmxsim" send --control="$work/$1.sock" deployPkg.begin | sed -n 's/^OK //p'; }
both_begin() {
  local guest first second
  for guest in toolboxd vmtoolsd; do
    first=$(begins "$guest") second=$(begins "$guest")
    echo "$guest: $first $second"
    [[ $first == /*/ && $second == /*/ && $first != "$second" && -d $second && -z $(ls -A "$second") ]] || return 1
  done
}
mode_of_inbox() { stat -c %a "$(begins "$1")"; }
# Nothing below the folders of inboxes but empty ones, and no package.
left() { find /run "$work/run" -name 'imcf*' -o -name '.vmware-imgcust*'; }

start_guest "$work/toolboxd.sock" "$work/toolboxd.log" "$root/deploy/run" --runtime_dir="$work/run" || exit 1
start_guest "$work/vmtoolsd.sock" "$work/vmtoolsd.log" vmtoolsd || exit 1

check "customization: each begin makes a new empty folder, with a slash at its end" both_begin
check "customization differs on purpose: the inbox is closed to other users" eval '
  [[ $(mode_of_inbox toolboxd) == 700 && $(mode_of_inbox vmtoolsd) == 755 ]]'
agree "a package that is not there" --no_upload
agree "blanks around a path do not count" --no_upload --deploy_path=" /run/none/imcf-vmxsim "
differ "a package that cannot be read has an end" \
  "3 | 4 0 PLACE | 4 100 PLACE@the package has no package's signature*" "3 | 4 0 PLACE" "$work/garbage"
differ "a path outside the inbox is not a package" \
  "ERROR failed to get package file | 3 | 3 5 Package file WORK/outside not found" "3 | 4 0 PLACE" \
  --no_upload --deploy_path="$work/outside"
outside() { cp "$work/garbage" "$work/outside" && plays "$1" --no_upload --deploy_path="$work/outside"; }
check "customization differs on purpose: a file outside the inbox stays" eval '
  outside toolboxd; cmp "$work/garbage" "$work/outside" && outside vmtoolsd && within 10 test ! -e "$work/outside"'
command=(--cust_cfg="$work/cust.cfg" --command="/usr/bin/touch $work/executed" --skip_reboot)
differ "the command of a package is never executed" \
  "3 | 4 0 PLACE | 4 100 PLACE@cloud-init is not installed*" "3 | 4 0 PLACE | 5 0 PLACE" "${command[@]}"
executed() { rm -f "$work/executed"; plays "$1" "${command[@]}"; test -e "$work/executed"; }
check "customization differs on purpose: only vmtoolsd executes it" eval '! executed toolboxd && executed vmtoolsd'
differ "a compressed package" \
  "3 | 4 0 PLACE | 4 100 PLACE@cloud-init is not installed*" "3 | 4 0 PLACE | 5 0 PLACE" --mszip "${command[@]}"
check "customization: nothing of a package is left" eval 'within 10 eval "[[ -z \$(left) ]]" || { left; false; }'
check "customization: the machine was not restarted" eval '
  [[ -z $("$vmxsim" recorded --control="$work/vmtoolsd.sock") && -z $("$vmxsim" recorded --control="$work/toolboxd.sock") ]]'

# Each reads its own settings; vmtoolsd at its start, for certain.
stop_guests
printf '[deployPkg]\nenable-customization=false\n' >/etc/vmware-tools/tools.conf
printf 'customization { enable: false }\n' >/etc/toolboxd/deploy.textproto
start_guest "$work/toolboxd.sock" "$work/toolboxd.log" "$root/deploy/run" --runtime_dir="$work/run" || exit 1
start_guest "$work/vmtoolsd.sock" "$work/vmtoolsd.log" vmtoolsd || exit 1
agree "switched off by the administrator" "${command[@]}"
check "customization: nothing of a package that was refused is left" eval 'within 10 eval "[[ -z \$(left) ]]" || { left; false; }'
