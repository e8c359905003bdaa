// SPDX-License-Identifier: Apache-2.0

// Which parts of gRPC a program has: those for Unix sockets. The archive's own list names all of
// them, so each program would have DNS, proxies, eight ways of balancing load and faults on
// request: a tenth of its size, which no call here reaches.
//
// gRPC has no public way to choose. The functions below are its own; a program that defines them
// does not get the archive's. Other versions of gRPC keep theirs.

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/version_info.h>

#include <cstdlib>
#include <string>

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR == 51

namespace grpc_core {

class CoreConfiguration {
 public:
  class Builder;
};
using Builder = CoreConfiguration::Builder;

}  // namespace grpc_core

namespace grpc_event_engine::experimental {

void RegisterEventEngineChannelArgPreconditioning(grpc_core::Builder* builder);

}  // namespace grpc_event_engine::experimental

namespace grpc_core {

void BuildClientChannelConfiguration(Builder* builder);
void RegisterBuiltins(Builder* builder);
void RegisterClientAuthorityFilter(Builder* builder);
void RegisterDeadlineFilter(Builder* builder);
void RegisterHttpFilters(Builder* builder);
void RegisterMessageSizeFilter(Builder* builder);
void RegisterPickFirstLbPolicy(Builder* builder);
void RegisterResourceQuota(Builder* builder);
void RegisterSecurityFilters(Builder* builder);
void RegisterServiceConfigChannelArgFilter(Builder* builder);
void RegisterSockaddrResolver(Builder* builder);
void RegisterTCPConnectHandshaker(Builder* builder);
void SecurityRegisterHandshakerFactories(Builder* builder);

// In the archive's order, which is that of the filters of a call.
void BuildCoreConfiguration(Builder* builder) {
  grpc_event_engine::experimental::RegisterEventEngineChannelArgPreconditioning(builder);
  RegisterTCPConnectHandshaker(builder);
  RegisterPickFirstLbPolicy(builder);
  BuildClientChannelConfiguration(builder);
  SecurityRegisterHandshakerFactories(builder);
  RegisterClientAuthorityFilter(builder);
  RegisterHttpFilters(builder);
  RegisterDeadlineFilter(builder);
  RegisterMessageSizeFilter(builder);
  RegisterServiceConfigChannelArgFilter(builder);
  RegisterResourceQuota(builder);
  RegisterSockaddrResolver(builder);
  RegisterSecurityFilters(builder);
  RegisterBuiltins(builder);
}

// Decides about calls by a policy, on a server that has been given one. None is here; the list of
// filters names it all the same.
class GrpcServerAuthzFilter {
 public:
  // As grpc_channel_filter: twelve functions and sizes, and a name.
  static const void* const kFilterVtable[13];
};
const void* const GrpcServerAuthzFilter::kFilterVtable[13] = {};

}  // namespace grpc_core

// The start and the end of the library call these whether or not its list has DNS.
void grpc_resolver_dns_ares_init() {}
void grpc_resolver_dns_ares_shutdown() {}

struct grpc_channel;
struct grpc_channel_args;
struct grpc_server;

// Server::InProcessChannel(), which nothing calls.
grpc_channel* grpc_inproc_channel_create(grpc_server*, const grpc_channel_args*, void*) { abort(); }

namespace grpc {

// What EnableDefaultHealthCheckService(true) would start. Ours is daemon/health.h.
class DefaultHealthCheckService final : public HealthCheckServiceInterface {
 public:
  class HealthCheckServiceImpl;

  DefaultHealthCheckService();
  void SetServingStatus(const std::string&, bool) override;
  void SetServingStatus(bool) override;
  void Shutdown() override;
  HealthCheckServiceImpl* GetHealthCheckService();
};

DefaultHealthCheckService::DefaultHealthCheckService() { abort(); }
void DefaultHealthCheckService::SetServingStatus(const std::string&, bool) { abort(); }
void DefaultHealthCheckService::SetServingStatus(bool) { abort(); }
void DefaultHealthCheckService::Shutdown() { abort(); }
DefaultHealthCheckService::HealthCheckServiceImpl*
DefaultHealthCheckService::GetHealthCheckService() {
  abort();
}

}  // namespace grpc

#endif
