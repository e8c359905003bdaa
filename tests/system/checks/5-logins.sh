# SPDX-License-Identifier: Apache-2.0

# A guest login is a login like others: what it leaves, what it is limited to, and what a user cannot
# do with the processes that it gives.

# process_of USER NAME: the newest one.
process_of() { inside pgrep -n -x -u "$1" "$2"; }
user_id() { inside id -u "$1"; }
alices_id=$(user_id alice)
guest alice ls /etc >/dev/null
alices=$(started alice) bobs=$(started bob)
alices_hgfsd=$(process_of alice hgfsd) alices_vixd=$(process_of alice vixd)

# --- audit, nologin, slice

check "a program has its user's audit id" eval '[[ $(inside cat "/proc/$alices/loginuid") == "$alices_id" ]]'
check "hgfsd has its user's audit id" eval '[[ $(inside cat "/proc/$alices_hgfsd/loginuid") == "$alices_id" ]]'
check "a program is in a scope in the slice of its user's programs" eval \
  'inside cat "/proc/$alices/cgroup" | grep -q "toolboxd-programs-$alices_id.slice/toolboxd-vixd-$alices_id-.*scope"'
secret=secret-argument-4711
revealing=$(guest alice start /bin/sh "-c 'sleep 600; : $secret'" | grep -oE '[0-9]+' | head -n 1)
# Where its arguments can be seen; so what follows shows something.
check "the arguments of a guest user's program are in its scope" until_ok 5 eval 'inside systemctl --no-pager --full status "toolboxd*.scope" | grep -q "$secret"'
bundled() { inside sh -c 'cd /root && toolboxctl support-bundle && tar -xzOf toolboxd-support-*.tar.gz && rm toolboxd-support-*.tar.gz'; }
bundle=$(bundled)
check "a support bundle has the units" grep -q "toolboxd-transportd.service - " <<<"$bundle"
check "a support bundle shows no argument of a guest user's program" eval '! grep -q "$secret" <<<"$bundle"'
inside kill "$revealing"
tasks_of() { inside systemctl show -P TasksMax "$1"; }
check "programs of a user have a limit of tasks" eval \
  'tasks_of "toolboxd-programs-$alices_id.slice"; [[ $(tasks_of "toolboxd-programs-$alices_id.slice") =~ ^[0-9]{1,9}$ ]]'
stops_alices() { inside systemctl stop "toolboxd-programs-$alices_id.slice" && until_ok 8 inside test ! -e "/proc/$alices"; }
check "stopping the slice of a user ends the user's programs" stops_alices
check "stopping the slice of a user leaves other users' programs" inside kill -0 "$bobs"
check "alice's operations succeed after the slice was stopped" until_ok 5 eval 'guest alice ps'
# Without the logins that transportd has already.
restart_transportd() { inside systemctl restart toolboxd-transportd && "$vmxsim" wait --timeout=5s; }
restart_transportd
echo maintenance >"$root/etc/nologin"
check "/etc/nologin does not keep root out" eval 'guest root ls /etc | grep -q passwd'
check "/etc/nologin keeps users out" refused_with 3050 guest bob ls /etc
rm "$root/etc/nologin"
# A refusal that took long on a busy machine uses up the time that refusals may take of ten seconds.
check "users log in when /etc/nologin is gone" until_ok 15 eval 'guest bob ls /etc'

# --- the user's own file system

runtime=/run/toolboxd/user/$alices_id
alices=$(started alice)
free_in() { inside stat -f -c "$1" "$2"; }
check "a runtime directory is a file system that is limited in files" eval '[[ $(free_in %c "$runtime") == 65536 ]]'
# Small, so that it is full soon.
check "alice's runtime directory is made smaller" inside mount -o remount,size=20M "$runtime"
fill() {
  local said
  said=$(inside setpriv --reuid=alice --regid=alice --clear-groups sh -c "head -c 40M /dev/zero >$runtime/fill" 2>&1)
  echo "$said"
  [[ $said == *'No space left'* ]]
}
before=$(free_in %a /run)
check "alice fills alice's runtime directory" fill
check "a user who fills the own runtime directory leaves /run as it was" eval '(($(free_in %a /run) > before - 100))'
check "no program of alice's starts while alice's runtime directory is full (8)" refused_with 8 guest alice start /bin/true ''
check "bob starts a program while alice's runtime directory is full" eval 'bobs=$(started bob) && inside kill -0 "$bobs"'
inside rm -f "$runtime/fill"
check "alice starts a program when there is space again" eval 'alices=$(started alice) && inside kill -0 "$alices"'

