// SPDX-License-Identifier: Apache-2.0

// Has transportd stand still while an administrator tries a snapshot without a host.

#ifndef TOOLBOXD_TOOLBOXCTL_STANDSTILL_H_
#define TOOLBOXD_TOOLBOXCTL_STANDSTILL_H_

#include <memory>
#include <string>

#include "toolboxd/v1/transport.grpc.pb.h"

namespace toolboxd {

// From the end of the constructor to the end of the object transportd writes to no disk, but for no
// longer than two minutes. Where transportd does not run, there is nothing to wait for. Not
// thread-safe.
class Standstill {
 public:
  explicit Standstill(const std::string& socket);
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;
  ~Standstill();

  // Whether transportd said that it stands still.
  bool begun() const { return begun_; }

 private:
  const std::unique_ptr<v1::Transport::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StandStillRequest, v1::StandStillReply>> stream_;
  bool begun_ = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_STANDSTILL_H_
