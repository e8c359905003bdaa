// SPDX-License-Identifier: Apache-2.0

// NamePattern: the Perl-compatible regular expression of ListFiles (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_HGFSD_NAME_PATTERN_H_
#define TOOLBOXD_HGFSD_NAME_PATTERN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// As GLib's GRegex, which vmtoolsd uses: PCRE, UTF-8, Unicode classes, a match anywhere in the
// name. In a name that is not valid UTF-8 only the valid parts can match. Not thread-safe.
class NamePattern {
 public:
  // The empty pattern matches every name. INVALID_ARGUMENT, with the byte offset, for an expression
  // that does not compile; also for one of more than 4096 bytes.
  static absl::StatusOr<NamePattern> Compile(absl::string_view pattern);

  // Whether the name matches. INVALID_ARGUMENT if the match takes too many steps ("(a*)*b").
  absl::StatusOr<bool> Matches(absl::string_view name) const;

 private:
  struct Program;
  struct Free {
    void operator()(Program* program) const;
  };

  std::unique_ptr<Program, Free> program_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_NAME_PATTERN_H_
