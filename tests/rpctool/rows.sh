# SPDX-License-Identifier: Apache-2.0

# The command lines that tests/rpctool/run compares. Sourced in the guest as well.
# shellcheck shell=bash disable=SC2034  # run uses own_channels

# Rows whose request does not fit into a packet for transportd, or is empty, open a channel: four, and
# two for the empty ones, which are tried once each.
own_channels=8

v() { head -c "$1" /dev/zero | tr '\0' v; }

# all_rows FUNCTION ARGUMENT…: calls it for each row, with the arguments first.
all_rows() {
  local r=("$@")
  rpctool_rows
  vmtoolsd_rows
}

rpctool_rows() {
  local t=("${r[@]}" vmware-rpctool)
  "${t[@]}"
  "${t[@]}" -h
  "${t[@]}" --help
  "${t[@]}" -h 'info-get guestinfo.a'
  "${t[@]}" -x
  "${t[@]}" -v
  "${t[@]}" --version
  "${t[@]}" -
  "${t[@]}" --
  "${t[@]}" ''
  "${t[@]}" ' '
  "${t[@]}" '' 'info-get guestinfo.a'
  "${t[@]}" 'info-get guestinfo.missing'
  "${t[@]}" 'info-set guestinfo.a 1'
  "${t[@]}" 'info-get guestinfo.a'
  "${t[@]}" 'info-get guestinfo.a' more words
  "${t[@]}" -- 'info-get guestinfo.a'
  "${t[@]}" info-get guestinfo.a
  "${t[@]}" 'info-get'
  "${t[@]}" 'info-get '
  "${t[@]}" 'info-get guestinfo.'
  "${t[@]}" 'info-get other.a'
  "${t[@]}" 'INFO-GET guestinfo.a'
  "${t[@]}" ' info-get guestinfo.a'
  "${t[@]}" 'info-set guestinfo.b'
  "${t[@]}" 'info-set guestinfo.b '
  "${t[@]}" 'info-get guestinfo.b'
  "${t[@]}" 'info-set guestinfo.c  two  blanks '
  "${t[@]}" 'info-get guestinfo.c'
  "${t[@]}" $'info-set guestinfo.d \x01\x7f\xff\xc3\t%s%n\\'
  "${t[@]}" 'info-get guestinfo.d'
  "${t[@]}" $'info-set guestinfo.e one\ntwo\n'
  "${t[@]}" 'info-get guestinfo.e'
  "${t[@]}" "info-set guestinfo.f $(v 60000)"
  "${t[@]}" 'info-get guestinfo.f'
  "${t[@]}" "info-set guestinfo.f $(v 65515)"
  "${t[@]}" "info-set guestinfo.f $(v 65516)"
  "${t[@]}" 'info-get guestinfo.f'
  "${t[@]}" "$(v 65536)"
  "${t[@]}" "$(v 65537)"
  "${t[@]}" "$(v 131071)"
  "${t[@]}" 'no.such.command'
  "${t[@]}" '%s%n %d'
  "${t[@]}" 'log a line'
  "${t[@]}" 'log'
  "${t[@]}" 'machine.id.get'
  "${t[@]}" 'SetGuestInfo  1 name'
  "${t[@]}" 'SetGuestInfo  99 name'
  "${t[@]}" 'tools.capability.statechange 1'
}

vmtoolsd_rows() {
  local t=("${r[@]}" vmtoolsd)
  "${t[@]}" --cmd 'info-get guestinfo.a'
  "${t[@]}" --cmd='info-get guestinfo.a'
  "${t[@]}" --cmd 'info-get guestinfo.missing'
  "${t[@]}" --cmd 'info-get guestinfo.d'
  "${t[@]}" --cmd 'info-set guestinfo.g 1'
  "${t[@]}" --cmd 'no.such.command'
  "${t[@]}" --cmd 'info-get guestinfo.a' words
  "${t[@]}" --cmd 'info-get guestinfo.a' --cmd 'info-get guestinfo.b'
  "${t[@]}" --name vmsvc --cmd 'info-get guestinfo.a'
  "${t[@]}" -n vmsvc --cmd 'info-get guestinfo.a'
  "${t[@]}" --cmd "$(v 65537)"
  "${t[@]}" --cmd
  "${t[@]}" --name
  "${t[@]}" -n
  "${t[@]}" --no-such-option
  "${t[@]}" --cmd 'info-get guestinfo.a' --no-such-option
  "${t[@]}" --no-such-option --cmd 'info-get guestinfo.a'
}
