// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/wait.h"

#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/output.h"
#include "toolboxctl/time_flag.h"

ABSL_FLAG(std::string, for, "registered",
          "What 'wait' waits for: 'channel' (to the host), 'registered' (the host has accepted the "
          "guest), 'address' (the host has an address of it).");
ABSL_FLAG(toolboxd::TimeFlag, timeout, absl::InfiniteDuration(),
          "Maximum time that 'wait' waits: seconds, or with a unit, such as 5m.");

namespace toolboxd {
namespace {

struct Named {
  const char* name;
  const char* otherwise;
  bool (*holds)(const v1::TransportStatus& status);
};

constexpr Named kConditions[] = {
    {"channel", "there is no channel to the host",
     [](const v1::TransportStatus& status) { return !status.channel().empty(); }},
    {"registered", "the guest is not registered with the host",
     [](const v1::TransportStatus& status) { return status.registered(); }},
    {"address", "the host has no address of this guest",
     [](const v1::TransportStatus& status) {
       return status.registered() && !status.reported_address().empty();
     }},
};

}  // namespace

absl::StatusOr<TransportClient::Condition> WaitCondition(absl::string_view name) {
  std::vector<absl::string_view> names;
  for (const Named& condition : kConditions) {
    if (name == condition.name) {
      return TransportClient::Condition{condition.holds, condition.otherwise};
    }
    names.push_back(condition.name);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--for: '", name, "' is not something to wait for; give ", absl::StrJoin(names, ", ")));
}

int WaitMain() {
  const std::string name = absl::GetFlag(FLAGS_for);
  const absl::StatusOr<TransportClient::Condition> condition = WaitCondition(name);
  if (!condition.ok()) return Usage(condition.status().message());
  const absl::Time deadline = SteadyNow() + absl::GetFlag(FLAGS_timeout).time;
  const absl::Status status =
      TransportClient(absl::GetFlag(FLAGS_control)).WaitUntil(*condition, deadline);
  if (status.ok()) return Print(absl::StrCat(name, "\n"));
  Fail(status.message());
  return absl::IsDeadlineExceeded(status) ? kExitTimeout : kExitFailed;
}

}  // namespace toolboxd
