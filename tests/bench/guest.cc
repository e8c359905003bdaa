// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/guest.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace toolboxd::bench {
namespace {

vmxsim::TcloSend Sender(const std::shared_ptr<vmxsim::Client>& host) {
  return [host](absl::string_view request) { return host->Tclo(request, absl::Seconds(60)); };
}

}  // namespace

void Require(const absl::Status& status, absl::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "bench: %s: %s\n", std::string(what).c_str(), status.ToString().c_str());
  std::exit(1);
}

Guest::Guest(const std::string& control, std::set<std::string> names, const std::string& user,
             const std::string& password)
    : control_(control), names_(std::move(names)) {
  host_ = std::make_shared<vmxsim::Client>(ConnectHost());
  operations_ = std::make_unique<vmxsim::GuestClient>(Sender(host_), user, password);
}

vmxsim::Client Guest::ConnectHost() {
  absl::StatusOr<vmxsim::Client> client = vmxsim::Client::Connect(control_);
  Require(client.status(), control_);
  return *std::move(client);
}

vmxsim::GuestClient Guest::As(const std::string& user, const std::string& password) {
  return vmxsim::GuestClient(Sender(host_), user, password);
}

Cost Guest::Costs() { return Measure(Pids(names_)); }

std::vector<pid_t> Guest::Pids(const std::set<std::string>& names) {
  const absl::StatusOr<std::string> text = host_->Call({"processes"});
  Require(text.status(), "processes");
  std::vector<pid_t> pids;
  std::istringstream words(*text);
  for (pid_t pid; words >> pid;) pids.push_back(pid);
  return Named(pids, names);
}

pid_t Guest::Vmxsim() {
  const absl::StatusOr<std::string> init = host_->Call({"init-pid"});
  Require(init.status(), "init-pid");
  return ParentOf(static_cast<pid_t>(std::strtol(init->c_str(), nullptr, 10)));
}

double Guest::Stat(const std::string& name) {
  const auto stats = host_->Stats();
  Require(stats.status(), "stats");
  const auto found = stats->find(name);
  return found == stats->end() ? 0 : found->second;
}

}  // namespace toolboxd::bench
