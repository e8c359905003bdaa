// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/vsock_settings.h"

#include <errno.h>

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "vmxsim/options.h"
#include "vmxsim/vsock_packet.h"

namespace toolboxd::vmxsim {
namespace {

struct Refusal {
  int error;
  const char* name;
};
// The C library has names of errors only since 2.32.
constexpr Refusal kRefusals[] = {
    {ECONNRESET, "ECONNRESET"}, {ECONNREFUSED, "ECONNREFUSED"},
    {ENOBUFS, "ENOBUFS"},       {ETIMEDOUT, "ETIMEDOUT"},
    {ENODEV, "ENODEV"},         {EADDRINUSE, "EADDRINUSE"},
    {EINTR, "EINTR"},
};
constexpr char kUnread[] = "unread";

bool IsFault(absl::string_view kind) {
  for (const char* other : {"silent", "lose", "cut", kUnread}) {
    if (kind == other) return true;
  }
  return MalformedVsockPacket(kind, "1").ok();
}

absl::Status NotValid(absl::string_view name, absl::string_view value) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", value, "\" is not a valid value of ", name, " of vsock"));
}

}  // namespace

const char* RefusalName(int error) {
  for (const Refusal& known : kRefusals) {
    if (error == known.error) return known.name;
  }
  return "an error";
}

absl::Status VsockSettings::Offer(absl::string_view mode) {
  if (mode != "on" && mode != "rpci" && mode != "tclo" && mode != "off") {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", mode, "\": vsock must be on, rpci, tclo or off"));
  }
  rpci_ = mode == "on" || mode == "rpci";
  tclo_ = mode == "on" || mode == "tclo";
  return absl::OkStatus();
}

absl::Status VsockSettings::Set(absl::string_view name, absl::string_view value) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(value, absl::MaxSplits(':', 1));
  if (name == "delay") {
    return ParseSeconds(value, &delay_) ? absl::OkStatus() : NotValid(name, value);
  }
  if (name == "split") {
    return absl::SimpleAtoi(value, &split_) ? absl::OkStatus() : NotValid(name, value);
  }
  if (name == "busy") {
    return absl::SimpleAtoi(value, &busy_) ? absl::OkStatus() : NotValid(name, value);
  }
  if (name == "refuse") {
    int refusal = 0;
    for (const Refusal& known : kRefusals) {
      if (parts.first == known.name) refusal = known.error;
    }
    uint64_t count = 0;
    if (refusal == 0 && value != "none") return NotValid(name, value);
    if (!parts.second.empty() && !absl::SimpleAtoi(parts.second, &count)) {
      return NotValid(name, value);
    }
    refusal_ = refusal;
    refusals_ = count;
    return absl::OkStatus();
  }
  if (name == "fault") {
    const bool either = parts.second.empty();
    if (!IsFault(parts.first) || (!either && parts.second != "rpci" && parts.second != "tclo")) {
      return NotValid(name, value);
    }
    fault_ = parts.first;
    fault_port_ = either ? 0 : parts.second == "rpci" ? kVsockRpciPort : kVsockTcloPort;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("vsock has delay, split, refuse, busy and fault, not ", name));
}

int VsockSettings::TakeRefusal() {
  const int refusal = refusal_;
  if (refusals_ > 0 && --refusals_ == 0) refusal_ = 0;
  return refusal;
}

std::string VsockSettings::TakeFault(uint32_t port, bool reading) {
  const bool matches = fault_port_ == 0 || fault_port_ == port;
  if (fault_.empty() || !matches || (fault_ == kUnread) != reading) return "";
  return std::exchange(fault_, "");
}

const char* VsockSettings::mode() const {
  if (rpci_ && tclo_) return "on";
  return rpci_ ? "rpci" : tclo_ ? "tclo" : "off";
}

std::string VsockSettings::Text() const {
  std::string text = absl::StrCat("offered ", mode(), "\n");
  if (delay_ > absl::ZeroDuration()) {
    absl::StrAppend(&text, "delay ", absl::FormatDuration(delay_), "\n");
  }
  if (split_ > 0) absl::StrAppend(&text, "split ", split_, "\n");
  if (busy_ > 0) absl::StrAppend(&text, "busy ", busy_, "\n");
  if (refusal_ != 0) absl::StrAppend(&text, "refuse ", RefusalName(refusal_), "\n");
  if (!fault_.empty()) absl::StrAppend(&text, "fault ", fault_, "\n");
  return text;
}

}  // namespace toolboxd::vmxsim
