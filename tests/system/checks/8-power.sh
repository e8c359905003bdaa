# Power operations of the host are the container's real ones.

check "other units are not powerd's to start" eval \
  '! inside setpriv --reuid=toolboxd-power --regid=toolboxd-power --clear-groups busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager StartUnit ss rescue.target replace'
check "nobody else may restart the machine" eval \
  '! inside setpriv --reuid=toolboxd-transport --regid=toolboxd-transport --clear-groups busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager Reboot b false'
# With a program of a user running, which must not hold the machine up.
started alice >/dev/null
: >"$root/root/hooks"
check "the host asks for a reboot" "$vmxsim" power reboot
check "the machine restarts (systemd-nspawn: 133)" eval 'ended 30; echo "status: $status"; [[ $status == 133 ]]' || stop_container
check "the script of the event ran as root" grep -qx 'reboot 0' "$root/root/hooks"
check "it boots again" boot || return 2
check "and registers" "$vmxsim" wait --timeout=5s
check "the host asks for a shutdown" "$vmxsim" power off
check "the machine is off (systemd-nspawn: 0)" eval 'ended 30; echo "status: $status"; [[ $status == 0 ]]' || stop_container
check "the script of the event ran as root" grep -qx 'halt 0' "$root/root/hooks"
