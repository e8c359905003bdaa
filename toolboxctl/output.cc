// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace toolboxd {

int Fail(absl::string_view message) {
  fprintf(stderr, "%s\n", PrintableLines({message.data(), message.size()}).c_str());
  return kExitFailed;
}

int Usage(absl::string_view message) {
  Fail(absl::StrCat(message, "; try toolboxctl --help"));
  return kExitUsage;
}

int Print(absl::string_view text) {
  const bool written = fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return written && fflush(stdout) == 0 ? 0 : Fail("cannot write to standard output");
}

Terminal OutputTerminal() {
  if (!isatty(STDOUT_FILENO)) return {};
  const char* none = getenv("NO_COLOR");
  const char* kind = getenv("TERM");
  const bool plain =
      (none != nullptr && *none != '\0') || kind == nullptr || absl::string_view(kind) == "dumb";
  return {.width = 80, .colours = !plain};
}

}  // namespace toolboxd