# --- hgfsd and vixd, and other processes of their user

guest alice ls /etc >/dev/null
alices_hgfsd=$(process_of alice hgfsd) alices_vixd=$(process_of alice vixd)
# take PID DESCRIPTOR [TEXT]: pidfd_open(2), pidfd_getfd(2), and a line to what that gave.
take='my $p = syscall(434, $ARGV[0] + 0, 0);
  my $fd = syscall(438, $p, $ARGV[1] + 0, 0);
  die "pidfd_getfd: $!\n" if $fd < 0;
  exit 0 if @ARGV < 3;
  open(my $out, ">&=", $fd) or die "open: $!\n";
  syswrite($out, "<6>$ARGV[2]\n") or die "write: $!\n";'
as_alice() { inside setpriv --reuid=alice --regid=alice --clear-groups "$@"; }
check "alice's processes can take a descriptor of alice's program" as_alice perl -e "$take" "$alices" 0
takes_none() {
  local pid
  for pid in "$alices_hgfsd" "$alices_vixd"; do
    ! as_alice perl -e "$take" "$pid" 3 >"$work/said" 2>&1 && grep -q 'not permitted' "$work/said" || { cat "$work/said"; return 1; }
  done
}
check "alice's processes cannot take a descriptor of alice's hgfsd or vixd" takes_none
# From the exec on: a program that cannot be read is closed to its user at once.
check "users execute the program of hgfsd and vixd, and cannot read it" eval \
  'as_alice test -x /usr/lib/toolboxd/hgfsd && ! as_alice test -r /usr/lib/toolboxd/hgfsd'
check "hgfsd cannot write its own memory as a file" eval '[[ $(inside stat -c %U "/proc/$alices_hgfsd/mem") == root ]]'
check "alice cannot download the environment of alice's hgfsd" eval '! guest alice download /proc/self/environ "$work/received"'
check "alice downloads the status of alice's hgfsd" eval \
  'guest alice download /proc/self/status "$work/received" && grep -q "^Name:.hgfsd" "$work/received"'
check "a list of processes has vixd as its user's" eval 'guest alice ps "$alices_vixd" | grep -q alice'
filters_of() { inside awk '$1 == "Seccomp_filters:" { print $2 }' "/proc/$1/status"; }
check "hgfsd has a filter of its own" eval \
  '(($(filters_of "$alices_hgfsd") > $(filters_of "$(inside ps -o ppid= -p "$alices_hgfsd" | tr -d " ")")))'
# The journal believes of a stream what its opener was, and of a line who wrote it: here root.
lines_of() { inside journalctl -q --no-pager -b -o json "MESSAGE=$1"; }
are_the_users() {
  local name pid
  for name in hgfsd vixd; do
    pid=alices_$name pid=${!pid}
    [[ $(inside stat -L -c %u "/proc/$pid/fd/1" "/proc/$pid/fd/2" | xargs) == "$alices_id $alices_id" ]] &&
      inside perl -e "$take" "$pid" 2 "a line of $name" && until_ok 5 eval '[[ -n $(lines_of "a line of $name") ]]' &&
      nothing_of '"_SYSTEMD_UNIT":"toolboxd-(vixd|hgfsd)@' lines_of "a line of $name" && continue
    inside ls -lL "/proc/$pid/fd"
    return 1
  done
}
check "what hgfsd and vixd write to the journal is their user's" are_the_users

# --- toolboxctl connect

connect_words=(env -u XDG_RUNTIME_DIR -C / HOME=/ timeout 3 toolboxctl connect)
# connects USER SERVICE FLAG…: without a password.
connects() {
  inside setpriv --reuid="$1" --regid="$1" --init-groups "${connect_words[@]}" "${@:2}" >"$work/said" 2>&1 || true
  cat "$work/said"
  grep -q '^/run/.*\.sock$' "$work/said"
}
# no_connection TEXT COMMAND…: it gets no socket, and the reason has TEXT.
no_connection() {
  local text=$1
  shift
  "$@" >"$work/reason" 2>&1 || true
  cat "$work/reason"
  ! grep -q '^/.*\.sock$' "$work/reason" && grep -q -e "$text" "$work/reason"
}
login_sockets=(toolboxd-hgfsd-login.socket toolboxd-vixd-login.socket)
check "the login sockets are off by default" eval '! inside sh -c "ls /run/toolboxd/*-login.sock"'
check "toolboxctl connect says that its socket is off" no_connection 'off by default' connects root vixd
check "the login sockets are switched on" inside systemctl --quiet enable --now "${login_sockets[@]}"
check "a login socket that is on is root's only" eval '[[ $(inside stat -c "%U %a" /run/toolboxd/{hgfsd,vixd}-login.sock) == $'"'root 600\nroot 600'"' ]]'
check "bob cannot connect to a socket of root's" no_connection 'ermission denied' connects bob vixd
check "toolboxctl connect gives root bob's vixd, and uses nothing in /tmp" connects root vixd --user=bob
check "toolboxctl connect gives root a hgfsd" connects root hgfsd
check "toolboxd-install-check notes a login socket that is on" eval 'inside toolboxd-install-check | grep "^note.*vixd-login.socket is on"'

