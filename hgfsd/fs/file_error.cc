// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/file_error.h"

#include <errno.h>

#include "base/status.h"

namespace toolboxd::hgfsd {

absl::Status FileError(int error, absl::string_view what) {
  switch (error) {
    case EPERM:
      return MakeError(v1::ACCESS_DENIED, ErrnoError(error, what).message(), error);
    case ENODEV:
      return MakeError(v1::NOT_FOUND, ErrnoError(error, what).message(), error);
    default:
      return ErrnoError(error, what);
  }
}

}  // namespace toolboxd::hgfsd
