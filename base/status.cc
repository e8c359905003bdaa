// SPDX-License-Identifier: Apache-2.0

#include "base/status.h"

#include <locale.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace toolboxd {
namespace {

constexpr absl::string_view kDetailUrl = "type.googleapis.com/toolboxd.v1.ErrorDetail";

// For callers that know canonical codes only, such as grpcurl and gRPC's own retries; ours use the
// reason.
absl::StatusCode CodeOf(v1::Reason reason) {
  switch (reason) {
    case v1::NOT_FOUND:
    case v1::NO_SUCH_PROCESS:
    case v1::PARENT_NOT_FOUND:
      return absl::StatusCode::kNotFound;
    case v1::ALREADY_EXISTS:
      return absl::StatusCode::kAlreadyExists;
    case v1::ACCESS_DENIED:
    case v1::PERMISSION_DENIED:
    case v1::DISABLED_BY_POLICY:
      return absl::StatusCode::kPermissionDenied;
    case v1::NOT_A_FILE:
    case v1::NOT_A_DIRECTORY:
    case v1::DIRECTORY_NOT_EMPTY:
    case v1::IS_A_SYMLINK:
    case v1::NOT_SAME_DEVICE:
    case v1::PROGRAM_NOT_STARTED:
      return absl::StatusCode::kFailedPrecondition;
    case v1::BUSY:
      return absl::StatusCode::kUnavailable;
    case v1::NAME_TOO_LONG:
    case v1::INVALID_ARGUMENT:
    case v1::INVALID_UTF8:
      return absl::StatusCode::kInvalidArgument;
    case v1::NO_SPACE:
    case v1::OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    case v1::FILE_TOO_BIG:
      return absl::StatusCode::kOutOfRange;
    case v1::NOT_SUPPORTED:
      return absl::StatusCode::kUnimplemented;
    case v1::IO_ERROR:
      return absl::StatusCode::kInternal;
    default:
      return absl::StatusCode::kUnknown;
  }
}

std::optional<v1::ErrorDetail> DetailOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kDetailUrl);
  v1::ErrorDetail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace

absl::Status MakeError(v1::Reason reason, absl::string_view message, int os_error) {
  absl::Status status(CodeOf(reason), message);
  v1::ErrorDetail detail;
  detail.set_reason(reason);
  detail.set_os_error(os_error);
  status.SetPayload(kDetailUrl, absl::Cord(detail.SerializeAsString()));
  return status;
}

absl::Status ErrnoError(int error, absl::string_view what) {
  // Thread-safe, and the same words in every locale.
  static const locale_t kPlain = newlocale(LC_ALL_MASK, "C", nullptr);
  const char* const text = strerror_l(error, kPlain);
  return MakeError(ReasonOfErrno(error), absl::StrCat(what, ": ", text), error);
}

v1::Reason ReasonOfErrno(int error) {
  switch (error) {
    case ENOENT:
      return v1::NOT_FOUND;
    case EEXIST:
      return v1::ALREADY_EXISTS;
    case EACCES:
      return v1::ACCESS_DENIED;
    case EPERM:
      return v1::PERMISSION_DENIED;
    case EISDIR:
      return v1::NOT_A_FILE;
    case ENOTDIR:
      return v1::NOT_A_DIRECTORY;
    case ENOTEMPTY:
      return v1::DIRECTORY_NOT_EMPTY;
    case ENAMETOOLONG:
      return v1::NAME_TOO_LONG;
    case ENOSPC:
    case EDQUOT:
      return v1::NO_SPACE;
    case EBUSY:
    case ETXTBSY:
    case EAGAIN:
      return v1::BUSY;
    case EINVAL:
      return v1::INVALID_ARGUMENT;
    case ESRCH:
      return v1::NO_SUCH_PROCESS;
    case ENOEXEC:
      return v1::PROGRAM_NOT_STARTED;
    case EFBIG:
    case EOVERFLOW:
      return v1::FILE_TOO_BIG;
    case ENOMEM:
      return v1::OUT_OF_MEMORY;
    case EOPNOTSUPP:
    case ENOSYS:
      return v1::NOT_SUPPORTED;
    case ELOOP:
      return v1::IS_A_SYMLINK;
    case EILSEQ:
      return v1::INVALID_UTF8;
    case EXDEV:
      return v1::NOT_SAME_DEVICE;
    default:
      return v1::IO_ERROR;
  }
}

v1::Reason ReasonOf(const absl::Status& status) {
  std::optional<v1::ErrorDetail> detail = DetailOf(status);
  return detail ? detail->reason() : v1::REASON_UNSPECIFIED;
}

int OsErrorOf(const absl::Status& status) {
  std::optional<v1::ErrorDetail> detail = DetailOf(status);
  return detail ? detail->os_error() : 0;
}

std::string SerializedDetailOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kDetailUrl);
  return payload ? std::string(*payload) : std::string();
}

void SetSerializedDetail(absl::string_view bytes, absl::Status& status) {
  v1::ErrorDetail detail;
  if (bytes.empty() || !detail.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  status.SetPayload(kDetailUrl, absl::Cord(detail.SerializeAsString()));
}

}  // namespace toolboxd
