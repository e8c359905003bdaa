// SPDX-License-Identifier: Apache-2.0

// A private corner of the machine for tests that need users and PAM stacks of their own.

#ifndef TOOLBOXD_SESSION_TESTING_PRIVATE_ETC_H_
#define TOOLBOXD_SESSION_TESTING_PRIVATE_ETC_H_

#include <string>

namespace toolboxd::session {

// Goes on in a child process with a copy of /etc that no other process sees and process ids of its
// own: what useradd writes is gone when it ends, however it ends, and so is every process
// that it left; no signal of it reaches the machine's processes. The calling process waits
// and ends with the same status. To be called first, without other threads, as root outside
// of a user namespace. Ends the program with a message where that is not possible.
void EnterPrivateEtc();

// Runs a shell command and ends the program where it fails.
void MustRun(const std::string& command);

// Adds a user with a password and a home directory below /etc/home.
void AddUser(const std::string& name, const std::string& password);

// Writes /etc/pam.d/NAME.
void WritePamStack(const std::string& name, const std::string& text);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_TESTING_PRIVATE_ETC_H_
