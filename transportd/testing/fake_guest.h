// SPDX-License-Identifier: Apache-2.0

// GuestOperations with fake services and users behind it, and a host that asks it.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_FAKE_GUEST_H_
#define TOOLBOXD_TRANSPORTD_TESTING_FAKE_GUEST_H_

#include <map>
#include <memory>
#include <string>

#include "transportd/guest_operations/guest_operations.h"
#include "transportd/testing/fake_function.h"
#include "transportd/testing/fake_hgfsd.h"
#include "transportd/testing/fake_vixd.h"
#include "transportd/testing/service_host.h"
#include "transportd/vix/message.h"

namespace toolboxd::testing {

// Users alice ("a") and bob ("b"). Time limits are short.
class FakeGuest {
 public:
  FakeGuest();

  GuestOperations& operations() { return *operations_; }
  // Makes GuestOperations anew, for a test with options of its own.
  void Restart(GuestOperationsOptions options);
  // Those that Restart() is to start from.
  static GuestOperationsOptions Options();

  // Sends one operation; the answer's error code, and its result in result().
  uint32_t Send(uint32_t opcode, absl::string_view body, const std::string& user = "alice",
                const std::string& password = "a", bool binary = false);
  // The same with credentials as they are.
  uint32_t SendRaw(vix::Request request);
  const std::string& result() const { return result_; }
  // Whether the last answer left work behind it (TcloAnswer::behind), which has been done.
  bool had_work_behind() const { return had_work_behind_; }

  FakeHgfsd hgfsd;
  FakeVixd vixd;
  FakeFunction function;
  std::map<std::string, std::string> passwords = {{"alice", "a"}, {"bob", "b"}};
  int logins = 0;
  // Ends vixd's connections.
  void KillVixd() { vixd_host_->Kill(); }
  void KillHgfsd() { hgfsd_host_->Kill(); }

 private:
  std::unique_ptr<ServiceHost> hgfsd_host_;
  std::unique_ptr<ServiceHost> vixd_host_;
  std::unique_ptr<GuestOperations> operations_;
  std::string result_;
  bool had_work_behind_ = false;
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_FAKE_GUEST_H_
