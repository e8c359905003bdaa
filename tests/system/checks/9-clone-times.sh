# SPDX-License-Identifier: Apache-2.0

# How long a clone takes from power-on to the host's "5 0", step by step: Debian 12's cloud-init with
# toolboxd, and with open-vm-tools in the same container, in turn. On request only; it measures, and
# checks no more than that each clone is customized.

stop_container
nspawn=(--timezone=off --resolv-conf=off)
write_packages
# Without the script, which open-vm-tools 12.2 does not hand to cloud-init.
grep -v -e CUSTOM-SCRIPT -e SCRIPT-NAME "$work/cust.cfg" >"$work/times.cfg"
rounds=3
steps=("the tools' unit starts" "the host begins (deployPkg.begin)" "4 0: the package has arrived" "cloud-init-local starts"
  "cloud-init looks for a customization" "cloud-init has found it" "4 103: the network, please" "5 0: success" "the boot is complete")
# Seconds since power-on, of the first line of vmxsim's log that matches.
host_time() { "$vmxsim" log | awk -v want="$1" 'index($0, want) { print $1; exit }'; }
# Since power-on, in ms, of a time since 1970.
since_power_on() { milliseconds "$powered_on" "$1"; }
# measure UNIT: the steps in ms, one a line.
measure() {
  since_power_on "$(unit_started_at "$1")"
  milliseconds 0 "$(host_time 'deployPkg.begin')"
  milliseconds 0 "$(host_time 'deployPkg.update.state 4 0')"
  since_power_on "$(unit_started_at cloud-init-local)"
  since_power_on "$(logged_at 'VMware Virtualization Platform found')"
  since_power_on "$(logged_at 'Found VMware Customization Config File')"
  milliseconds 0 "$(host_time 'deployPkg.update.state 4 103')"
  milliseconds 0 "$(host_time 'deployPkg.update.state 5 0')"
  since_power_on "$(inside date -d "$(inside systemctl show -P FinishTimestamp --timestamp=us+utc)" +%s.%N)"
}
# clone_with NAME UNIT ROUND: one clone, its times in $work/NAME.ROUND.
clone_with() {
  root=$work/$1
  customize_at_boot --mszip --cust_cfg="$work/times.cfg" --file="nics.txt=$work/nics.txt"
  check "a clone with $1 is customized (round $3)" eval 'clone_boots && host_is_content' || return 1
  measure "$2" >"$work/$1.$3"
  becomes_a_template >/dev/null
  inside systemctl poweroff
  ended 30 || stop_container
}
median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }
for tools in toolboxd open-vm-tools; do
  check "a template for $tools is made" make_template bookworm "$tools" || return 1
  [[ $tools == open-vm-tools ]] || check "the template has toolboxd" with_toolboxd || return 1
  accept_customization
  # open-vm-tools 12.2 looks nowhere else.
  echo 'disable_vmware_customization: false' >>"$root/etc/cloud/cloud.cfg"
done
for ((round = 1; round <= rounds; ++round)); do
  clone_with toolboxd toolboxd-transportd "$round" && clone_with open-vm-tools open-vm-tools "$round" || return 1
done
figure "ms since power-on, median of $rounds clones      toolboxd  open-vm-tools"
for i in "${!steps[@]}"; do
  printf -v line '%-46s' "${steps[i]}"
  for tools in toolboxd open-vm-tools; do
    printf -v line '%s %9s' "$line" "$(for ((round = 1; round <= rounds; ++round)); do sed -n "$((i + 1))p" "$work/$tools.$round"; done | median)"
  done
  figure "$line"
done
host_of_boot=
