// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/customize_host.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {
namespace {

constexpr char kAccepted[] = "1 ";
constexpr char kRefused[] = "0 Invalid state";
constexpr absl::string_view kEnableNics = "4 103";
constexpr absl::string_view kQueryNics = "4 104";

bool IsState(absl::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '5' && (text.size() == 1 || text[1] == ' ');
}

}  // namespace

std::string CustomizeHost::OnState(absl::string_view arguments, absl::Time now) {
  if (!IsState(arguments)) return kRefused;
  states_.push_back({++last_number_, now, std::string(arguments)});
  if (states_.size() > kMaxStates) states_.pop_front();
  if (absl::StartsWith(arguments, kEnableNics)) {
    queries_ = 0;
    return absl::StrCat(kAccepted, "queryNicsSupported");
  }
  if (absl::StartsWith(arguments, kQueryNics)) {
    return absl::StrCat(kAccepted, ++queries_ > kDisconnected ? "connected" : "disconnected");
  }
  return kAccepted;
}

std::vector<CustomizeState> CustomizeHost::Since(uint64_t after) const {
  std::vector<CustomizeState> result;
  for (const CustomizeState& state : states_) {
    if (state.number > after) result.push_back(state);
  }
  return result;
}

}  // namespace toolboxd::vmxsim
