// SPDX-License-Identifier: Apache-2.0

// One package, from its bytes to cloud-init or the administrator's scripts
// (docs/protocol/customization.md 9.1).

#ifndef TOOLBOXD_DEPLOYD_DEPLOYMENT_H_
#define TOOLBOXD_DEPLOYD_DEPLOYMENT_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "daemon/stop_signal.h"
#include "deployd/cust_cfg.h"
#include "deployd/hand_off.h"
#include "deployd/scripts.h"
#include "deployd/way.h"
#include "toolboxd/v1/customization.pb.h"
#include "toolboxd/v1/deploy.pb.h"

namespace toolboxd::deployd {

// Shown to the host as the place of details. vmtoolsd names a file of its own there; ours are in
// the journal.
inline constexpr char kLogPlace[] = "journal:toolboxd-deployd";

struct DeployPlaces {
  // Goes before the paths of cloud-init's files; "" for this machine.
  std::string root;
  // A folder of our own, in which packages are unpacked.
  std::string work = "/run/toolboxd/deploy";
  // Where cloud-init looks.
  std::string cloud_init = "/run/vmware-imc";
  HandOffLimits hand_off;
  ScriptPlaces scripts;
};

// Called on the thread of the deployment.
struct DeployReport {
  // For the journal and people: "unpacked 4 files". Without secrets.
  std::function<void(absl::string_view text)> step;
  // For the host.
  std::function<void(const v1::DeployState& state)> state;
};

// Not thread-safe.
class Deployment {
 public:
  // Both pointers must outlive it. Once `stop` is set, nothing is handed over any more.
  Deployment(DeployPlaces places, DeployReport report, CloudInitFolder* cloud_init,
             const StopSignal* stop)
      : places_(std::move(places)),
        report_(std::move(report)),
        cloud_init_(*cloud_init),
        stop_(*stop) {}

  // Reports every outcome as a state, with one exception: cloud-init, when it has taken the files,
  // reports for itself; this waits until then. `release` is called when the package is not needed
  // any more. CANCELLED if it was stopped: then no last state was reported.
  absl::Status Run(const absl::StatusOr<v1::CustomizationSettings>& settings,
                   const UniqueFd& package, const std::function<void()>& release);

 private:
  // An error is the reason of the failure with code 100, unless Fail() has set another.
  absl::Status Deploy(const v1::CustomizationSettings& settings, const UniqueFd& package,
                      const std::function<void()>& release);
  absl::Status HandOver(const v1::CustomizationSettings& settings, bool ignore_cloud_init,
                        int unpacked);
  absl::Status HandToCloudInit(int unpacked, const CustCfg& configuration, const WayFacts& facts);
  absl::Status Scripts(const v1::CustomizationSettings& settings, const std::string& json,
                       int unpacked);
  void State(uint32_t state, uint32_t code, absl::string_view message);

  const DeployPlaces places_;
  const DeployReport report_;
  CloudInitFolder& cloud_init_;
  const StopSignal& stop_;
  uint32_t failure_code_ = 100;
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_DEPLOYMENT_H_
