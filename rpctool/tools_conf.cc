// SPDX-License-Identifier: Apache-2.0

#include "rpctool/tools_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/small_file.h"
#include "base/unique_fd.h"

namespace toolboxd::rpctool {
namespace {

// As GLib has them.
constexpr std::string_view kBlanks = " \t\r\f";

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool IsSection(std::string_view line, std::string_view* name) {
  line = Trim(line);
  if (line.size() < 2 || line.front() != '[' || line.back() != ']') return false;
  *name = line.substr(1, line.size() - 2);
  return true;
}

// The value of `line` if it is of this key.
std::optional<std::string_view> ValueOf(std::string_view line, std::string_view key) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos || Trim(line.substr(0, equals)) != key) return std::nullopt;
  // As in GLib: blanks at a value's end are its own, and the line may end as those of DOS do.
  line.remove_prefix(equals + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  return line;
}

std::string Unescape(std::string_view value) {
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\') {
      text += value[i];
      continue;
    }
    // GLib drops one at the end.
    if (++i == value.size()) break;
    switch (value[i]) {
      case 's':
        text += ' ';
        break;
      case 'n':
        text += '\n';
        break;
      case 't':
        text += '\t';
        break;
      case 'r':
        text += '\r';
        break;
      case '\\':
        text += '\\';
        break;
      default:
        text += {'\\', value[i]};
    }
  }
  return text;
}

std::string Escape(std::string_view value) {
  std::string text;
  bool leading = true;
  for (const char c : value) {
    // Blanks at the beginning only, since others survive.
    if (c == '\n')
      text += "\\n";
    else if (c == '\r')
      text += "\\r";
    else if (c == '\\')
      text += "\\\\";
    else if (leading && c == ' ')
      text += "\\s";
    else if (leading && c == '\t')
      text += "\\t";
    else
      text += c;
    leading = leading && (c == ' ' || c == '\t');
  }
  return text;
}

bool IsName(std::string_view text, std::string_view forbidden) {
  if (text.empty() || Trim(text) != text) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || forbidden.find(c) != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(written);
  }
  return fsync(fd) == 0;
}

}  // namespace

bool ToolsConf::Read(const char* path) {
  std::string text;
  errno = ReadSmallFile(path, kMaxSize + 1, text);
  if (errno != 0) return false;
  if (text.size() > kMaxSize) {
    errno = EFBIG;
    return false;
  }
  Parse(text);
  return true;
}

void ToolsConf::Parse(std::string_view text) {
  lines_.clear();
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines_.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

std::optional<ToolsConf::Place> ToolsConf::Find(std::string_view section,
                                                std::string_view key) const {
  std::optional<Place> place;
  bool inside = false;
  for (size_t i = 0; i < lines_.size(); ++i) {
    std::string_view name;
    if (IsSection(lines_[i], &name)) {
      inside = name == section;
    } else if (!inside || lines_[i].starts_with('#')) {
      // A comment ends no section, and a key is not added behind one that is left alone.
      if (!inside || (place.has_value() && place->has_key)) continue;
    } else if (ValueOf(lines_[i], key).has_value()) {
      place = Place{i, true};
      continue;
    }
    const bool empty = Trim(lines_[i]).empty();
    if (inside && !empty && !(place.has_value() && place->has_key)) place = Place{i, false};
  }
  return place;
}

std::optional<std::string> ToolsConf::Get(std::string_view section, std::string_view key) const {
  const std::optional<Place> place = Find(section, key);
  if (!place.has_value() || !place->has_key) return std::nullopt;
  return Unescape(*ValueOf(lines_[place->line], key));
}

bool ToolsConf::Set(std::string_view section, std::string_view key, std::string_view value) {
  if (!IsName(section, "[]") || !IsName(key, "=[]#")) return false;
  const std::string line = std::string(key) + "=" + Escape(value);
  const std::optional<Place> place = Find(section, key);
  if (place.has_value() && place->has_key) {
    lines_[place->line] = line;
  } else if (place.has_value()) {
    lines_.insert(lines_.begin() + place->line + 1, line);
  } else {
    if (!lines_.empty() && !Trim(lines_.back()).empty()) lines_.emplace_back();
    lines_.push_back("[" + std::string(section) + "]");
    lines_.push_back(line);
  }
  return true;
}

void ToolsConf::Remove(std::string_view section, std::string_view key) {
  for (;;) {
    const std::optional<Place> place = Find(section, key);
    if (!place.has_value() || !place->has_key) return;
    lines_.erase(lines_.begin() + place->line);
  }
}

std::string ToolsConf::Text() const {
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  return text;
}

bool ToolsConf::Write(const char* path) const {
  const std::string target = path;
  mkdir(target.substr(0, target.rfind('/')).c_str(), 0755);
  std::string temporary = target + ".XXXXXX";
  const UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.ok()) return false;
  if (WriteAll(fd.get(), Text()) && fchmod(fd.get(), 0644) == 0 &&
      rename(temporary.c_str(), path) == 0) {
    return true;
  }
  const int error = errno;
  unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace toolboxd::rpctool
