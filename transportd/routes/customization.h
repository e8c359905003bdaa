// SPDX-License-Identifier: Apache-2.0

// deployPkg.begin and deployPkg.deploy: the host customizes a clone
// (docs/protocol/customization.md 9.1, 9.2).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_CUSTOMIZATION_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_CUSTOMIZATION_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/customization.pb.h"
#include "transportd/customization/deployer.h"
#include "transportd/routes/router.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// "deployPkg.update.state <state> <code> <message>". What the message has beyond 1024 bytes is cut,
// at a character; control characters and what is not UTF-8 become question marks. Code 0 without a
// message is left out.
std::string EncodeDeployState(const v1::DeployState& state);

// The order is vmtoolsd's: the host gets state 3, the reply, and then what becomes of the package.
// Must outlive the router. Not thread-safe: used on the channel's thread.
class CustomizationRoutes {
 public:
  // The longest path of a package, in bytes.
  static constexpr size_t kMaxPath = 4095;

  // `deployer` must outlive this object. While `standstill` returns true, nothing is written to a
  // disk: the commands are refused.
  CustomizationRoutes(RpciSend send, customization::Deployer* deployer,
                      std::function<bool()> standstill)
      : send_(std::move(send)), deployer_(*deployer), standstill_(std::move(standstill)) {}
  void AddTo(Router& router);

 private:
  TcloReply Begin();
  TcloReply Deploy(absl::string_view arguments);
  void SendState(const v1::DeployState& state);

  const RpciSend send_;
  customization::Deployer& deployer_;
  const std::function<bool()> standstill_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_CUSTOMIZATION_H_
