// SPDX-License-Identifier: Apache-2.0

// NamePattern: the Perl-compatible regular expression of ListFiles.

#ifndef TOOLBOXD_HGFSD_NAME_PATTERN_H_
#define TOOLBOXD_HGFSD_NAME_PATTERN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// As GLib's GRegex, which vmtoolsd uses (docs/protocol/vix.md 4.6): PCRE, UTF-8, Unicode classes,
// a match anywhere in the name. In a name that is not UTF-8 only the parts that are can
// match. Not thread-safe.
class NamePattern {
 public:
  // INVALID_ARGUMENT, with the place, for an expression that does not compile.
  // The empty pattern matches every name.
  static absl::StatusOr<NamePattern> Compile(absl::string_view pattern);

  // Whether the name matches. INVALID_ARGUMENT where that takes more than a bounded
  // number of steps ("(a*)*b").
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
