// SPDX-License-Identifier: Apache-2.0

// transfer_bench HGFSD [MIB]: measures the throughput of hgfsd and the memory it takes.
//
// Starts the program on one end of a socket pair, as session does, and transfers through the other
// in the host's packets of 61,440 bytes. Works in a new directory under $TMPDIR or /tmp and removes
// it.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "grpcpp/create_channel_posix.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"

namespace {

namespace fs = std::filesystem;
namespace v1 = toolboxd::v1;

constexpr size_t kPacket = 61440;

// Private memory of a process in KiB.
int64_t PrivateKib(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  int64_t total = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("Private_", 0) == 0) total += atoll(line.c_str() + line.find(':') + 1);
  }
  return total;
}

class Bench {
 public:
  Bench(const char* program, const std::string& folder) : folder_(folder) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) abort();
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[0], 3);
      fcntl(3, F_SETFD, 0);
      execl(program, "hgfsd", nullptr);
      perror(program);
      _exit(127);
    }
    close(ends[0]);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    stub_ = v1::FileHandler::NewStub(grpc::CreateInsecureChannelFromFd("hgfsd", ends[1]));
  }
  ~Bench() {
    stub_.reset();
    waitpid(child_, nullptr, 0);
  }

  // Runs `transfer`, which returns its bytes; measures its time and hgfsd's peak memory.
  void Measure(const char* what, const std::function<int64_t()>& transfer) {
    std::atomic<bool> done = false;
    int64_t peak = 0;
    const int64_t before = PrivateKib(child_);
    std::thread watch([&] {
      while (!done) {
        peak = std::max(peak, PrivateKib(child_));
        usleep(20000);
      }
    });
    const auto start = std::chrono::steady_clock::now();
    const int64_t bytes = transfer();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    done = true;
    watch.join();
    printf("%-34s %8.1f MiB %8.2f s %8.0f MiB/s   private %6ld KiB before, %6ld KiB at most\n",
           what, bytes / 1048576.0, time.count(), bytes / 1048576.0 / time.count(), before, peak);
  }

  int64_t Write(const std::string& path, int64_t size) {
    const std::string data(kPacket, 'x');
    return Send(path, [&, left = size]() mutable {
      const size_t next = std::min<int64_t>(left, data.size());
      left -= next;
      return data.substr(0, next);
    });
  }

  // Reads to the end and passes the content to `sink`.
  int64_t Read(const std::string& path, const std::function<void(const std::string&)>& sink) {
    grpc::ClientContext context;
    v1::ReadRequest request;
    request.set_path(path);
    request.set_chunk_size(kPacket);
    auto stream = stub_->Read(&context, request);
    int64_t bytes = 0;
    for (v1::ReadReply reply; stream->Read(&reply);) {
      bytes += reply.data().size();
      if (sink) sink(reply.data());
    }
    Check(stream->Finish());
    return bytes;
  }

  // Uploads what `next` returns, until that is empty.
  int64_t Send(const std::string& path, const std::function<std::string()>& next) {
    grpc::ClientContext context;
    v1::WriteReply reply;
    auto stream = stub_->Write(&context, &reply);
    v1::WriteRequest open;
    open.mutable_open()->set_path(path);
    open.mutable_open()->set_mode(v1::OpenForWriting::CREATE_OR_TRUNCATE);
    stream->Write(open);
    stream->WaitForInitialMetadata();
    int64_t bytes = 0;
    v1::WriteRequest request;
    request.mutable_chunk()->set_append(true);
    while (true) {
      *request.mutable_chunk()->mutable_data() = next();
      if (request.chunk().data().empty()) break;
      bytes += request.chunk().data().size();
      if (!stream->Write(request)) break;
    }
    v1::WriteRequest commit;
    commit.mutable_commit();
    stream->Write(commit);
    stream->WritesDone();
    Check(stream->Finish());
    return bytes;
  }

 private:
  static void Check(const grpc::Status& status) {
    if (status.ok()) return;
    fprintf(stderr, "failed: %s\n", status.error_message().c_str());
    exit(1);
  }

  std::string folder_;
  pid_t child_ = -1;
  std::unique_ptr<v1::FileHandler::Stub> stub_;
};

// Downloads an archive to a file, then uploads that file into a new directory.
void MeasureArchive(Bench& bench, const fs::path& folder, const char* name, const char* query) {
  const fs::path packed = folder / "packed";
  std::ofstream out(packed, std::ios::binary);
  bench.Measure((std::string("pack ") + name).c_str(), [&] {
    return bench.Read((folder / name).string() + query,
                      [&](const std::string& data) { out.write(data.data(), data.size()); });
  });
  out.close();
  fs::resize_file(packed, fs::file_size(packed) - 3);  // The trailer.
  std::ifstream in(packed, std::ios::binary);
  fs::create_directory(folder / "unpacked");
  bench.Measure((std::string("unpack ") + name).c_str(), [&] {
    return bench.Send((folder / "unpacked").string(), [&] {
      std::string data(kPacket, '\0');
      in.read(data.data(), data.size());
      data.resize(in.gcount());
      return data;
    });
  });
  fs::remove_all(folder / "unpacked");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: transfer_bench HGFSD [MIB]\n");
    return 2;
  }
  const int64_t size = (argc > 2 ? atoll(argv[2]) : 1024) << 20;
  const char* base = getenv("TMPDIR");
  std::string name = std::string(base != nullptr ? base : "/tmp") + "/transfer_bench-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return 1;
  const fs::path folder = name;
  {
    Bench bench(argv[1], name);
    const std::string file = folder / "file";
    bench.Measure("write", [&] { return bench.Write(file, size); });
    bench.Measure("read", [&] { return bench.Read(file, nullptr); });
    fs::create_directory(folder / "one-file");
    fs::rename(file, folder / "one-file" / "file");
    MeasureArchive(bench, folder, "one-file", "");
    MeasureArchive(bench, folder, "one-file", "?format=tgz");
    fs::create_directory(folder / "many-files");
    for (int i = 0; i < 100000; ++i) {
      std::ofstream(folder / "many-files" / std::to_string(i)) << i;
    }
    MeasureArchive(bench, folder, "many-files", "");
  }
  fs::remove_all(folder);
  return 0;
}
