// SPDX-License-Identifier: Apache-2.0

// A Microsoft cabinet: what it holds, checked before anything is unpacked
// (docs/protocol/customization.md 9.3).

#ifndef TOOLBOXD_DEPLOYD_CABINET_H_
#define TOOLBOXD_DEPLOYD_CABINET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

struct CabinetFile {
  // Relative, with "/" between folders; each component is safe as a name below a folder.
  std::string name;
  uint64_t size = 0;
};

// A cabinet's name as a relative path: "\" becomes "/". INVALID_ARGUMENT names what is wrong: an
// absolute name, a component that is empty, "." or "..", a character outside printable ASCII, a
// drive's colon, more than kMaxDepth folders or kMaxNameBytes bytes. Pure.
absl::StatusOr<std::string> SafeName(absl::string_view name);

// The files of a cabinet in its own order, from its headers alone: folders, files and every data
// block are checked, nothing is unpacked. INVALID_ARGUMENT for what lies outside the bytes, for
// compression other than none and MSZIP, parts of a larger set, a block of more than 32 KiB, and
// whatever exceeds deployd/limits.h. Time and memory are bounded by the size of `bytes`. Pure.
absl::StatusOr<std::vector<CabinetFile>> ReadCabinet(absl::string_view bytes);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_CABINET_H_
