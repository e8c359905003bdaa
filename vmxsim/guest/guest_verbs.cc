// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest/guest_verbs.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "vmxsim/client.h"
#include "vmxsim/guest/verb.h"

namespace toolboxd::vmxsim {
namespace {

std::vector<const std::vector<Verb>*> AllVerbs() {
  return {&FileVerbs(), &TransferVerbs(), &ProcessVerbs(), &OtherVerbs()};
}

const Verb* Find(absl::string_view name) {
  for (const std::vector<Verb>* verbs : AllVerbs()) {
    for (const Verb& verb : *verbs) {
      if (name == verb.name) return &verb;
    }
  }
  return nullptr;
}

// How long a request may take; a host waits about as long.
constexpr absl::string_view kPatience = "60s";

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string GuestUsage() {
  std::string text =
      "Usage: vmxsim guest [--control=PATH] [--user=USER] [--password=PASSWORD] [--timeout=TIME]\n"
      "                    VERB [ARGUMENT…]\n\n"
      "Makes guest operations as vSphere does. User and password default to $VMXSIM_USER and\n"
      "$VMXSIM_PASSWORD. TIME limits each request to the guest (default 60s).\n\n";
  for (const std::vector<Verb>* verbs : AllVerbs()) {
    for (const Verb& verb : *verbs) {
      absl::StrAppend(&text, "  ", verb.usage, "\n      ", verb.help, "\n");
    }
  }
  return text;
}

int GuestMain(const std::vector<std::string>& words) {
  const Arguments common(words);
  if (common.Has("--help")) {
    std::fputs(GuestUsage().c_str(), stdout);
    return 0;
  }
  const Verb* verb = common.rest().empty() ? nullptr : Find(common.rest()[0]);
  if (verb == nullptr) {
    std::fputs(GuestUsage().c_str(), stderr);
    return 2;
  }
  const Arguments arguments({common.rest().begin() + 1, common.rest().end()});
  if (arguments.Has("--help")) {
    std::printf("Usage: vmxsim guest %s\n\n%s\n", verb->usage, verb->help);
    return 0;
  }
  absl::Duration patience;
  if (!absl::ParseDuration(common.Value("--timeout", kPatience), &patience)) {
    std::fputs("vmxsim guest: --timeout must be a time such as 5s\n", stderr);
    return 2;
  }
  absl::StatusOr<Client> host = Client::Connect(common.Value("--control"));
  if (!host.ok()) {
    std::fprintf(stderr, "vmxsim guest: %s\n", std::string(host.status().message()).c_str());
    return 1;
  }
  GuestClient client([&](absl::string_view request) { return host->Tclo(request, patience); },
                     common.Value("--user", FromEnvironment("VMXSIM_USER")),
                     common.Value("--password", FromEnvironment("VMXSIM_PASSWORD")));
  const absl::Status status = verb->run(client, arguments);
  std::fflush(stdout);
  if (status.ok()) return 0;
  if (absl::IsInvalidArgument(status)) {
    std::fprintf(stderr, "%s%sUsage: vmxsim guest %s\n", std::string(status.message()).c_str(),
                 status.message().empty() ? "" : "\n", verb->usage);
    return 2;
  }
  std::fprintf(stderr, "vmxsim guest %s: %s\n", verb->name, std::string(status.message()).c_str());
  return 1;
}

}  // namespace toolboxd::vmxsim
