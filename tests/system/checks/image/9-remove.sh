# SPDX-License-Identifier: Apache-2.0

# The image for /etc, and the removal of both.

nspawn=("--bind-ro=$work/usr.image:/var/lib/extensions/toolboxd" "--bind-ro=$work/etc.image:/var/lib/confexts/toolboxd-config")
# It would refuse the first request.
rm -f "$root/etc/toolboxd/power.d/halt/05-fails"
if [[ -z $simulator ]]; then
  # Enabled in the tree, since /etc is read-only once it is merged.
  ln -s /usr/lib/systemd/system/systemd-confext.service "$root/etc/systemd/system/sysinit.target.wants/systemd-confext.service"
  # Otherwise nothing in /etc can be executed, scripts of power events neither (docs/operations.md).
  install -D -m 644 /dev/stdin "$root/etc/systemd/system/systemd-confext.service.d/exec.conf" <<'EOF'
[Service]
ExecStart=
ExecStart=systemd-confext refresh --noexec=false
EOF
  check "the container boots with both images" boot || return 2
  : >"$root/root/hooks"
fi
check "systemd-confext has merged the image" eval 'inside systemd-confext status --no-pager | grep -q toolboxd-config'
check "/etc is not writable" eval '! inside touch /etc/written 2>/dev/null'
check "toolboxd registers with a read-only /etc" "$vmxsim" wait --timeout=10s
# The first login of a boot may take longer than the host waits.
check "alice lists a directory with both images" until_ok 15 eval 'guest alice ls /etc | grep -q passwd'
check "no unit has failed with both images" nothing inside systemctl --failed --no-legend
check "the host turns the machine off" "$vmxsim" power off
check "the machine is off" eval 'ended 30; [[ $status == 0 ]]' || stop_container
check "the script of a shutdown ran although /etc is an image" grep -qx 'halt 0' "$root/root/hooks"
nspawn=()
check "the container boots without the images" boot || return 2
check "no service runs without the images" nothing_of '^(transportd|guestinfod|powerd|hgfsd|vixd|session)$' inside ps -eo comm=
check "the administrator's configuration is still there" inside test -e /etc/toolboxd/policy.textproto
stop_container
for image in usr etc; do ! mountpoint -q "$work/$image.image" || umount "$work/$image.image"; done
