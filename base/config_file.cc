// SPDX-License-Identifier: Apache-2.0

#include "base/config_file.h"

#include <errno.h>

#include "absl/strings/str_cat.h"
#include "base/small_file.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxFileSize = 1 << 20;

// Keeps the first error.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    // Both count from 0, and -1 means the whole file.
    if (text_.empty()) {
      text_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::string text;
  const int error = ReadSmallFile(path, kMaxFileSize + 1, text);
  if (error == ENOENT || error == ENOTDIR) return ErrnoError(ENOENT, "cannot read the file");
  if (error != 0) return ErrnoError(error, "cannot read the file");
  if (text.size() > kMaxFileSize)
    return MakeError(v1::FILE_TOO_BIG, "the file is larger than 1 MiB");
  return text;
}

absl::Status ParseTextProto(absl::string_view text, google::protobuf::Message& message) {
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (parser.ParseFromString(std::string(text), &message)) return absl::OkStatus();
  return absl::InvalidArgumentError(error.text());
}

}  // namespace toolboxd
