// SPDX-License-Identifier: Apache-2.0

#ifndef TOOLBOXD_TESTS_SIMULATION_GRPC_GRPCPP_CHANNEL_H_
#define TOOLBOXD_TESTS_SIMULATION_GRPC_GRPCPP_CHANNEL_H_

#include "tests/simulation/grpc/grpcpp/simulated.h"

#endif  // TOOLBOXD_TESTS_SIMULATION_GRPC_GRPCPP_CHANNEL_H_
