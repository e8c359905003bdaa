# SPDX-License-Identifier: Apache-2.0

# A template and its clones: a Debian with its own cloud-init, installed whole, in a container that
# cloud-init takes for a guest of VMware. Sourced by tests/system/run; needs container.sh and $deb.

# in_tree COMMAND…: runs it in the file system $root, which is not booted, in namespaces of its own.
in_tree() {
  timeout 120 unshare --mount --pid --fork --kill-child --uts --ipc --net --propagation private \
    sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@" </dev/null
}

# make_template SUITE [NAME]: $root is the Debian of that suite, with cloud-init and open-vm-tools.
make_template() {
  root=$work/${2-$1}
  tests/system/rootfs --template="$1" "$root" && cp "$deb" "$root/root/" && looks_like_vmware && lift_conditions
}
# The package in place of open-vm-tools.
with_toolboxd() {
  in_tree dpkg --purge open-vm-tools && in_tree dpkg --install "/root/${deb##*/}" && lift_conditions
}

# Resets ConditionVirtualization, since systemd sees the container first.
lift_conditions() {
  local unit
  for unit in $(grep -ls '^ConditionVirtualization=' "$root"/usr/lib/systemd/system/{toolboxd,open-vm-tools,vgauth}*); do
    install -d "$root/etc/systemd/system/${unit##*/}.d"
    printf '[Unit]\nConditionVirtualization=\n' >"$root/etc/systemd/system/${unit##*/}.d/vmware.conf"
  done
}

mac=00:50:56:0a:0b:0c
generator=/usr/lib/systemd/system-generators/cloud-init-generator
overridden=/etc/systemd/system-generators/cloud-init-generator
# What cloud-init asks, answered as in a guest of VMware: systemd-detect-virt, the DMI name of the
# product, whether process 1 is in a container; and an adapter. Nothing of cloud-init is changed.
looks_like_vmware() {
  local unit fake=$root/usr/local/lib/guest
  install -d "$fake" "$root/usr/sbin" "$root/etc/systemd/system/sysinit.target.wants"
  mv "$root/usr/bin/systemd-detect-virt" "$fake/systemd-detect-virt.real" || return 1
  printf '#!/bin/sh\ncase "$*" in *c*) echo none; exit 1 ;; esac\necho vmware\n' >"$root/usr/bin/systemd-detect-virt"
  printf '#!/bin/sh\ncase "$*" in *system-product-name) echo VMware Virtual Platform ;; *) echo VMware ;; esac\n' \
    >"$root/usr/sbin/dmidecode"
  # Since systemd 254 process 1 says it to its generators, too.
  install -d "$root/etc/systemd/system-generators"
  printf '#!/bin/sh\nSYSTEMD_VIRTUALIZATION=vm:vmware exec %s "$@"\n' "$generator" >"$root$overridden"
  : >"$fake/environ"
  echo 'VMware Virtual Platform' >"$fake/product_name"
  cat >"$fake/start" <<SCRIPT
#!/bin/sh
mount --bind /usr/local/lib/guest/environ /proc/1/environ
[ ! -e /sys/class/dmi/id/product_name ] || mount --bind /usr/local/lib/guest/product_name /sys/class/dmi/id/product_name
ip link add eth0 address $mac type veth peer name switch && ip link set switch up
SCRIPT
  chmod 755 "$root/usr/bin/systemd-detect-virt" "$root/usr/sbin/dmidecode" "$fake/start" "$root$overridden"
  cat >"$root/etc/systemd/system/guest.service" <<'UNIT'
[Unit]
DefaultDependencies=no
After=systemd-remount-fs.service
Before=cloud-init-local.service cloud-init-main.service network-pre.target sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/guest/start
UNIT
  ln -s ../guest.service "$root/etc/systemd/system/sysinit.target.wants/"
  # ifupdown brings the network up here; in a first boot systemd enables the others too.
  for unit in systemd-networkd.{service,socket} systemd-networkd-wait-online.service ifupdown-wait-online.service; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
  done
  # As the installer writes it.
  echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
  # The container's disk is a folder of this machine.
  printf 'growpart: {mode: "off"}\nresize_rootfs: false\n' >"$root/etc/cloud/cloud.cfg.d/10-container.cfg"
}
# Customizations, and scripts in them.
accept_customization() {
  echo 'disable_vmware_customization: false' >"$root/etc/cloud/cloud.cfg.d/99-vmware.cfg"
  install -d "$root/etc/vmware-tools"
  printf '[deployPkg]\nenable-custom-scripts=true\n' >"$root/etc/vmware-tools/tools.conf"
}

