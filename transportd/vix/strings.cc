// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/strings.h"

#include <stddef.h>

#include "absl/strings/str_format.h"
#include "base/utf8.h"

namespace toolboxd::vix {
std::string Escape(absl::string_view text) {
  constexpr absl::string_view kSpecial("\"%&'<>\0", 7);
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength({text.data(), text.size()});
    if (length == 0 || kSpecial.find(text.front()) != absl::string_view::npos) {
      absl::StrAppendFormat(&escaped, "%%%02X", static_cast<uint8_t>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    escaped.append(text.data(), length);
    text.remove_prefix(length);
  }
  return escaped;
}

absl::string_view BodyReader::Check(absl::string_view bytes_with_nul) {
  if (!reader_.ok()) return absl::string_view();
  if (bytes_with_nul.empty() || bytes_with_nul.find('\0') != bytes_with_nul.size() - 1) {
    Fail(Error::kInvalidMessageBody);
    return absl::string_view();
  }
  const absl::string_view text = bytes_with_nul.substr(0, bytes_with_nul.size() - 1);
  if (!IsUtf8({text.data(), text.size()})) {
    Fail(Error::kInvalidUtf8);
    return absl::string_view();
  }
  return text;
}

absl::string_view BodyReader::String(uint32_t length) {
  return Check(reader_.Bytes(size_t{length} + 1));
}

absl::string_view BodyReader::Path(uint32_t length) {
  const absl::string_view path = String(length);
  if (path.empty()) empty_path_ = true;
  return path;
}

absl::string_view BodyReader::OptionalString(uint32_t length) {
  return length == 0 ? absl::string_view() : Check(reader_.Bytes(length));
}

void BodyReader::Fail(Error error) {
  if (!reader_.ok()) error = Error::kInvalidMessageBody;
  if (error_ == Error::kOk) error_ = error;
}

Error BodyReader::Finish() {
  if (error_ != Error::kOk) return error_;
  if (!reader_.AtEnd()) return Error::kInvalidMessageBody;
  return empty_path_ ? Error::kInvalidArgument : Error::kOk;
}

}  // namespace toolboxd::vix
