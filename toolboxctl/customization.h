// SPDX-License-Identifier: Apache-2.0

// toolboxctl customization: what became of a customization, and what one would meet.

#ifndef TOOLBOXD_TOOLBOXCTL_CUSTOMIZATION_H_
#define TOOLBOXD_TOOLBOXCTL_CUSTOMIZATION_H_

#include <string>

#include "absl/time/time.h"
#include "toolboxd/v1/customization.pb.h"

namespace toolboxd {

// Lines for people: who would get a package, and the last package's events. Pure.
std::string CustomizationText(const v1::CustomizationStatus& status, absl::TimeZone zone);

struct CustomizationOptions {
  // "status".
  std::string command;
  // deployd's socket.
  std::string socket;
};

// The exit status: 1 if deployd did not answer, 2 for a wrong command.
int CustomizationMain(const CustomizationOptions& options);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_CUSTOMIZATION_H_
