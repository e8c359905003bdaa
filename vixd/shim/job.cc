// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

namespace toolboxd::vixd {
namespace {

class Writer {
 public:
  template <typename Integer>
  void Add(Integer value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void Add(const std::string& bytes) {
    Add(static_cast<uint32_t>(bytes.size()));
    text_ += bytes;
  }
  void Add(const std::vector<std::string>& list) {
    Add(static_cast<uint32_t>(list.size()));
    for (const std::string& bytes : list) Add(bytes);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// After the first failure every read fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  template <typename Integer>
  void Take(Integer& value) {
    if (text_.size() < sizeof value) return Fail();
    memcpy(&value, text_.data(), sizeof value);
    text_.remove_prefix(sizeof value);
  }
  void Take(std::string& bytes) {
    uint32_t size = 0;
    Take(size);
    if (size > text_.size()) return Fail();
    bytes = text_.substr(0, size);
    text_.remove_prefix(size);
  }
  void Take(std::vector<std::string>& list) {
    uint32_t count = 0;
    Take(count);
    for (uint32_t i = 0; i < count && ok_; ++i) Take(list.emplace_back());
  }
  bool Done() const { return ok_ && text_.empty(); }

 private:
  void Fail() {
    ok_ = false;
    text_ = {};
  }

  std::string_view text_;
  bool ok_ = true;
};

// The fields, in the order of their encoding.
template <typename Visitor, typename Job>
void Visit(Job& job, const Visitor& visit) {
  visit(job.output_limit);
  visit(job.spool_limit);
  visit(job.name);
  visit(job.command_line);
  visit(job.directory);
  visit(job.shell);
  visit(job.script);
  visit(job.environment);
  visit(job.direct);
  visit(job.direct_environment);
}

bool ReadAll(int stream, char* out, size_t size) {
  while (size > 0) {
    const ssize_t got = read(stream, out, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out += got;
    size -= got;
  }
  return true;
}

}  // namespace

std::string EncodeJob(const ShimJob& job) {
  Writer body;
  body.Add(static_cast<uint8_t>(job.with_io));
  Visit(job, [&body](const auto& field) { body.Add(field); });
  const std::string text = body.Take();
  if (text.size() > kMaxJobSize) return "";
  Writer frame;
  frame.Add(text);
  return frame.Take();
}

std::optional<ShimJob> DecodeJob(std::string_view text) {
  if (text.size() > kMaxJobSize) return std::nullopt;
  Reader reader(text);
  ShimJob job;
  uint8_t with_io = 0;
  reader.Take(with_io);
  Visit(job, [&reader](auto& field) { reader.Take(field); });
  if (!reader.Done() || with_io > 1) return std::nullopt;
  job.with_io = with_io != 0;
  return job;
}

std::optional<ShimJob> ReceiveJob(int stream) {
  uint32_t size = 0;
  if (!ReadAll(stream, reinterpret_cast<char*>(&size), sizeof size) || size > kMaxJobSize) {
    return std::nullopt;
  }
  std::string text(size, '\0');
  if (!ReadAll(stream, text.data(), text.size())) return std::nullopt;
  return DecodeJob(text);
}

}  // namespace toolboxd::vixd
