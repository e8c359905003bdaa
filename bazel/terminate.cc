// SPDX-License-Identifier: Apache-2.0

// What a static program does with an exception that nothing catches: it ends, as any other does,
// without a text about the exception. That text takes a demangler of C++ names, a twentieth of such
// a program. libstdc++ has no public way to choose; a program that defines its variable does not
// get the archive's.

#include <cstdlib>
#include <exception>

namespace __cxxabiv1 {

extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = std::abort;

}  // namespace __cxxabiv1
