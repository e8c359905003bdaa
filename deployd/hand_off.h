// SPDX-License-Identifier: Apache-2.0

// Lays a package's files down where cloud-init looks for them
// (docs/protocol/customization.md 9.5).

#ifndef TOOLBOXD_DEPLOYD_HAND_OFF_H_
#define TOOLBOXD_DEPLOYD_HAND_OFF_H_

#include <string>

#include "absl/status/status.h"
#include "deployd/cloud_init.h"
#include "deployd/cust_cfg.h"

namespace toolboxd::deployd {

// Copies cust.cfg and what belongs to it from the unpacked package into the folder: nics.txt;
// metadata and userdata of raw data, under the names of cust.cfg; the custom script, and the one
// that cloud-init starts it by. Each file (0600) appears as a whole, and cust.cfg, for which
// cloud-init waits, last. What the folder had is removed before, and after an error it is empty.
// The folder must be our own (deployd/own_folder.h); it is made where it is missing.
absl::Status HandOff(int package, const CustCfg& configuration, DataForm form,
                     const std::string& folder);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_HAND_OFF_H_
