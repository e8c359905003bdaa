// SPDX-License-Identifier: Apache-2.0

// toolboxctl sessions, programs and transfers: what guest users do now.

#ifndef TOOLBOXD_TOOLBOXCTL_ACTIVITY_H_
#define TOOLBOXD_TOOLBOXCTL_ACTIVITY_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "toolboxctl/output.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Tables for people, with times in `zone`; a line that says so where there is nothing.
std::string SessionsText(const v1::ListSessionsReply& reply, absl::TimeZone zone,
                         const Terminal& terminal);
std::string ProgramsText(const v1::ListProgramsReply& reply, absl::TimeZone zone,
                         const Terminal& terminal);

// Bytes a second: since the last call for the transfers that it had, otherwise since each was
// opened. Not thread-safe.
class TransferRates {
 public:
  std::string Text(const v1::ListTransfersReply& reply, absl::Time now, const Terminal& terminal);

 private:
  struct Sample {
    uint64_t bytes = 0;
    absl::Time time;
  };
  double RateOf(const v1::Transfer& transfer, absl::Time now) const;

  // The last samples by the transfer's id.
  std::map<uint64_t, Sample> last_;
};

// As the flags of show.h say; the exit status.
int SessionsMain();
int ProgramsMain();
int TransfersMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_ACTIVITY_H_
