// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/guessers.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "transportd/vix/opcode.h"

namespace toolboxd::bench {

Guessers::Guessers(Guest& guest, int count) {
  for (int i = 0; i < count; ++i) {
    threads_.emplace_back(
        [this, i, host = guest.ConnectHost()]() mutable { Guess(std::move(host), i); });
  }
}

Guessers::~Guessers() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void Guessers::Guess(vmxsim::Client host, int number) {
  for (int i = 0; !stop_; ++i) {
    vmxsim::GuestClient client(
        [&host](absl::string_view request) { return host.Tclo(request, absl::Seconds(60)); },
        absl::StrCat("guess-", number, "-", i), "wrong");
    // 3050, or no answer in time: the guesser does not mind.
    client.Call(vix::kValidateCredentials, "").status().IgnoreError();
  }
}

}  // namespace toolboxd::bench
