// SPDX-License-Identifier: Apache-2.0

// ScrapeServer: answers scrapers on a listening socket, for toolboxd-metrics.service.

#ifndef TOOLBOXD_TOOLBOXCTL_SCRAPE_SERVER_H_
#define TOOLBOXD_TOOLBOXCTL_SCRAPE_SERVER_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"

namespace toolboxd {

// Whether a descriptor is a socket that listens.
bool IsListening(int fd);

// One thread, which waits for no caller: whoever connects without end, sends nothing or reads
// nothing keeps no other user's scraper out. Not thread-safe.
class ScrapeServer {
 public:
  // Callers at a time. Beyond, the oldest one of the user who has most is sent away.
  static constexpr size_t kMaxCallers = 16;
  // From the connection to the end of the answer.
  static constexpr absl::Duration kPatience = absl::Seconds(5);
  // After this time without a caller the process ends; the next connection starts it again.
  static constexpr absl::Duration kIdle = absl::Seconds(10);
  // How long an answer of transportd is used for further callers.
  static constexpr absl::Duration kFresh = absl::Seconds(1);

  // The whole answer to a request of HTTP.
  using Answer = std::function<std::string(absl::string_view request,
                                           const absl::StatusOr<std::string>& text)>;
  // What transportd says, or why not; may take seconds.
  using Ask = std::function<absl::StatusOr<std::string>()>;

  ScrapeServer(Answer answer, Ask ask) : answer_(std::move(answer)), ask_(std::move(ask)) {}

  // Serves until no caller has come for `idle`. `listener` stays open.
  void Run(int listener, absl::Duration idle = kIdle);

 private:
  struct Caller {
    UniqueFd fd;
    uid_t uid;
    absl::Time deadline;
    std::string request;
    // What is left of the answer. Nothing before the request is complete.
    std::string answer;
  };
  using Callers = std::list<Caller>;

  void Accept(int listener);
  void MakePlace();
  // False if the connection is over.
  bool Serve(Caller& caller);
  bool Read(Caller& caller);
  static bool Write(Caller& caller);
  const absl::StatusOr<std::string>& Text();

  const Answer answer_;
  const Ask ask_;
  // The oldest first.
  Callers callers_;
  absl::StatusOr<std::string> text_ = std::string();
  absl::Time asked_ = absl::InfinitePast();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SCRAPE_SERVER_H_
