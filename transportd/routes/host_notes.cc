// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/host_notes.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/utf8.h"
#include "base/version.h"

namespace toolboxd {

int VersionNumber(absl::string_view version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, '.');
  int numbers[3] = {};
  if (parts.size() != 3) return 0;
  for (size_t i = 0; i < 3; ++i) {
    if (!absl::SimpleAtoi(parts[i], &numbers[i]) || numbers[i] < 0) return 0;
  }
  return numbers[0] * 1024 + numbers[1] * 32 + numbers[2];
}

bool HostNotes::Send(const std::string& request) {
  const absl::StatusOr<RpciReply> reply = send_(request);
  return reply.ok() && reply->success;
}

void HostNotes::OnRegistered(absl::Time now) {
  const std::string nul(1, '\0');
  const std::string variables[] = {
      absl::StrCat("description toolboxd ", kVersion),
      absl::StrCat("versionString ", kVersion),
      absl::StrCat("versionNumber ", VersionNumber(kVersion)),
      // There are no numbers of builds: the version names one.
      "buildNumber 0",
  };
  for (const std::string& variable : variables) {
    if (!Send(absl::StrCat("info-set guestinfo.vmtools.", variable, nul))) break;
  }
  if (introduced_) return;
  introduced_ = true;
  Say(absl::StrCat("Version: toolboxd ", kVersion), now);
}

void HostNotes::Say(absl::string_view text, absl::Time now) {
  if (!host_takes_lines_) return;
  if (counted_ == absl::InfinitePast()) counted_ = now;
  const int64_t gained = (now - counted_) / kPace;
  if (gained > 0) {
    allowance_ = static_cast<int>(std::min<int64_t>(kBurst, allowance_ + gained));
    counted_ = now;
  }
  if (allowance_ == 0) return;
  --allowance_;
  const std::string line = PrintableUtf8(std::string(text));
  host_takes_lines_ = Send(
      absl::StrCat("log toolbox: ", std::string(CutUtf8(line, kMaxLine)), std::string(1, '\0')));
}

}  // namespace toolboxd
