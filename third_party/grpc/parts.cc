// SPDX-License-Identifier: Apache-2.0

// Which parts of gRPC a program has: those for Unix sockets. The archive's own list names all of
// them, so each program would have DNS, proxies, eight ways of balancing load and faults on
// request: a twentieth of its size, which no call here reaches.
//
// gRPC has no public way to choose. The functions below are its own; a program that defines them
// does not get the archive's. Other versions of gRPC keep theirs.

#include "third_party/grpc/replaced.h"

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC

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

}  // namespace grpc_core

// c-ares, which starts with gRPC and serves no caller without its resolver.
void grpc_resolver_dns_ares_init();
void grpc_resolver_dns_ares_init() {}
void grpc_resolver_dns_ares_shutdown();
void grpc_resolver_dns_ares_shutdown() {}

#endif
