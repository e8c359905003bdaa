// SPDX-License-Identifier: Apache-2.0

// What must hold once the events of a run are over.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/simulation/events.h"
#include "tests/simulation/run.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::simulation {
namespace {

using vmxsim::GuestClient;
using vmxsim::GuestReply;

// transportd/sessions/refusal_budget.h, and some more.
constexpr int64_t kRefusalTime = 120 * kSecond;

}  // namespace

// A host that is sane finds a guest that works.
void Run::Probe() {
  Scheduler& time = Scheduler::Get();
  services_->ChangeGuestInfo();
  time.Sleep(8 * kSecond);
  // It may be on its way from one transport to the other.
  if (!time.Wait([this] { return host_->registered(); }, time.now() + 5 * kSecond)) {
    world_.Violation("not registered at the end");
  }
  Send("option", "Set_Option synctime 0", kStartLimit).status().IgnoreError();
  // After refusals first logins are refused for a while.
  const int64_t until = time.now() + kRefusalTime;
  uint32_t error = 1;
  while (error != 0 && time.now() < until) {
    const int id = world_.NewOperation("probe");
    const std::string name = absl::StrCat("op", id);
    vix::ReadEnvironmentRequest request;
    request.names = {name};
    GuestClient client = Client(*this, "probe", "prober", kPassword, id);
    const absl::StatusOr<GuestReply> reply =
        client.Call(vix::kReadEnvironmentVariables, vix::Encode(request));
    error = reply.ok() ? reply->error : 1;
    world_.End(id, reply.ok(), error == 0);
    if (error != 0) time.Sleep(5 * kSecond);
  }
  if (error != 0) world_.Violation(absl::StrCat("the last operation failed: code ", error));
  if (host_name_ != services_->host_name()) {
    world_.Violation(
        absl::StrCat("the host has the name ", host_name_, " and not ", services_->host_name()));
  }
}

void Run::CheckFiles() {
  for (const auto& [path, content] : expected_) {
    const std::string* found = users_->Find(path);
    if (found != nullptr && *found != content) {
      world_.Violation(absl::StrCat(path, " has ", found->size(), " bytes of ", content.size(),
                                    " or other ones"));
    }
  }
}

}  // namespace toolboxd::simulation
