// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/manifest.h"

#include "absl/strings/str_cat.h"
#include "base/replace_file.h"

namespace toolboxd::snapshotd {

std::string Manifest(uint32_t product_version) {
  return absl::StrCat(
      "<quiesceManifest>\n"
      "   <productVersion>",
      product_version,
      "</productVersion>\n"
      "   <providerName>fifreeze</providerName>\n"
      "</quiesceManifest>\n");
}

absl::Status WriteManifest(const std::string& path, uint32_t product_version) {
  return ReplaceFile(path, Manifest(product_version), 0644);
}

}  // namespace toolboxd::snapshotd
