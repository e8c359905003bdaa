// SPDX-License-Identifier: Apache-2.0

// Parts of gRPC that toolboxd calls nothing of, and which would come with what it calls: what is
// here takes their place, in that program only; tests/style/channels says where that would be
// wrong. Tests have gRPC as it is. Other versions of gRPC keep their own.

#include <grpc/grpc.h>
#include <grpcpp/health_check_service_interface.h>

#include <cstdlib>
#include <string>

#include "third_party/grpc/replaced.h"

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC

namespace grpc_core {

// The filter that repeats calls. toolboxd's channels have GRPC_ARG_ENABLE_RETRIES 0
// (daemon/channel.cc, transportd/sessions/session_channel.cc), so none looks at it; one that had
// retries would end the program with its first call. As large as a grpc_channel_filter, or larger.
extern const void* const kRetryFilterVtable[32];
const void* const kRetryFilterVtable[32] = {};

}  // namespace grpc_core

// Server::InProcessChannel(), which only tests call.
grpc_channel* grpc_inproc_channel_create(grpc_server* server, const grpc_channel_args* arguments,
                                         void* reserved);
grpc_channel* grpc_inproc_channel_create(grpc_server* /*server*/,
                                         const grpc_channel_args* /*arguments*/,
                                         void* /*reserved*/) {
  return nullptr;
}

namespace grpc {

// What EnableDefaultHealthCheckService(true) would create; daemon/health.h is in its place.
class DefaultHealthCheckService final : public HealthCheckServiceInterface {
 public:
  class HealthCheckServiceImpl;

  DefaultHealthCheckService();
  void SetServingStatus(const std::string& name, bool serving) override;
  void SetServingStatus(bool serving) override;
  void Shutdown() override;
  HealthCheckServiceImpl* GetHealthCheckService();
};

DefaultHealthCheckService::DefaultHealthCheckService() { std::abort(); }
void DefaultHealthCheckService::SetServingStatus(const std::string& /*name*/, bool /*serving*/) {}
void DefaultHealthCheckService::SetServingStatus(bool /*serving*/) {}
void DefaultHealthCheckService::Shutdown() {}
DefaultHealthCheckService::HealthCheckServiceImpl*
DefaultHealthCheckService::GetHealthCheckService() {
  return nullptr;
}

}  // namespace grpc

#endif
