// SPDX-License-Identifier: Apache-2.0

// Configuration files: protobuf messages in text format.

#ifndef TOOLBOXD_BASE_CONFIG_FILE_H_
#define TOOLBOXD_BASE_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace toolboxd {

// The outcome of the last attempt to read a configuration.
struct ConfigurationState {
  // Whether there was a file.
  bool found = false;
  // A text for each broken file: its path and what is wrong.
  std::vector<std::string> faults;
};

// Reads the whole file, at most 1 MiB. NOT_FOUND where the file or its folder does not exist. The
// message does not name the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

// INVALID_ARGUMENT with "line 3, column 7: what" for the first fault.
absl::Status ParseTextProto(absl::string_view text, google::protobuf::Message& message);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_CONFIG_FILE_H_
