# SPDX-License-Identifier: Apache-2.0

# Guest operations: each in a process of the authenticated user.

guest() { local user=$1; shift; timeout 60 "$vmxsim" guest --user="$user" --password="secret-$user" "$@"; }
# refused_with ERROR COMMAND…: the operation fails with this VIX error.
refused_with() { local error=$1; shift; ! "$@" >"$work/said" 2>&1 && cat "$work/said" && grep -q "VIX error $error " "$work/said"; }
users_of() { inside ps -eo user:30=,comm= | awk -v name="$1" '$2 == name { print $1 }' | sort -u | tr '\n' ' '; }

echo LANG=C.UTF-8 >"$root$locale_file"
check "alice lists a directory" eval 'guest alice ls /etc | grep -q passwd'
check "bob lists a directory" eval 'guest bob ls /etc | grep -q passwd'
check "each guest user has a hgfsd of their own" eval '[[ $(users_of hgfsd) == "alice bob " ]]'
touch "$root/root/only-roots"
check "root lists a directory that only root may read" eval 'guest root ls /root | grep -q only-roots'
check "alice may not list a directory that only root may read (13)" refused_with 13 guest alice ls /root
check "alice's programs have the machine's language" eval 'guest alice run env | grep -x LANG=C.UTF-8 >&2'
check "a program's working directory that alice may not enter is an error (13)" refused_with 13 guest alice start --cwd=/root /bin/true
check "a wrong password is refused (3050)" refused_with 3050 "$vmxsim" guest --user=alice --password=wrong ls /etc
check "an unknown user is refused (3050)" refused_with 3050 "$vmxsim" guest --user=nobody-at-all --password=wrong ls /etc
check "alice's operations succeed after refused logins" until_ok 5 eval 'guest alice ls /etc'
transfer() {
  head -c 3000000 /dev/urandom >"$work/sent"
  guest alice upload "$work/sent" /home/alice/file && guest alice download /home/alice/file "$work/received" && cmp "$work/sent" "$work/received"
}
check "a file is uploaded and downloaded unchanged" transfer
check "an uploaded file belongs to its user" eval 'inside stat -c "%U %G %a" /home/alice/file; [[ $(inside stat -c "%U %G" /home/alice/file) == "alice alice" ]]'
check "bob may not remove alice's file (13)" refused_with 13 guest bob rm /home/alice/file

started() { guest "$1" start /bin/sh "-c 'exec sleep 1000'" | grep -oE '[0-9]+' | head -n 1; }
alices=$(started alice)
check "alice starts a program" inside kill -0 "$alices"
check "a program runs as its user" eval '[[ $(inside ps -o user= -p "$alices") == alice ]]'
runs_sudo() { guest alice start /bin/sh "-c 'sudo -n id -u >/home/alice/sudo 2>&1'" && until_ok 5 inside grep -qx 0 /home/alice/sudo; }
check "sudo works in a program" runs_sudo
# The container and vmxsim have filters and bounds of their own, which the first process shows.
confinement() { inside grep -E '^(NoNewPrivs|Seccomp_filters|CapBnd)' "/proc/$1/status"; }
unconfined() { diff <(confinement 1) <(confinement "$alices"); }
check "a program is as unconfined as in a login" unconfined
check "bob cannot end alice's program (3015)" refused_with 3015 guest bob kill "$alices"
check "a program continues when another user tried to end it" inside kill -0 "$alices"
check "alice ends the program that alice started program" eval 'guest alice kill "$alices" && until_ok 8 inside test ! -e "/proc/$alices"'

audited() { journal -u toolboxd-transportd | grep -E "$1" | grep -q "$2"; }
check "the journal has an audit line with user, operation, target and result" until_ok 3 audited 'user=alice operation=StartProgramInGuest .*result=0' /bin/sh
audited_once() { [[ $(journal -u toolboxd-transportd | grep -c -F "$1") == 1 ]] || { journal -u toolboxd-transportd | grep -F "$1"; return 1; }; }
for direction in To From; do
  check "the journal has one audit line for a transfer ${direction,,} the guest" audited_once \
    "user=alice operation=FileTransfer${direction}Guest target=\"/home/alice/file\" result=0"
done
check "the journal has an audit line for a refused login" until_ok 3 audited 'user=alice operation=ListFilesInGuest' result=3050
refusals_of() { [[ $(journal -t session | grep -c "login of $1 refused by PAM: pam_authenticate: ") == "$2" ]] || { journal -t session; return 1; }; }
check "the journal has one line of session for a refused login, with PAM's step and text" until_ok 3 refusals_of alice 1
# PAM is not asked while refusals have used up their time, as on a busy machine.
asked_about_nobody() {
  refusals_of nobody-at-all 1 || { "$vmxsim" guest --user=nobody-at-all --password=wrong ls /etc; sleep 0.5; refusals_of nobody-at-all 1; }
}
check "... and for that of an unknown user" until_ok 15 asked_about_nobody

printf 'deny: "bob"\ndisabled_operations: "StartProgramInGuest"\n' >"$root/etc/toolboxd/policy.textproto"
check "transportd reloads the policy" inside systemctl reload toolboxd-transportd
sleep 0.5
check "the policy refuses a user (20005)" refused_with 20005 guest bob ls /etc
check "the policy refuses an operation (20005)" refused_with 20005 guest alice start /bin/true ''
check "the policy permits other operations" eval 'guest alice ls /etc | grep -q passwd'
check "the journal has an audit line for an operation that the policy refuses" until_ok 3 audited 'user=bob operation=ListFilesInGuest' result=20005
printf '# nothing\n' >"$root/etc/toolboxd/policy.textproto"
inside systemctl reload toolboxd-transportd
check "an empty policy permits everything again" until_ok 3 guest bob ls /etc

# Every service active for one user: each daemon, session's waiting parents, and transportd's
# spare connections.
services='transportd|guestinfod|powerd|hgfsd|vixd|session'
inside systemctl restart toolboxd-transportd && "$vmxsim" wait --timeout=5s
guest alice ls /etc >/dev/null
started alice >/dev/null
"$vmxsim" power on >/dev/null
sleep 3
active_memory=$(memory_of "$services")
figure "toolboxd, all active: private, PSS (kB): $active_memory"
for name in ${services//|/ }; do
  figure "  $name: $(memory_of "$name"), processes: $(inside pgrep -c -x "$name"), threads: $(inside ps -o nlwp= -C "$name" | xargs)"
done
check "all services, active, take at most 12 MB" eval '[[ ${active_memory% *} -le 12288 && ${active_memory#* } -le 12288 ]]'
guest bob ls /etc >/dev/null
started bob >/dev/null
sleep 3
figure "with a second user at work: private, PSS (kB): $(memory_of "$services")"
