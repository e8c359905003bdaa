// SPDX-License-Identifier: Apache-2.0

// Journal: what reads the log, and may take nothing.

#ifndef TOOLBOXD_TESTS_SIMULATION_JOURNAL_H_
#define TOOLBOXD_TESTS_SIMULATION_JOURNAL_H_

#include <sys/types.h>

#include "absl/strings/string_view.h"
#include "tests/simulation/world.h"

namespace toolboxd::simulation {

// While one lives it stands for standard error: send(2), write(2) and poll(2) of that descriptor
// come here. Of two that live the newer one does.
class Journal {
 public:
  // As a socket, which journald's is, or a pipe.
  enum class Kind { kSocket, kPipe };
  Journal(World* world, Kind kind, bool verbose);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Takes nothing as long as it is full: whoever writes to it all the same waits.
  void set_full(bool full) { full_ = full; }
  // The product logs a line with a number, to be looked for.
  void Mark();
  // Each line with a number has come, in their order, or it was reported that lines were dropped.
  void Check();

  // --- the descriptor. A negative result is an error.
  ssize_t Send(absl::string_view line, int flags);
  ssize_t Write(absl::string_view line);
  short Ready() const;

 private:
  // Something is written, and would wait if `waits`.
  void OnWrite(bool waits);
  void Take(absl::string_view line);

  World& world_;
  const Kind kind_;
  const bool verbose_;
  bool full_ = false;
  bool dropped_ = false;
  int marked_ = 0;
  int seen_ = 0;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_JOURNAL_H_
