// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/control_frame.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

absl::Status ReadExactly(int fd, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = read(fd, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return absl::UnavailableError("vmxsim closed the control connection");
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeCall(const std::vector<std::string>& words) {
  wire::Writer writer;
  writer.U32(static_cast<uint32_t>(words.size()));
  for (const std::string& word : words) {
    writer.U32(static_cast<uint32_t>(word.size())).Bytes(word);
  }
  return writer.Take();
}

absl::StatusOr<std::vector<std::string>> DecodeCall(absl::string_view bytes) {
  wire::Reader reader(bytes);
  std::vector<std::string> words;
  const uint32_t count = reader.U32();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    words.emplace_back(reader.Bytes(reader.U32()));
  }
  if (!reader.AtEnd() || words.empty()) return absl::InvalidArgumentError("malformed call");
  return words;
}

std::string EncodeAnswer(const absl::StatusOr<std::string>& answer) {
  wire::Writer writer;
  writer.U32(static_cast<uint32_t>(answer.status().code()));
  writer.Bytes(answer.ok() ? absl::string_view(*answer) : answer.status().message());
  return writer.Take();
}

absl::StatusOr<std::string> DecodeAnswer(absl::string_view bytes) {
  wire::Reader reader(bytes);
  const auto code = static_cast<absl::StatusCode>(reader.U32());
  const absl::string_view rest = reader.Rest();
  if (!reader.ok()) return absl::InternalError("malformed answer");
  if (code == absl::StatusCode::kOk) return std::string(rest);
  return absl::Status(code, rest);
}

absl::Status WriteFrame(int fd, absl::string_view bytes) {
  wire::Writer writer;
  writer.U32(static_cast<uint32_t>(bytes.size())).Bytes(bytes);
  absl::string_view rest = writer.bytes();
  while (!rest.empty()) {
    const ssize_t count = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return absl::UnavailableError("vmxsim closed the control connection");
    rest.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFrame(int fd) {
  char prefix[4];
  absl::Status status = ReadExactly(fd, prefix, sizeof(prefix));
  if (!status.ok()) return status;
  const uint32_t size = wire::Reader(absl::string_view(prefix, sizeof(prefix))).U32();
  if (size > kMaxFrame) return absl::InternalError("the frame is too large");
  std::string bytes(size, '\0');
  status = ReadExactly(fd, bytes.data(), size);
  if (!status.ok()) return status;
  return bytes;
}

}  // namespace toolboxd::vmxsim
