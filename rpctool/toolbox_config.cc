// SPDX-License-Identifier: Apache-2.0

// config, logging and script of vmware-toolbox-cmd: what open-vm-tools keeps in tools.conf.

#include <errno.h>
#include <string.h>

#include <string>

#include "rpctool/toolbox_call.h"
#include "rpctool/tools_conf.h"

namespace toolboxd::rpctool {
namespace {

// Without a file, an empty one.
bool Read(const ToolboxCall& call, ToolsConf& conf) {
  return conf.Read(call.tools_conf) || errno == ENOENT;
}

int NotWritten(const ToolboxCall& call, int error) {
  return call.Fail(
      kTempFail, std::string("Error writing config: ") + call.tools_conf + ": " + strerror(error));
}

int Change(const ToolboxCall& call, const std::string& section, const std::string& key,
           std::string_view value) {
  ToolsConf conf;
  // A file that cannot be read is not replaced.
  if (!Read(call, conf)) return NotWritten(call, errno);
  if (!conf.Set(section, key, value)) return NotWritten(call, EINVAL);
  return conf.Write(call.tools_conf) ? 0 : NotWritten(call, errno);
}

int Remove(const ToolboxCall& call, std::string_view section, std::string_view key) {
  ToolsConf conf;
  if (!conf.Read(call.tools_conf)) {
    return errno == ENOENT ? kUnavailable : NotWritten(call, errno);
  }
  conf.Remove(section, key);
  return conf.Write(call.tools_conf) ? 0 : NotWritten(call, errno);
}

int Get(const ToolboxCall& call, const std::string& section, const std::string& key) {
  ToolsConf conf;
  const bool there_is_a_file = conf.Read(call.tools_conf);
  const std::string name = "[" + section + "] " + key;
  const std::optional<std::string> value = conf.Get(section, key);
  const int printed = call.Print(value.has_value() ? name + " = " + *value : name + " UNSET");
  return there_is_a_file ? printed : kUnavailable;
}

bool IsLevel(std::string_view level) {
  for (const char* known : {"error", "critical", "warning", "info", "message", "debug"}) {
    if (level == known) return true;
  }
  return false;
}

}  // namespace

int ConfigCommand(const ToolboxCall& call) {
  if (!call.has(1)) return call.Missing("config section");
  if (!call.has(2)) return call.Missing("config key");
  const std::string_view operation = call.argument(0);
  const std::string section(call.argument(1)), key(call.argument(2));
  if (operation == "get") return Get(call, section, key);
  if (operation == "remove") return Remove(call, section, key);
  if (operation != "set") return call.Unknown("subcommand", operation);
  if (!call.has(3)) return call.Missing("config value");
  return Change(call, section, key, call.argument(3));
}

int LoggingCommand(const ToolboxCall& call) {
  if (!call.has(1)) return call.Missing("logging operation");
  if (!call.has(2)) return call.Missing("logging servicename");
  if (call.argument(0) != "level") return call.Unknown("subcommand", call.argument(0));
  const std::string_view operation = call.argument(1);
  const std::string key = std::string(call.argument(2)) + ".level";
  if (operation == "get") {
    ToolsConf conf;
    if (!Read(call, conf)) return call.Fail(kTempFail, strerror(errno));
    return call.Print(key + " = " + conf.Get("logging", key).value_or("message"));
  }
  if (operation != "set") return call.Unknown("subcommand", operation);
  if (!call.has(3)) return call.Missing("logging level");
  if (!IsLevel(call.argument(3))) return call.Unknown("logging level", call.argument(3));
  return Change(call, "logging", key, call.argument(3));
}

// The scripts of open-vm-tools are one for each event; here they are a folder's.
int ScriptCommand(const ToolboxCall& call) {
  struct Event {
    const char* type;
    const char* folder;
  };
  constexpr Event kEvents[] = {
      {"power", "poweron"}, {"shutdown", "halt"}, {"suspend", "suspend"}, {"resume", "resume"}};
  for (const Event& event : kEvents) {
    if (call.argument(0) != event.type) continue;
    if (!call.has(1)) return call.Missing("subcommand");
    const std::string_view operation = call.argument(1);
    const std::string folder = std::string("/etc/toolboxd/power.d/") + event.folder;
    if (operation == "default" || operation == "current") return call.Print(folder);
    if (operation == "set" && !call.has(2)) return call.Missing("script path");
    if (operation == "enable" || operation == "disable" || operation == "set") {
      return call.Fail(kTempFail, "the scripts of this event are all executable files in " +
                                      folder + ": add or remove them there");
    }
    return call.Unknown("subcommand", operation);
  }
  return call.Unknown("script type", call.argument(0));
}

}  // namespace toolboxd::rpctool
