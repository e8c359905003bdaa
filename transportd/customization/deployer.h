// SPDX-License-Identifier: Apache-2.0

// Deployer: takes the package with which the host customizes a clone.

#ifndef TOOLBOXD_TRANSPORTD_CUSTOMIZATION_DEPLOYER_H_
#define TOOLBOXD_TRANSPORTD_CUSTOMIZATION_DEPLOYER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/customization.pb.h"

namespace toolboxd::customization {

// One inbox at a time; the steps are those of proto/toolboxd/v1/customization.proto. Not
// thread-safe: used on the channel's thread.
class Deployer {
 public:
  // Called on the channel's thread, after Deploy() has returned, with each state of the deployment.
  // A service that dies or hangs adds a state that says so: the host never waits for a deployment
  // that no process works on.
  using OnState = std::function<void(const v1::DeployState& state)>;

  virtual ~Deployer() = default;

  // Makes an inbox and returns its directory, absolute and with a slash at its end. An earlier
  // inbox ends, and so does its deployment, of which no state follows. Waits, for about two seconds
  // at most.
  virtual absl::StatusOr<std::string> Begin() = 0;

  // Deploys a package of the inbox. Waits for `accepted` or `refused`, for about two seconds at
  // most. FailedPrecondition if there is no inbox, or it has been deployed. `on_state` is not
  // called unless the package was accepted.
  virtual absl::StatusOr<v1::DeployUpdate> Deploy(absl::string_view path, OnState on_state) = 0;
};

}  // namespace toolboxd::customization

#endif  // TOOLBOXD_TRANSPORTD_CUSTOMIZATION_DEPLOYER_H_