# As an administrator makes a template of a machine, and clones it.
becomes_a_template() { inside cloud-init clean --logs --machine-id; }
clone_boots() {
  if [[ -n $simulator ]]; then
    inside systemctl poweroff
    ended 30 || stop_container
  fi
  boot "$@" && note_registration
}
# From transportd's start to its registration, in ms, for each boot of a clone with toolboxd.
registrations=()
note_registration() {
  [[ ! -e $root/usr/lib/toolboxd ]] || registrations+=("$(milliseconds "$(unit_started_at toolboxd-transportd)" "$(clone_registered_at)")")
}

# --- guestinfo data ---
# What metadata, userdata or vendordata says, for a clone of this name.
text_of() {
  case $1 in
    metadata)
      printf 'instance-id: i-%s\nlocal-hostname: %s\n' "$2" "$2"
      # Without it cloud-init waits for a DHCP server.
      printf 'network:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [ 192.0.2.33/24 ]\n'
      ;;
    userdata)
      printf '#cloud-config\nusers:\n  - name: user-%s\n    shell: /bin/bash\n' "$2"
      printf 'write_files:\n  - path: /root/from-%s\n    content: "written for %s"\n    permissions: "0640"\n' "$2" "$2"
      ;;
    vendordata) printf '#cloud-config\nruncmd:\n  - [ touch, /root/vendor-%s ]\n' "$2" ;;
  esac
}
# guestinfo ENCODING NAME: the options of `boot` that give a clone its data; ENCODING plain, base64
# or gzip+base64.
guestinfo() {
  local kind text
  options=()
  for kind in metadata userdata vendordata; do
    text=$(text_of "$kind" "$2")
    case $1 in
      base64) text=$(base64 -w0 <<<"$text") ;;
      gzip+base64) text=$(gzip -c <<<"$text" | base64 -w0) ;;
    esac
    options+=("--set=guestinfo.$kind=$text")
    [[ $1 == plain ]] || options+=("--set=guestinfo.$kind.encoding=$1")
  done
}

# --- customization, as vCenter does it from the first second ---
# customize_at_boot OPTION…: what the host of the next boots does, to $work/host.
customize_at_boot() {
  customization=("$@")
  host_of_boot=plays_vcenter
}
plays_vcenter() {
  "$vmxsim" wait --timeout=60s && "$vmxsim" customize --timeout=60s "${customization[@]}"
}
# Waits for the host's end, which says whether the clone has reported success.
host_is_content() {
  local status=0
  wait "$host" || status=$?
  host=
  [[ $status == 0 ]] || { cat "$work/host"; return 1; }
}
# The states that the host was sent, without a repetition: "3,4 0,4 103,4 104,5 0".
clone_states() { sed -n 's/.*deployPkg.update.state \([0-9]*\) *\([0-9]*\).*/\1 \2/p' "$work/host" | sed 's/ $//' | uniq | paste -sd,; }
clone_states_are() { [[ $(clone_states) == "$1" ]] || { clone_states; cat "$work/host"; return 1; }; }

# Two packages' files in $work: cust.cfg for a clone "customized", raw data for a clone "raw".
write_packages() {
  cat >"$work/cust.cfg" <<CFG
[NETWORK]
NETWORKING = yes
BOOTPROTO = static
HOSTNAME = customized
DOMAINNAME = example.com

[NIC-CONFIG]
NICS = NIC1

[NIC1]
MACADDR = $mac
PRIMARY = yes
ONBOOT = yes
IPv4_MODE = BACKWARDS_COMPATIBLE
BOOTPROTO = static
IPADDR = 192.0.2.33
NETMASK = 255.255.255.0
GATEWAY = 192.0.2.1

[DNS]
DNSFROMDHCP=no
SUFFIX|1 = example.com
NAMESERVER|1 = 192.0.2.53

[DATETIME]
TIMEZONE = Europe/Paris
UTC = yes

[PASSWORD]
-PASS = $(printf secret-clone | base64)
RESET = no

[CUSTOM-SCRIPT]
SCRIPT-NAME = customize.sh

[MISC]
MARKER-ID = marker-1
INSTANCE-ID = i-customized
POST-GC-STATUS = yes
CFG
  printf '1' >"$work/nics.txt"
  printf '#!/bin/sh\necho "$1" >>/root/custom-script\n' >"$work/customize.sh"
  printf '#!/bin/sh\n/root/.customization/customize.sh postcustomization\n' >"$work/post-customize-guest.sh"
  printf '[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = userdata\n' >"$work/raw.cfg"
  text_of metadata raw >"$work/metadata"
  text_of userdata raw >"$work/userdata"
  settled=(--mszip --cust_cfg="$work/cust.cfg" --file="nics.txt=$work/nics.txt" --file="scripts/customize.sh=$work/customize.sh"
    --file="scripts/post-customize-guest.sh=$work/post-customize-guest.sh")
  raw=(--cust_cfg="$work/raw.cfg" --metadata="$work/metadata" --userdata="$work/userdata")
}

