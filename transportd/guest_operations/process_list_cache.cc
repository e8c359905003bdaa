// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/process_list_cache.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace toolboxd {

std::string ProcessListCache::First(const std::string& user, std::string list, absl::Time now) {
  for (auto entry = lists_.begin(); entry != lists_.end();) {
    entry = now - entry->second.made >= kRetention ? lists_.erase(entry) : std::next(entry);
  }
  if (list.size() <= page_size_) return list;
  size_t held = list.size();
  for (const auto& [key, entry] : lists_) held += entry.text.size();
  // The oldest has the smallest key.
  while (lists_.size() >= kMaxLists || (held > kMaxBytes && !lists_.empty())) {
    held -= lists_.begin()->second.text.size();
    lists_.erase(lists_.begin());
  }
  const uint32_t key = next_key_++;
  if (next_key_ == 0) next_key_ = 1;
  std::string page =
      absl::StrCat("<key>", key, "</key><totalSize>", list.size(), "</totalSize><leftToSend>",
                   list.size() - page_size_, "</leftToSend>", list.substr(0, page_size_));
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
  const std::string page = found->second.text.substr(offset, page_size_);
  const size_t left = found->second.text.size() - offset - page.size();
  if (left == 0) lists_.erase(found);
  return absl::StrCat("<leftToSend>", left, "</leftToSend>", page);
}

}  // namespace toolboxd
