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

enum class ShimEnd {
  // The report tells why.
  kNothingStarted,
  kProgramEnded,
  // SIGTERM came before the program's end: systemd stops the scope, and waits for all of it.
  kToldToStop,
};

// Starts the program, reports on kShimDescriptor, stays until the program and its output have
// ended and the record says so; if told to stop, until the program has ended.
ShimEnd RunShim(const ShimJob& job);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_VIXD_SHIM_SHIM_H_
