// SPDX-License-Identifier: Apache-2.0

// Guest operations: Vix_1_Relayed_Command and "f " (docs/protocol/vix.md 4, docs/protocol/hgfs.md
// 5).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_OPERATIONS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_OPERATIONS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/extensions/extensions.h"
#include "transportd/functions/function_spool.h"
#include "transportd/functions/function_table.h"
#include "transportd/guest_operations/guest_call.h"
#include "transportd/guest_operations/program_operations.h"
#include "transportd/guest_operations/user_files.h"
#include "transportd/hgfs/server.h"
#include "transportd/policy/policy_store.h"
#include "transportd/routes/router.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/vix/property_list.h"

namespace toolboxd {

struct GuestOperationsOptions {
  std::string policy_file = "/etc/toolboxd/policy.textproto";
  std::string routes_directory = "/etc/toolboxd/routes.d";
  SessionPoolOptions sessions;
  SpoolLimits functions;
  // Time limits of one call to a service, and of those whose work has no bound.
  absl::Duration timeout = absl::Seconds(5);
  absl::Duration long_timeout = absl::Seconds(40);
  // What GET_TOOLS_STATE answers.
  std::function<vix::ToolsState()> tools_state;
};

// What uname(2) and /etc/os-release tell.
vix::ToolsState ReadToolsState();

// Everything that guest operations need, on the channel's thread. Any bytes get an answer,
// none of which takes longer than the time limits.
class GuestOperations {
 public:
  GuestOperations(SessionOpener opener, GuestOperationsOptions options);

  // What follows "Vix_1_Relayed_Command ".
  TcloReply RunVix(absl::string_view arguments);
  // What follows "f ": an HGFS packet without a credential, so only sessions are managed.
  TcloReply RunHgfs(absl::string_view packet);
  // For Router::SetOverride.
  absl::optional<TcloReply> RunExtension(absl::string_view command, absl::string_view arguments) {
    return extensions_.Handle(command, arguments);
  }

  // Gives back what is not used any more. To be called every few seconds.
  void Maintain();
  // Reads the policy and routes.d again (SIGHUP).
  void Reload();
  // What that came to.
  const ConfigurationState& policy_state() const { return policy_.state(); }
  const ConfigurationState& routes_state() const { return extensions_.state(); }

 private:
  struct Operation;
  static const Operation* FindOperation(uint32_t opcode);

  Outcome Run(GuestCall& call, const Operation* operation);
  Outcome RunListProcesses(GuestCall& call);
  Outcome RunHgfsPacket(GuestCall& call);
  Outcome LogInOnly(GuestCall& call);

  const GuestOperationsOptions options_;
  PolicyStore policy_;
  Extensions extensions_;
  SessionPool sessions_;
  FunctionTable functions_;
  ProcessListCache process_lists_;
  UserFilesDeps deps_;
  // Last: open files use all of the above.
  hgfs::Server hgfs_;
};

// Adds the commands; `operations` must outlive the router.
void AddGuestOperationRoutes(Router& router, GuestOperations& operations);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_OPERATIONS_H_