for unit in "${login_sockets[@]}"; do
  inside mkdir -p "/etc/systemd/system/$unit.d"
  printf '[Socket]\nSocketGroup=users\nSocketMode=0660\n' | inside tee "/etc/systemd/system/$unit.d/group.conf" >/dev/null
done
inside usermod -aG users bob
inside systemctl daemon-reload
check "the login sockets restart with a group" inside systemctl restart "${login_sockets[@]}"
check "toolboxctl connect gives bob a hgfsd of bob's own" connects bob hgfsd
check "toolboxctl connect gives bob a vixd" connects bob vixd
check "toolboxctl connect refuses bob a vixd of alice" no_connection 'a session of another user needs root' connects bob vixd --user=alice
check "a user outside the group cannot connect" no_connection 'ermission denied' connects alice vixd
as_transportd() { inside setpriv --reuid=toolboxd-transport --regid=toolboxd-transport --groups=users "${connect_words[@]}" "$@"; }
check "transportd's user gets no vixd" no_connection 'has no sessions' as_transportd vixd
without_privileges() { inside setpriv --reuid=bob --regid=bob --init-groups --no-new-privs "${connect_words[@]}" "$@"; }
check "a caller with no_new_privs gets no vixd" no_connection no_new_privs without_privileges vixd
check "a caller with no_new_privs gets no hgfsd" no_connection no_new_privs without_privileges hgfsd
in_unit() { inside systemd-run --quiet --wait --pipe --collect -p User="$1" -p SupplementaryGroups=users -p PrivateTmp=yes "${connect_words[@]}" "${@:2}"; }
check "a caller in a sandbox of systemd's gets no vixd" no_connection 'namespace of its own (mnt)' in_unit bob vixd
check "a caller in a sandbox of systemd's gets no hgfsd" no_connection 'namespace of its own (mnt)' in_unit bob hgfsd
check "a root in a sandbox of systemd's gets no vixd" no_connection 'namespace of its own (mnt)' in_unit root vixd

policy() { printf '%s\n' "$1" >"$root/etc/toolboxd/policy.textproto"; }
policy 'disable_guest_operations: true'
check "disable_guest_operations refuses toolboxctl connect" no_connection policy connects bob vixd
policy 'deny: "bob"'
check "a policy that denies bob refuses toolboxctl connect to bob" no_connection policy connects bob hgfsd
check "a policy that denies bob permits toolboxctl connect to root" connects root vixd
policy 'programs: "/bin/true"'
check "a policy that lists programs refuses toolboxctl connect" no_connection policy connects bob vixd
policy '# nothing'

# As any member of the group can.
flood() {
  inside setpriv --reuid=bob --regid=bob --init-groups perl -e '
    use Socket;
    for (1 .. 600) {
      socket(my $s, AF_UNIX, SOCK_STREAM, 0);
      connect($s, sockaddr_un("/run/toolboxd/vixd-login.sock")) or last;
    }'
}
lines_of_init() { journal _PID=1 | wc -l; }
few_lines() {
  local before=$(lines_of_init)
  flood
  # The last of them are written when the connections have ended.
  until_ok 20 nothing inside systemctl list-units --no-legend 'toolboxd-vixd-login@*'
  echo "$(($(lines_of_init) - before)) lines"
  (($(lines_of_init) - before <= 500))
}
check "600 connections write at most 500 lines to the journal" few_lines
# It counts for ten seconds.
check "a login socket starts again after a flood" until_ok 20 eval 'inside systemctl restart toolboxd-vixd-login.socket && connects bob vixd'

check "the login sockets are switched off" inside systemctl --quiet disable --now "${login_sockets[@]}"
for unit in "${login_sockets[@]}"; do inside rm -r "/etc/systemd/system/$unit.d/group.conf"; done
inside systemctl daemon-reload
check "toolboxd-install-check finds no fault after the logins" check_status 0
inside kill "$alices" "$bobs"
