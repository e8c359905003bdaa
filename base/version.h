// SPDX-License-Identifier: Apache-2.0

// The version of toolboxd.

#ifndef TOOLBOXD_BASE_VERSION_H_
#define TOOLBOXD_BASE_VERSION_H_

namespace toolboxd {

// What every program answers to --version. Scripts read it by tools/version.
inline constexpr char kVersion[] = "0.2.0";

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_VERSION_H_
