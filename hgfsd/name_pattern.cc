// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/name_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd::hgfsd {
namespace {

// Enough for sensible patterns on a name, which has at most 255 bytes; takes milliseconds at most.
constexpr uint32_t kMatchSteps = 100000;
constexpr uint32_t kHeapKibibytes = 256;
// In bytes.
constexpr size_t kMaxPattern = 4096;

std::string ErrorText(int error) {
  PCRE2_UCHAR text[128];
  if (pcre2_get_error_message(error, text, sizeof(text)) < 0) return absl::StrCat(error);
  return reinterpret_cast<const char*>(text);
}

}  // namespace

struct NamePattern::Program {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* limits = nullptr;
};

void NamePattern::Free::operator()(Program* program) const {
  pcre2_match_context_free(program->limits);
  pcre2_match_data_free(program->match);
  pcre2_code_free(program->code);
  delete program;
}

absl::StatusOr<NamePattern> NamePattern::Compile(absl::string_view pattern) {
  NamePattern result;
  if (pattern.empty()) return result;
  if (pattern.size() > kMaxPattern) {
    return MakeError(v1::INVALID_ARGUMENT, "the pattern is longer than 4096 bytes");
  }
  result.program_.reset(new Program);
  int error = 0;
  size_t position = 0;
  result.program_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    // \C would match part of a character.
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                    &error, &position, nullptr);
  if (result.program_->code == nullptr) {
    return MakeError(v1::INVALID_ARGUMENT, absl::StrCat("the pattern is not valid at byte ",
                                                        position, ": ", ErrorText(error)));
  }
  result.program_->match = pcre2_match_data_create(1, nullptr);
  result.program_->limits = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(result.program_->limits, kMatchSteps);
  pcre2_set_depth_limit(result.program_->limits, kMatchSteps);
  pcre2_set_heap_limit(result.program_->limits, kHeapKibibytes);
  return result;
}

absl::StatusOr<bool> NamePattern::Matches(absl::string_view name) const {
  if (program_ == nullptr) return true;
  const int result = pcre2_match(program_->code, reinterpret_cast<PCRE2_SPTR>(name.data()),
                                 name.size(), 0, 0, program_->match, program_->limits);
  if (result >= 0) return true;
  if (result == PCRE2_ERROR_NOMATCH) return false;
  return MakeError(v1::INVALID_ARGUMENT,
                   absl::StrCat("the pattern cannot be matched: ", ErrorText(result)));
}

}  // namespace toolboxd::hgfsd
