# SPDX-License-Identifier: Apache-2.0

# Customization of a clone by the shipped units. Whether cloud-init takes it is read from the files of
# Debian's own; what cloud-init does with it is played here, since this machine is not a clone.

customize() { "$vmxsim" customize --timeout=10s "$@" 2>&1; }
# reports TEXT OPTIONS…: the states have TEXT.
reports() {
  local text=$1 output
  shift
  output=$(customize "$@")
  grep -q -e "$text" <<<"$output" || { echo "$output"; return 1; }
}
printf '[NETWORK]\nNETWORKING = yes\nHOSTNAME = clone\nDOMAINNAME = example.com\n[PASSWORD]\n-PASS = c2VjcmV0\nRESET = no\n' >"$work/cust.cfg"
printf 'instance-id: i-2\nlocal-hostname: clone\n' >"$work/metadata"
printf '#cloud-config\n' >"$work/userdata"
printf '[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = userdata\n' >"$work/raw.cfg"
settled=(--cust_cfg="$work/cust.cfg" --file="nics.txt=$work/nics")
printf '1' >"$work/nics"

not_running() { [[ $(inside systemctl is-active toolboxd-deployd.service) == inactive ]]; }
check "deployd does not run before a customization" not_running
check "without cloud-init a customization fails at once" reports 'state 4 100 .*cloud-init is not installed' "${settled[@]}"
check "deployd runs as its user" eval '[[ $(inside ps -o user:30= -p "$(pid_of toolboxd-deployd)") == toolboxd-deploy ]]'
check "deployd ends soon after a customization" until_ok 10 not_running

check "Debian has cloud-init 22.4.2" fetch_cloud_init || return 1
install -d "$root/usr/lib/python3/dist-packages"
cp -a "$work/cloud-init/usr/lib/python3/dist-packages/cloudinit" "$root/usr/lib/python3/dist-packages/"
cp -a "$work/cloud-init/etc/cloud" "$root/etc/"
check "the state names the line that cloud-init lacks" reports 'disable_vmware_customization: false' "${settled[@]}"
echo 'disable_vmware_customization: false' >"$root/etc/cloud/cloud.cfg.d/99-vmware.cfg"
check "toolboxctl shows who takes a customization" eval 'inside toolboxctl customization status | tee /dev/stderr | grep -q 22.4.2'

imc=/run/vmware-imc
has() { inside test -e "$imc/$1"; }
# What cloud-init reports, and that it deletes the folder.
plays_cloud_init() {
  until_ok 10 has cust.cfg || return 1
  inside cp -a "$imc" /root/taken || return 1
  inside rm -rf "$imc"
  inside vmware-rpctool 'deployPkg.update.state 4 103 /var/log/cloud-init.log@1' >"$work/nics.1"
  for ((query = 0; query < 3; ++query)); do
    inside vmware-rpctool 'deployPkg.update.state 4 104 /var/log/cloud-init.log@1' >"$work/nics.2"
  done
  inside vmware-rpctool 'deployPkg.update.state 5 0 /var/log/cloud-init.log'
}
customized() {
  plays_cloud_init &
  local cloud_init=$! status=0
  customize "$@" >"$work/states" || status=$?
  wait "$cloud_init" && [[ $status == 0 ]] || { cat "$work/states"; return 1; }
}
states() { grep -o 'update.state [0-9]* *[0-9]*' "$work/states" | sed 's/update.state //; s/ *$//' | paste -sd,; }
check "cloud-init takes a customization, and the host hears of success" customized "${settled[@]}"
check "the states are in vCenter's order" eval '[[ $(states) == "3,4 0,4 103,4 104,4 104,4 104,5 0" ]] || { states; false; }'
check "the network is connected when cloud-init asks" eval '[[ $(<"$work/nics.1") == queryNicsSupported && $(<"$work/nics.2") == connected ]]'
check "cloud-init has cust.cfg as the host sent it" cmp "$work/cust.cfg" "$root/root/taken/cust.cfg"
check "cloud-init has nics.txt" cmp "$work/nics" "$root/root/taken/nics.txt"
private() { [[ $(inside stat -c '%U %a' /root/taken /root/taken/cust.cfg | paste -sd,) == "toolboxd-deploy 700,toolboxd-deploy 600" ]]; }
check "no user but deployd and root reads a customization" private
check "the password of a customization is in no journal line" nothing_of c2VjcmV0 inside journalctl -q -b --no-pager -o cat
check "nothing of a package is left" eval '[[ -z $(inside find /run/toolboxd/deploy -mindepth 1 -name "*imcf*") ]]'
inside rm -rf /root/taken
until_ok 10 not_running
check "a compressed package with raw data is customized as well" customized --mszip --cust_cfg="$work/raw.cfg" --file="metadata=$work/metadata" --file="userdata=$work/userdata"
check "cloud-init has metadata and userdata" eval 'cmp "$work/metadata" "$root/root/taken/metadata" && cmp "$work/userdata" "$root/root/taken/userdata"'
inside rm -rf /root/taken
until_ok 10 not_running

