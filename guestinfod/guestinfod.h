// SPDX-License-Identifier: Apache-2.0

// guestinfod: reports what the host may know about this guest.

#ifndef TOOLBOXD_GUESTINFOD_GUESTINFOD_H_
#define TOOLBOXD_GUESTINFOD_GUESTINFOD_H_

namespace toolboxd {

// The whole program. Returns its exit status: see daemon/README.md.
int GuestinfodMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_GUESTINFOD_GUESTINFOD_H_
