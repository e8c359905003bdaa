// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_loop.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {

absl::StatusOr<std::unique_ptr<FunctionLoop>> FunctionLoop::Start() {
  std::unique_ptr<FunctionLoop> loop(new FunctionLoop());
  try {
    loop->thread_ = std::thread([raw = loop.get()] { raw->Run(); });
  } catch (const std::system_error& error) {
    return MakeError(v1::BUSY,
                     absl::StrCat("cannot start the thread of functions: ", error.what()));
  }
  return loop;
}

FunctionLoop::~FunctionLoop() {
  Release();
  queue_.Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    // gRPC requires that the queue is drained.
    Run();
  }
}

void FunctionLoop::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&moves_));
    static_cast<FunctionStep*>(tag)->Done(ok);
  }
}

void FunctionLoop::SetHeld(bool held) {
  absl::MutexLock lock(&mutex_);
  moves_ = !held;
}

}  // namespace toolboxd
