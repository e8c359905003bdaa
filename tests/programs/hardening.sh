# SPDX-License-Identifier: Apache-2.0

# What the compiler and the linker put into each program of the package against errors of memory. Sourced by run.
# shellcheck shell=bash disable=SC2154  # run sets these

programs=()
for file in "$root"/out/lib/toolboxd/* "$root"/out/bin/*; do
  [[ -L $file ]] || programs+=("$file")
done

# each COMMAND…: the command succeeds with each program as its last argument.
each() {
  local program status=0
  ((${#programs[@]} >= 7)) || { echo "only ${#programs[@]} programs"; return 1; }
  for program in "${programs[@]}"; do
    "$@" "$program" || { echo "not ${program##*/}"; status=1; }
  done
  return $status
}

# grep reads all of its input, since otherwise the pipe's writer would fail.
# vmware-rpctool has no start code that could relocate it; it runs as its caller and reads one reply.
at_any_address() { [[ $1 == */vmware-rpctool ]] || readelf -h "$1" | grep 'Type:  *DYN' >/dev/null; }
stack_is_data() { readelf -lW "$1" | grep 'GNU_STACK.* RW  *0x' >/dev/null; }
no_page_is_written_and_executed() { ! readelf -lW "$1" | grep ' RWE ' >/dev/null; }
tables_are_read_only() { readelf -lW "$1" | grep GNU_RELRO >/dev/null; }
# A static program binds nothing later.
binds_at_start() { ! readelf -lW "$1" | grep INTERP >/dev/null || readelf -dW "$1" | grep BIND_NOW >/dev/null; }
# Where the C library is another file its symbols have names.
calls() { ! readelf -lW "$2" | grep INTERP >/dev/null || readelf --dyn-syms -W "$2" | grep -E "UND $1" >/dev/null; }
# "orq $0,(%rsp)", by which the compiler touches each page of a frame. Nothing else writes it: Debian's own
# programs have none.
probes_pages() { LC_ALL=C grep -qaP '\x48\x83\x0c\x24\x00' "$1"; }
# The C++ library's assertions have their header's name; these three have no index that needs one.
checks_indexes() { [[ $1 == */@(toolboxd-freezer|toolboxd-statfs|vmware-rpctool) ]] || grep -qa '/include/c++/[0-9]*/bits/stl_vector.h' "$1"; }
from_no_other_folder() { ! readelf -dW "$1" | grep -E 'RPATH|RUNPATH' >/dev/null; }

check "each program is loaded at an address that is not known" each at_any_address
check "no program has an executable stack" each stack_is_data
check "no program has pages that are written and executed" each no_page_is_written_and_executed
check "tables of each program's links are read-only" each tables_are_read_only
check "no program binds symbols while it runs" each binds_at_start
check "each program checks its stack frames" each calls __stack_chk_fail
check "each program checks the C library's copies" each calls '__[a-z]+_chk'
check "each program touches every page of a large stack frame" each probes_pages
check "each program checks the C++ library's indexes" each checks_indexes
check "no program looks for libraries in a folder of its own" each from_no_other_folder
