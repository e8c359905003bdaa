// SPDX-License-Identifier: Apache-2.0

// The gRPC service toolboxd.v1.GuestInfo.

#ifndef TOOLBOXD_GUESTINFOD_SERVICE_H_
#define TOOLBOXD_GUESTINFOD_SERVICE_H_

#include "guestinfod/snapshot_hub.h"
#include "toolboxd/v1/guest_info.grpc.pb.h"

namespace toolboxd::guestinfod {

// Serves what is in a hub, which must outlive it. Thread-safe.
//
// A Watch occupies a thread, asleep until there is a newer snapshot; a client that reads
// slowly gets the newest one when it is ready for it. A Watch that its client cancelled ends
// with the next change, as soon as its place is needed (RESOURCE_EXHAUSTED if none can be freed),
// or when SnapshotHub::WakeWatchers is called.
class GuestInfoService final : public v1::GuestInfo::Service {
 public:
  explicit GuestInfoService(SnapshotHub& hub) : hub_(hub) {}

  grpc::Status Get(grpc::ServerContext* context, const v1::GetGuestInfoRequest* request,
                   v1::GuestInfoSnapshot* response) override;
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchGuestInfoRequest* request,
                     grpc::ServerWriter<v1::GuestInfoSnapshot>* writer) override;

 private:
  SnapshotHub& hub_;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_SERVICE_H_