# cloud-init that has looked already, or finishes without a look.
finish_cloud_init() { inside install -d /run/cloud-init && inside touch /run/cloud-init/result.json; }
finish_cloud_init
check "a customization after cloud-init's end says what to do" reports 'state 4 100 .*while it is switched off' "${settled[@]}"
check "it was not laid down" eval '! has cust.cfg'
inside rm /run/cloud-init/result.json
finish_without_a_look() { until_ok 10 has cust.cfg && finish_cloud_init; }
not_taken() {
  finish_without_a_look &
  reports 'state 4 100 .*cloud-init has finished and has not taken' "${settled[@]}" && wait $!
}
check "a customization that cloud-init does not take has an end" not_taken
check "its password does not stay" eval '[[ -z $(inside find "$imc" -mindepth 1) ]]'
inside rm /run/cloud-init/result.json
until_ok 10 not_running

# Without cloud-init, by the administrator's scripts.
rm -r "$root/usr/lib/python3/dist-packages/cloudinit" "$root/etc/cloud"
install -d "$root/etc/toolboxd/customize.d"
printf '#!/bin/sh\nid -u >/root/customized; cat >>/root/customized\n' >"$root/etc/toolboxd/customize.d/10-take"
chmod 755 "$root/etc/toolboxd/customize.d/10-take"
check "scripts are off by default" reports 'state 4 100 ' "${settled[@]}"
check "no script has run" eval '! inside test -e /root/customized'
settings=$root/etc/toolboxd/deploy.textproto
[[ ! -e $settings ]] || cp -a "$settings" "$work/deploy.textproto"
echo 'customization { run_scripts: true }' >"$settings"
check "scripts customize a machine without cloud-init" reports 'state 5 0' "${settled[@]}"
check "scripts run as root with the customization as JSON" eval '
  inside cat /root/customized | tee "$work/customized" && [[ $(head -n 1 "$work/customized") == 0 ]] && grep -q clone "$work/customized"'
printf '#!/bin/sh\nexit 3\n' >"$root/etc/toolboxd/customize.d/20-fails"
chmod 755 "$root/etc/toolboxd/customize.d/20-fails"
check "a script that fails is named to the host" reports 'state 4 100 .*20-fails' "${settled[@]}"
echo 'customization { enable: false }' >"$settings"
check "the administrator switches customization off (3 7)" reports 'state 3 7 Customization is disabled by guest admin' "${settled[@]}"
rm "$settings" "$root"/etc/toolboxd/customize.d/*
[[ ! -e $work/deploy.textproto ]] || cp -a "$work/deploy.textproto" "$settings"
check "no unit of toolboxd has failed after customizations" nothing inside systemctl list-units --no-legend --state=failed 'toolboxd*'
