// SPDX-License-Identifier: Apache-2.0

// A network, host name and mount table of the test's own.

#ifndef TOOLBOXD_GUESTINFOD_TESTING_NAMESPACES_H_
#define TOOLBOXD_GUESTINFOD_TESTING_NAMESPACES_H_

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <string>

namespace toolboxd::guestinfod {

// Moves the calling thread, and those it starts, into new namespaces. Needs root. Nothing
// that is done there touches the machine.
inline bool EnterNamespaces() {
  return unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// ip(8) with these arguments.
inline bool Ip(const std::string& arguments) {
  return system(("PATH=/usr/sbin:/sbin:/usr/bin:/bin ip " + arguments).c_str()) == 0;
}

// An interface "nic0" that is up and has no address.
inline bool AddInterface() {
  return Ip("link add nic0 type veth peer name nic1") && Ip("link set nic0 addrgenmode none") &&
         Ip("link set nic1 addrgenmode none") && Ip("link set nic1 up") && Ip("link set nic0 up");
}

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_TESTING_NAMESPACES_H_
