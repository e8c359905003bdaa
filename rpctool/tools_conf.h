// SPDX-License-Identifier: Apache-2.0

// tools.conf: sections of keys and values, as GLib's key files are. toolboxd itself reads none of
// it; cloud-init and scripts ask for values through vmware-toolbox-cmd, and administrators set
// them.

#ifndef TOOLBOXD_RPCTOOL_TOOLS_CONF_H_
#define TOOLBOXD_RPCTOOL_TOOLS_CONF_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toolboxd::rpctool {

inline constexpr char kToolsConf[] = "/etc/vmware-tools/tools.conf";

// The lines of a file. What a change does not concern stays as it was, comments too.
class ToolsConf {
 public:
  // A longer file is not read at all.
  static constexpr size_t kMaxSize = 1 << 20;

  // False, with errno, if there is no file or it cannot be read; EFBIG over kMaxSize.
  bool Read(const char* path);
  // Any text is accepted: lines that are neither section, key nor comment mean nothing.
  void Parse(std::string_view text);

  // The value of the last such key of the section; its escapes \s \n \t \r \\ are resolved.
  std::optional<std::string> Get(std::string_view section, std::string_view key) const;
  // Replaces the value, or adds the key at the section's end and the section at the file's end.
  // False for a section or key that no file can hold: empty, or with a character of its own syntax.
  bool Set(std::string_view section, std::string_view key, std::string_view value);
  // Without effect if there is no such key.
  void Remove(std::string_view section, std::string_view key);

  std::string Text() const;
  // Replaces the file as a whole, with mode 0644, and creates its folder. False, with errno.
  bool Write(const char* path) const;

 private:
  // The last line of the section that has the key; or the section's last line that is not empty,
  // and false.
  struct Place {
    size_t line;
    bool has_key;
  };
  std::optional<Place> Find(std::string_view section, std::string_view key) const;

  std::vector<std::string> lines_;
};

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_TOOLS_CONF_H_