# --- what has become of a clone ---
status_is_done() {
  local text
  text=$(inside cloud-init status --long)
  echo "$text"
  [[ $text == "status: done"* && $text == *"DataSource$1"* ]] && return
  inside tail -n 40 /var/log/cloud-init.log
  return 1
}
is_named() { [[ $(inside hostname) == "$1" && $(inside cat /etc/hostname) == "$1" ]] || { inside hostname; inside cat /etc/hostname; return 1; }; }
has_address() { inside ip -brief address | tee /dev/stderr | grep -q '^eth0.* 192\.0\.2\.33/24'; }
has_user() { inside id "user-$1"; }
has_file() { [[ $(inside stat -c '%a %U' "/root/from-$1") == "640 root" && $(inside cat "/root/from-$1") == "written for $1" ]]; }
# Seconds since 1970: of a line of cloud-init's log, of one of transportd's, and of a unit's start.
logged_at() { date -d "$(inside grep -m 1 "$1" /var/log/cloud-init.log | cut -d' ' -f1,2 | tr , .) UTC" +%s.%N; }
clone_registered_at() { journal_time -u toolboxd-transportd | awk '/registered with the host/ { print $1; exit }'; }
journal_time() { inside journalctl -q --no-pager -b -o short-unix "$@"; }
unit_started_at() { inside date -d "$(inside systemctl show -P ExecMainStartTimestamp --timestamp=us+utc "$1")" +%s.%N; }
milliseconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.0f\n", (to - from) * 1000 }'; }

# --- what cloud-init accepts ---
as_unit() { inside systemd-run --quiet --wait --pipe --collect "$@"; }
# search: cloud-init's generator, as in a boot in which cloud-init has not finished, with what the
# files say now.
search() {
  inside rm -f /run/cloud-init/{cloud.cfg,.ds-identify.result,enabled,disabled,result.json}
  as_unit "$overridden" /run/generated /run/generated /run/generated >/dev/null 2>&1
}
# clone_finds SOURCE: whether cloud-init has that data source in this boot.
clone_finds() { inside test -e /run/cloud-init/enabled && inside grep -q "datasource_list:.* $1" /run/cloud-init/cloud.cfg; }
# Whether cloud-init's data source takes a cust.cfg.
takes_configurations() {
  inside python3 -c '
import sys
from cloudinit import util
configuration = util.read_conf("/etc/cloud/cloud.cfg.d/99-vmware.cfg")
sys.exit(util.get_cfg_option_bool(configuration, "disable_vmware_customization", True))'
}
# hands_over OPTION…: whether deployd gives a package to cloud-init; else the host has the reason.
hands_over() {
  inside rm -rf /run/vmware-imc/cust.cfg
  "$vmxsim" customize --timeout=300ms "$@" >"$work/said" 2>&1
  cat "$work/said"
  inside test -e /run/vmware-imc/cust.cfg
}
truth() { "$@" >/dev/null 2>&1 && echo yes || echo no; }
# same_verdict SOURCE: deployd accepts each form exactly if cloud-init does.
same_verdict() {
  local found=$(truth clone_finds "$1") taken=$(truth takes_configurations) configuration=no
  [[ $found$taken != yesyes ]] || configuration=yes
  [[ $(truth hands_over "${settled[@]}") == "$configuration" ]] || { echo "cust.cfg: cloud-init $configuration"; cat "$work/said"; return 1; }
  [[ $(truth hands_over "${raw[@]}") == "$found" ]] || { echo "raw data: cloud-init $found"; cat "$work/said"; return 1; }
}
# agrees_with_cloud_init SOURCE SPELLING…: for each way to write the setting, in a booted clone without
# guestinfo data. Just the given ones make cloud-init's search find SOURCE.
agrees_with_cloud_init() {
  local source=$1 spelling line taken= file=$root/etc/cloud/cloud.cfg.d/99-vmware.cfg
  shift
  for spelling in '' false False 0 FALSE no off '"false"' 'false # allowed' true; do
    line=${spelling:+disable_vmware_customization: $spelling}
    echo "$line" >"$file"
    search
    ! clone_finds "$source" || taken+="$spelling,"
    check "deployd's verdict is cloud-init's for '$line'" same_verdict "$source"
  done
  check "cloud-init's search takes no other spelling than it is known for" test "$taken" = "$(printf '%s,' "$@")"
  echo 'disable_vmware_customization: no' >"$file"
  search
  check "deployd names how the setting must be written" eval '! hands_over "${raw[@]}" && grep -q "write it so in /etc/cloud/cloud.cfg.d/99-vmware.cfg" "$work/said"'
  rm "$file"
  search
  check "deployd names the setting that raw data needs" eval '! hands_over "${raw[@]}" && grep -q "add the line .disable_vmware_customization: false" "$work/said"'
}
