// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/process_list_cache.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace toolboxd {

std::string ProcessListCache::First(const std::string& user, std::string list, absl::Time now) {
  for (auto entry = lists_.begin(); entry != lists_.end();) {
    const auto kept = entry++;
    if (now - kept->second.made >= kRetention) Forget(kept->first);
  }
  if (list.size() <= page_size_) return list;
  list.resize(std::min(list.size(), kMaxListBytes));
  const size_t size = std::max(list.size(), kMinBytes);
  while (const std::optional<uint32_t> victim = shares_.Victim(user, size)) Forget(*victim);
  const uint32_t key = next_key_++;
  if (next_key_ == 0) next_key_ = 1;
  std::string page =
      absl::StrCat("<key>", key, "</key><totalSize>", list.size(), "</totalSize><leftToSend>",
                   list.size() - page_size_, "</leftToSend>", list.substr(0, page_size_));
  shares_.Add(key, user, size);
  lists_[key] = {user, std::move(list), now};
  return page;
}

Outcome ProcessListCache::Next(const std::string& user, uint32_t key, uint32_t offset,
                               absl::Time now) {
  const auto found = lists_.find(key);
  if (found == lists_.end() || found->second.user != user ||
      now - found->second.made >= kRetention || offset > found->second.text.size()) {
    return vix::Error::kInvalidArgument;
  }
  shares_.Use(key);
  const std::string page = found->second.text.substr(offset, page_size_);
  const size_t left = found->second.text.size() - offset - page.size();
  if (left == 0) Forget(key);
  return absl::StrCat("<leftToSend>", left, "</leftToSend>", page);
}

void ProcessListCache::Forget(uint32_t key) {
  shares_.Remove(key);
  lists_.erase(key);
}

}  // namespace toolboxd
