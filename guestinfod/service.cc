// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/service.h"

namespace toolboxd::guestinfod {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(200);

}  // namespace

grpc::Status GuestInfoService::Get(grpc::ServerContext*, const v1::GetGuestInfoRequest*,
                                   v1::GuestInfoSnapshot* response) {
  const Snapshot snapshot = hub_.Get();
  if (snapshot == nullptr) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "nothing is known yet");
  }
  *response = *snapshot;
  return grpc::Status::OK;
}

grpc::Status GuestInfoService::Watch(grpc::ServerContext* context, const v1::WatchGuestInfoRequest*,
                                     grpc::ServerWriter<v1::GuestInfoSnapshot>* writer) {
  const auto watcher = SnapshotHub::Watcher::Create(hub_, kPatience);
  if (watcher == nullptr) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many clients are watching");
  }
  while (const Snapshot snapshot = watcher->Next([context] { return context->IsCancelled(); })) {
    if (!writer->Write(*snapshot)) break;
  }
  if (context->IsCancelled()) return grpc::Status::CANCELLED;
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "guestinfod is shutting down");
}

}  // namespace toolboxd::guestinfod
