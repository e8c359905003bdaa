// SPDX-License-Identifier: Apache-2.0

// hgfsd's services over files in memory, with faults on demand.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_FAKE_HGFSD_H_
#define TOOLBOXD_TRANSPORTD_TESTING_FAKE_HGFSD_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "toolboxd/v1/files.grpc.pb.h"

namespace toolboxd::testing {

// One file or directory.
struct FakeFile {
  v1::FileInfo info;
  std::string content;
};

// Stores what it gets and answers from it, without permissions and links. Thread-safe.
class FakeHgfsd {
 public:
  FakeHgfsd();
  ~FakeHgfsd();

  grpc::Service* files();
  grpc::Service* handler();

  void Put(const std::string& path, const std::string& content);
  void PutDirectory(const std::string& path);
  // Empty where there is no such file; see Has().
  FakeFile Get(const std::string& path) const;
  bool Has(const std::string& path) const;

  // Whether uploads are answered with kFileOpened, as hgfsd does.
  std::atomic<bool> tells_opened{true};
  // Every call waits until it is cancelled.
  std::atomic<bool> hang{false};
  // Reads and writes fail with this reason after the first chunk; 0 for none.
  std::atomic<int> fail_after_first_chunk{0};
  // Uploads end with success after the first chunk.
  std::atomic<bool> end_after_first_chunk{false};
  // The message of that failure. To be set before a call.
  std::string failure = "failed";
  // Read streams that were opened, to see restarts.
  std::atomic<int> reads{0};
  // Bytes of content that gRPC has taken from read streams.
  std::atomic<uint64_t> sent{0};
  // Bytes of content that came in write streams.
  std::atomic<uint64_t> received{0};

 private:
  class FilesService;
  class HandlerService;

  grpc::Status Failure() const;

  mutable absl::Mutex mutex_;
  std::map<std::string, FakeFile> files_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<FilesService> files_service_;
  std::unique_ptr<HandlerService> handler_service_;
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_FAKE_HGFSD_H_
