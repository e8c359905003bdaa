// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_error.h"

#include <errno.h>
#include <string.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd::hgfsd {

absl::Status FileError(int error, absl::string_view what) {
  switch (error) {
    case EPERM:
      return MakeError(v1::ACCESS_DENIED, absl::StrCat(what, ": ", strerrordesc_np(error)), error);
    case ENODEV:
      return MakeError(v1::NOT_FOUND, absl::StrCat(what, ": ", strerrordesc_np(error)), error);
    default:
      return ErrnoError(error, what);
  }
}

}  // namespace toolboxd::hgfsd
