// SPDX-License-Identifier: Apache-2.0

// GuestOperations: answers Vix_1_Relayed_Command and "f " (docs/protocol/vix.md 4,
// docs/protocol/hgfs.md 5).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_OPERATIONS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/config_file.h"
#include "toolboxd/v1/guest_info.pb.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/extensions/extensions.h"
#include "transportd/files/file_store.h"
#include "transportd/functions/function_spool.h"
#include "transportd/functions/function_table.h"
#include "transportd/guest_operations/audit_log.h"
#include "transportd/guest_operations/guest_call.h"
#include "transportd/guest_operations/guest_services.h"
#include "transportd/guest_operations/live_state.h"
#include "transportd/guest_operations/process_list_cache.h"
#include "transportd/guest_operations/slow_services.h"
#include "transportd/guest_operations/started_programs.h"
#include "transportd/hgfs/audit.h"
#include "transportd/hgfs/server.h"
#include "transportd/policy/policy_store.h"
#include "transportd/routes/router.h"
#include "transportd/rpc/tclo_reply.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/statistics/operation_statistics.h"

namespace toolboxd {

struct GuestOperationsOptions {
  std::string policy_file = "/etc/toolboxd/policy.textproto";
  std::string routes_directory = "/etc/toolboxd/routes.d";
  SessionPoolOptions sessions;
  SpoolLimits functions;
  // Time limits of one call to a service, of a call whose work has no bound, and of a move, which
  // copies if the places are on different file systems.
  absl::Duration timeout = absl::Seconds(5);
  absl::Duration long_timeout = absl::Seconds(15);
  absl::Duration move_timeout = absl::Seconds(15);
  // How long after an operation there is something to maintain, whatever it has left open. Longer
  // than the minute after which refused operations are counted in the log.
  absl::Duration maintenance = absl::Minutes(10);
};

// Runs guest operations with everything that they need. Any bytes get an answer, within the time
// limits. Not thread-safe: used on the channel's thread.
class GuestOperations {
 public:
  GuestOperations(SessionOpener opener, GuestOperationsOptions options);

  // What follows "Vix_1_Relayed_Command ".
  TcloReply RunVix(absl::string_view arguments);
  // What follows "f ": an HGFS packet without a credential. It reaches the inbox of a
  // customization; where there is none, only sessions are managed.
  TcloReply RunHgfs(absl::string_view packet);
  // Asked with each such packet; returns null where there is no inbox.
  void SetInbox(std::function<std::shared_ptr<files::FileStore>()> inbox) {
    inbox_ = std::move(inbox);
  }
  // Ends what is open of an inbox that has ended: open files hold the connection to its service.
  void CloseInboxFiles() { hgfs_.CloseFiles(""); }

  // The operating system that GET_TOOLS_STATE answers: guestinfod's.
  void SetOperatingSystem(const v1::OperatingSystem& operating_system) {
    operating_system_ = operating_system;
  }

  // While file systems may be frozen: until the end every operation is answered with 5, and nothing
  // of theirs is written to a disk (docs/protocol/snapshot.md 8.3).
  void BeginStandstill();
  void EndStandstill();
  bool standstill() const { return standstill_; }

  // Releases what is not used any more. To be called every few seconds as long as it is needed.
  void Maintain();
  bool NeedsMaintenance() const;
  // Called with each operation: maintenance is needed from now on.
  void SetOnUse(std::function<void()> on_use) { on_use_ = std::move(on_use); }
  // Reads the policy and routes.d again (SIGHUP).
  void Reload();
  // The results of the last reading.
  const ConfigurationState& policy_state() const { return policy_.state(); }
  const ConfigurationState& routes_state() const { return extensions_.state(); }
  // What routes.d binds, as of the last reading.
  const Extensions& extensions() const { return extensions_; }

  // What the Transport service shows (live_state.h).
  std::vector<v1::ExtensionStatus> DescribeExtensions() const;
  v1::ListSessionsReply DescribeSessions() const;
  v1::ListTransfersReply DescribeTransfers() const;
  ProgramsView DescribePrograms() const;
  LiveNumbers CountLive() const;
  const PolicyStore& policy() const { return policy_; }
  // Thread-safe.
  const OperationStatistics& statistics() const { return statistics_; }

 private:
  void Use();
  // Whether the request that has just run kept the channel for too long.
  bool WasSlow() const;
  // `body` of an HGFS packet that is refused.
  void RefuseHgfs(absl::string_view body);
  // Operations that need no login, and those that this guest does not have.
  Outcome RunWithoutLogin(uint32_t opcode) const;
  void Record(AuditedOperation operation, const GuestCall& call);
  void RecordHgfs(const hgfs::AuditRecord& record);

  const GuestOperationsOptions options_;
  AuditLog audit_;
  OperationStatistics statistics_;
  PolicyStore policy_;
  Extensions extensions_;
  SessionPool sessions_;
  FunctionTable functions_;
  StartedPrograms programs_;
  ProcessListCache process_lists_;
  SlowServices slow_services_;
  v1::OperatingSystem operating_system_;
  bool standstill_ = false;
  std::function<void()> on_use_ = [] {};
  // A time of SteadyNow().
  absl::Time maintain_until_ = absl::InfinitePast();
  std::function<std::shared_ptr<files::FileStore>()> inbox_ = [] { return nullptr; };
  const GuestServices services_;
  // Last: open files use all of the above.
  hgfs::Server hgfs_;
};

// Adds the commands; `operations` must outlive the router.
void AddGuestOperationRoutes(Router& router, GuestOperations& operations);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_OPERATIONS_H_
