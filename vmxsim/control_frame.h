// SPDX-License-Identifier: Apache-2.0

// The control socket's protocol: one frame each way per call, many calls per connection.
//
// A frame is a u32 (little-endian) length and that many bytes. A call's bytes are a u32 count and
// that many words (u32 length, bytes): the verb and its arguments. An answer's bytes are a u32
// absl::StatusCode and the result, or the error message.

#ifndef TOOLBOXD_VMXSIM_CONTROL_FRAME_H_
#define TOOLBOXD_VMXSIM_CONTROL_FRAME_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

inline constexpr size_t kMaxFrame = 64 << 20;

// A call is its words; an answer is text, or a status with its message. A malformed call is
// INVALID_ARGUMENT, a malformed answer INTERNAL.
std::string EncodeCall(const std::vector<std::string>& words);
absl::StatusOr<std::vector<std::string>> DecodeCall(absl::string_view bytes);
std::string EncodeAnswer(const absl::StatusOr<std::string>& answer);
absl::StatusOr<std::string> DecodeAnswer(absl::string_view bytes);

// Blocking. UNAVAILABLE: the other end is gone.
absl::Status WriteFrame(int fd, absl::string_view bytes);
absl::StatusOr<std::string> ReadFrame(int fd);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CONTROL_FRAME_H_
