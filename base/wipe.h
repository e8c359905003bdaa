// SPDX-License-Identifier: Apache-2.0

// Secrets in memory. Without Abseil.

#ifndef TOOLBOXD_BASE_WIPE_H_
#define TOOLBOXD_BASE_WIPE_H_

#include <string.h>

#include <string>

namespace toolboxd {

// Overwrites all that the string has allocated, in a way that the compiler keeps, and empties it.
// Copies that growing the string left in freed memory are out of reach: reserve before.
inline void Wipe(std::string& secret) {
  // Never reallocates; reaches bytes that an earlier, longer value left behind.
  secret.resize(secret.capacity());
  explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_WIPE_H_
