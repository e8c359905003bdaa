// The life of a shim.

#ifndef TOOLBOXD_VIXD_SHIM_SHIM_H_
#define TOOLBOXD_VIXD_SHIM_SHIM_H_

#include <string>

namespace toolboxd::vix {

struct ShimJob {
  // Directory of records.
  std::string dir;
  bool with_io = false;
  // Bytes kept of each output stream.
  off_t output_limit = 0;
  std::string name;
  std::string command_line;
  std::string shell;
  std::string script;
};

// Starts the program, reports on kShimDescriptor, stays until the program and its output have
// ended and the record says so. False where nothing was started, which the report tells.
bool RunShim(const ShimJob& job);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_VIXD_SHIM_SHIM_H_
