# Nothing is left behind.

[[ -n $simulator ]] || check "the container boots" boot || return 2
check "toolboxd registers" "$vmxsim" wait --timeout=5s
last=$(started alice)
check "the package is removed while a program runs" inside dpkg --remove toolboxd
check "nothing of it runs" eval '! inside pgrep -x "transportd|guestinfod|powerd|hgfsd|vixd|session"'
check "the program goes on" inside kill -0 "$last"
inside kill "$last"
check "the package is purged" inside dpkg --purge toolboxd
left_behind() {
  # What the test itself put there does not count, nor what other programs keep.
  inside find / -xdev \( -path /proc -o -path /sys -o -path /root -o -path /var/lib/dpkg -o -path '/var/log' \
    -o -path /var/cache -o -path '/etc/systemd/system/*.d' \) -prune -o -iname '*toolboxd*' ! -iname '*toolboxd-guest*' -print | grep .
}
check "no file is left" eval '! left_behind'
check "no user or group is left" eval '! inside cat /etc/passwd /etc/group | grep toolboxd'
check "no unit is left" eval '! inside systemctl list-unit-files --no-legend "toolboxd*" | grep -v "/etc/systemd" | grep -E "enabled|static|disabled"'
