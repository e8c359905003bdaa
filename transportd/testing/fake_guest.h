// SPDX-License-Identifier: Apache-2.0

// FakeGuest: GuestOperations with fake services and users, and a host that calls it.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_FAKE_GUEST_H_
#define TOOLBOXD_TRANSPORTD_TESTING_FAKE_GUEST_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/unique_fd.h"
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
  // Creates GuestOperations again, for a test with its own options.
  void Restart(GuestOperationsOptions options);
  // The options to change for Restart().
  static GuestOperationsOptions Options();

  // Sends one operation and returns the answer's error code; the answer's result is in result().
  uint32_t Send(uint32_t opcode, absl::string_view body, const std::string& user = "alice",
                const std::string& password = "a", bool binary = false);
  // The same for a request with its credential.
  uint32_t SendRaw(vix::Request request);
  const std::string& result() const { return result_; }
  // Whether the last answer deferred work (TcloReply::after_reply), which has been run.
  bool had_deferred_work() const { return had_deferred_work_; }

  FakeHgfsd hgfsd;
  FakeVixd vixd;
  FakeFunction function;
  std::map<std::string, std::string> passwords = {{"alice", "a"}, {"bob", "b"}};
  // Serves both services of a user in place of the fakes. Must outlive this object.
  std::map<std::string, ServiceHost*> own_hosts;
  // The user that PAM settles on, where that is not the name in the credential.
  std::map<std::string, std::string> canonical_names;
  // The uid of a name.
  static uid_t Uid(absl::string_view name);
  int logins = 0;
  // Ends vixd's connections.
  void KillVixd() { vixd_host_->Kill(); }
  void KillHgfsd() { hgfsd_host_->Kill(); }

 private:
  std::unique_ptr<ServiceHost> hgfsd_host_;
  std::unique_ptr<ServiceHost> vixd_host_;
  // Logins come from several threads.
  absl::Mutex mutex_;
  // The other ends of connections that no request has come on, by those that transportd has.
  std::map<int, UniqueFd> waiting_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<GuestOperations> operations_;
  std::string result_;
  bool had_deferred_work_ = false;
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_FAKE_GUEST_H_
