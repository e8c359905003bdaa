// SPDX-License-Identifier: Apache-2.0

// Who gets a package: cloud-init, the administrator's scripts, or none
// (docs/protocol/customization.md 9.5, 9.6).

#ifndef TOOLBOXD_DEPLOYD_WAY_H_
#define TOOLBOXD_DEPLOYD_WAY_H_

#include <string>

#include "deployd/cloud_init.h"
#include "toolboxd/v1/customization.pb.h"
#include "toolboxd/v1/deploy.pb.h"

namespace toolboxd::deployd {

// The facts that decide, beside the settings.
struct WayFacts {
  CloudInit cloud_init;
  DataForm form = DataForm::kConfiguration;
  // cloud-init looks for no package any more in this boot.
  bool cloud_init_has_finished = false;
  // The package's header asks for its command to be executed, which never happens.
  bool ignore_cloud_init = false;
  bool has_scripts = false;
};

struct Way {
  v1::CustomizationStatus::Way way = v1::CustomizationStatus::NONE;
  // The code in deployPkg.update.state, for NONE: 8 if cloud-init is missing or too old for raw
  // data, else 100.
  uint32_t code = 0;
  // For NONE and DISABLED: why, and what to do. One line.
  std::string reason;
};

// Chooses cloud-init if it takes the package, else the scripts if they are allowed and there are
// any; raw data is only for cloud-init. Pure.
Way ChooseWay(const v1::CustomizationSettings& settings, const WayFacts& facts);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_WAY_H_
