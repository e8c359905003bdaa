# Any process may die at any time.

# again WHAT COMMAND…: the command succeeds within 2 s from now.
within_two_seconds() {
  local began=$(now)
  until "$@" >/dev/null 2>&1; do
    (($(now) - began < 2000)) || return 2
    sleep 0.05
  done
  echo $(($(now) - began)) >"$work/recovery"
}
lists() { guest "$1" ls /etc | grep -q passwd; }
kill_hard() { inside kill -KILL "$1"; }
newest() { inside pgrep -n -x -u "$1" "$2"; }

old=$(pid_of toolboxd-transportd)
check "transportd is killed" kill_hard "$old"
registered_anew() { [[ $(pid_of toolboxd-transportd) != "$old" ]] && inside toolboxctl wait --timeout=1s; }
check "transportd is registered again within 2 s" within_two_seconds registered_anew &&
  tell "transportd back after $(<"$work/recovery") ms"
check "guest operations go on" within_two_seconds lists alice

old=$(pid_of toolboxd-guestinfod)
check "guestinfod is killed" kill_hard "$old"
inside hostnamectl hostname second-name 2>/dev/null || inside hostname second-name
check "the host learns a change within 2 s" within_two_seconds says '^host name: second-name' &&
  tell "guestinfod back after $(<"$work/recovery") ms"
inside hostname toolboxd-guest

# While a transfer runs.
inside setpriv --reuid=alice --regid=alice --clear-groups truncate -s 2G /home/alice/large
guest alice download /home/alice/large - >/dev/null 2>"$work/error" &
transfer=$!
sleep 0.5
for name in transportd hgfsd; do
  tell "$name in a transfer: private, PSS (kB): $(memory_of "$name"), processes: $(inside pgrep -c -x "$name"), threads: $(inside ps -o nlwp= -C "$name" | xargs)"
done
check "hgfsd is killed in a transfer" eval 'kill_hard "$(newest alice hgfsd)"'
check "hgfsd serves again within 2 s" within_two_seconds lists alice && tell "hgfsd back after $(<"$work/recovery") ms"
ends_with_an_error() { ! wait "$transfer" && [[ -s $work/error ]] && cat "$work/error"; }
check "the transfer ended with an error" ends_with_an_error

survivor=$(started alice)
check "vixd is killed while a program of it runs" eval 'kill_hard "$(newest alice vixd)"'
check "vixd serves again within 2 s" within_two_seconds guest alice ps && tell "vixd back after $(<"$work/recovery") ms"
check "the program goes on" inside kill -0 "$survivor"
check "and is still listed" eval 'guest alice ps "$survivor" | grep -q "$survivor"'
guest alice kill "$survivor" >/dev/null

session_of() { inside ps -o ppid= -p "$(newest alice "$1")" | tr -d ' '; }
check "session is killed" eval 'kill_hard "$(session_of hgfsd)"'
check "files are served again within 2 s" within_two_seconds lists alice

"$vmxsim" power on >/dev/null
old=$(pid_of toolboxd-powerd)
check "powerd is killed" kill_hard "$old"
check "power events are served again within 2 s" within_two_seconds "$vmxsim" power on
check "nothing has failed for good" eval '! inside systemctl --failed --no-legend | grep toolboxd'
