// SPDX-License-Identifier: Apache-2.0

// Details: what a request says, as text without secrets.

#ifndef TOOLBOXD_TRANSPORTD_TRACE_DETAILS_H_
#define TOOLBOXD_TRANSPORTD_TRACE_DETAILS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/utf8.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd::trace {

// The beginning of text from outside that can be shown: printable UTF-8 of at most `max` bytes.
inline std::string Shown(absl::string_view text, size_t max) {
  // One more than what is kept: the cut may fall into a character.
  const std::string printable = PrintableUtf8({text.data(), std::min(text.size(), max + 4)});
  const std::string cut(CutUtf8(printable, max));
  return cut.size() < text.size() && text.size() > max ? absl::StrCat(cut, "...") : cut;
}

// Appends to the event's details, in the order of the calls.
class Details {
 public:
  // Bytes of one value.
  static constexpr size_t kMaxValue = 256;

  // The event must outlive this object.
  explicit Details(v1::TraceEvent* event) : event_(*event) {}

  void Text(absl::string_view name, absl::string_view value) { Add(name, Shown(value, kMaxValue)); }
  void Number(absl::string_view name, int64_t value) { Add(name, absl::StrCat(value)); }
  // Only the size, for content and for what may be a secret.
  void Size(absl::string_view name, size_t bytes) {
    Add(name, absl::StrCat("(", bytes, " bytes)"));
  }

 private:
  void Add(absl::string_view name, std::string value) {
    v1::TraceDetail& detail = *event_.add_details();
    detail.set_name(std::string(name));
    detail.set_value(std::move(value));
  }

  v1::TraceEvent& event_;
};

}  // namespace toolboxd::trace

#endif  // TOOLBOXD_TRANSPORTD_TRACE_DETAILS_H_
