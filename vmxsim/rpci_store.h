// SPDX-License-Identifier: Apache-2.0

// The host's end of RPCI: answers requests as a VMX does and keeps what the guest has sent
// (docs/protocol/rpc.md 2.1, docs/protocol/guest-info.md 3.3, docs/protocol/power.md 7.1,
// docs/protocol/snapshot.md 8.2). Knows nothing of channels.

#ifndef TOOLBOXD_VMXSIM_RPCI_STORE_H_
#define TOOLBOXD_VMXSIM_RPCI_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vmxsim/customize_host.h"
#include "vmxsim/snapshot_host.h"

namespace toolboxd::vmxsim {

// `tools.os.statechange.status`: the guest's report on a power request.
struct StateChange {
  absl::Time time;
  // 1 = worked.
  int status = 0;
  // 1 Halt, 2 Reboot, 3 PowerOn, 4 Resume, 5 Suspend.
  int state = 0;
};

struct RpciStoreOptions {
  // SetGuestInfo types that are refused, to make the guest fall back
  // (docs/protocol/guest-info.md 3.3).
  std::vector<int> refused_info_types;
  // Whole commands (first word) that are refused with "0 Unknown command".
  std::vector<std::string> refused_commands;
  // What the host has set before the guest starts, by name without "guestinfo.".
  std::map<std::string, std::string> variables = {};
};

// Not thread-safe.
class RpciStore {
 public:
  explicit RpciStore(RpciStoreOptions options)
      : options_(std::move(options)), variables_(options_.variables) {}

  // The reply, beginning with "1 " or "0 ".
  std::string Handle(absl::string_view request);

  // The guest has started again: forgets what a new registration will send.
  void ResetRegistration();

  // `info-set` and `info-get` values, by name without "guestinfo.".
  std::map<std::string, std::string>& variables() { return variables_; }
  // The newest value of each SetGuestInfo type, raw.
  const std::map<int, std::string>& guest_info() const { return guest_info_; }
  // How often each type came.
  const std::map<int, uint64_t>& guest_info_counts() const { return guest_info_counts_; }
  // SetGuestDiskInfo's JSON; empty before the first.
  const std::string& disk_json() const { return disk_json_; }
  // "name arguments" of every tools.capability.* and vmx.capability.*, newest value each.
  const std::map<std::string, std::string>& capabilities() const { return capabilities_; }
  const std::vector<StateChange>& state_changes() const { return state_changes_; }
  // Empty until tools.set.version or tools.set.versiontype.
  const std::string& tools_version() const { return tools_version_; }
  const std::string& tools_version_type() const { return tools_version_type_; }
  const std::string& tools_health() const { return tools_health_; }
  // What `vmbackup.eventSet` reported, and whatever else belongs to snapshots.
  SnapshotHost& snapshot() { return snapshot_; }
  // What `deployPkg.update.state` reported.
  const CustomizeHost& customization() const { return customization_; }
  uint64_t unknown_commands() const { return unknown_commands_; }

 private:
  std::string InfoSet(absl::string_view arguments);
  std::string InfoGet(absl::string_view arguments);
  std::string SetGuestInfo(absl::string_view arguments);
  std::string NamespaceSet(absl::string_view arguments);
  std::string NamespaceGet(absl::string_view arguments);
  std::string StateChangeStatus(absl::string_view arguments);
  std::string Tools(absl::string_view command, absl::string_view arguments);

  RpciStoreOptions options_;
  std::map<std::string, std::string> variables_;
  // The values by namespace and key.
  std::map<std::pair<std::string, std::string>, std::string> namespaces_;
  std::map<int, std::string> guest_info_;
  std::map<int, uint64_t> guest_info_counts_;
  std::string disk_json_;
  std::map<std::string, std::string> capabilities_;
  std::vector<StateChange> state_changes_;
  std::string tools_version_;
  std::string tools_version_type_;
  std::string tools_health_;
  SnapshotHost snapshot_;
  CustomizeHost customization_;
  uint64_t unknown_commands_ = 0;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_RPCI_STORE_H_
