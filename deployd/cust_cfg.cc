// SPDX-License-Identifier: Apache-2.0

#include "deployd/cust_cfg.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "deployd/limits.h"

namespace toolboxd::deployd {
namespace {

using Section = std::map<std::string, std::string, std::less<>>;
using Sections = std::map<std::string, Section, std::less<>>;

absl::Status AtLine(int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("cust.cfg, line ", line, ": ", what));
}

// Wiped, since a password is one of the values.
struct File {
  Sections sections;
  ~File() {
    for (auto& section : sections) {
      for (auto& key : section.second) Wipe(key.second);
    }
  }
};

class LineReader {
 public:
  explicit LineReader(File& file) : file_(file) {}

  absl::Status Take(absl::string_view raw) {
    ++line_;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') return absl::OkStatus();
    return line[0] == '[' ? Begin(line) : Assign(line);
  }

 private:
  absl::Status Begin(absl::string_view line) {
    const size_t end = line.find(']');
    if (end == absl::string_view::npos) return AtLine(line_, "a section without \"]\"");
    const auto made = file_.sections.try_emplace(std::string(line.substr(1, end - 1)));
    if (!made.second) return AtLine(line_, "a section that is there already");
    section_ = &made.first->second;
    return Count();
  }

  absl::Status Assign(absl::string_view line) {
    const size_t equal = line.find_first_of("=:");
    if (equal == absl::string_view::npos || equal == 0) return AtLine(line_, "not KEY = VALUE");
    if (section_ == nullptr) return AtLine(line_, "a key outside a section");
    const absl::string_view key = absl::StripAsciiWhitespace(line.substr(0, equal));
    const absl::string_view value = absl::StripAsciiWhitespace(line.substr(equal + 1));
    if (!section_->emplace(std::string(key), std::string(value)).second) {
      return AtLine(line_, "a key that is there already");
    }
    return Count();
  }

  absl::Status Count() {
    if (++keys_ <= kMaxCustCfgKeys) return absl::OkStatus();
    return AtLine(line_, absl::StrCat("more than ", kMaxCustCfgKeys, " keys"));
  }

  File& file_;
  Section* section_ = nullptr;
  size_t keys_ = 0;
  int line_ = 0;
};

absl::Status ReadFile(absl::string_view text, File& file) {
  if (text.size() > kMaxCustCfgBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("cust.cfg has more than ", kMaxCustCfgBytes >> 10, " KiB"));
  }
  if (!IsUtf8({text.data(), text.size()}) || absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError("cust.cfg is not text in UTF-8");
  }
  LineReader reader(file);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::Status status = reader.Take(line); !status.ok()) return status;
  }
  return absl::OkStatus();
}

class Values {
 public:
  explicit Values(const Section* section) : section_(section) {}

  std::string Text(absl::string_view key) const {
    if (section_ == nullptr) return "";
    const auto found = section_->find(key);
    return found == section_->end() ? "" : found->second;
  }
  bool Yes(absl::string_view key) const {
    const std::string text = absl::AsciiStrToLower(Text(key));
    return text == "yes" || text == "true";
  }
  // KEY|1, KEY|2 … by their numbers, whatever the order in the file; empty ones left out.
  std::vector<std::string> Numbered(absl::string_view key) const {
    std::map<uint32_t, std::string> found;
    if (section_ != nullptr) {
      for (auto i = section_->lower_bound(absl::StrCat(key, "|"));
           i != section_->end() && absl::StartsWith(i->first, absl::StrCat(key, "|")); ++i) {
        uint32_t number = 0;
        const bool numeric = absl::SimpleAtoi(i->first.substr(key.size() + 1), &number);
        if (numeric && !i->second.empty()) found.emplace(number, i->second);
      }
    }
    std::vector<std::string> values;
    values.reserve(found.size());
    for (auto& value : found) values.push_back(std::move(value.second));
    return values;
  }

 private:
  const Section* section_;
};

std::vector<std::string> List(absl::string_view text) {
  std::vector<std::string> values;
  for (const absl::string_view value : absl::StrSplit(text, ',')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(value);
    if (!stripped.empty()) values.emplace_back(stripped);
  }
  return values;
}

Adapter ToAdapter(const std::string& name, const Section& section) {
  const Values values(&section);
  Adapter adapter;
  adapter.name = name;
  adapter.mac_address = values.Text("MACADDR");
  adapter.primary = values.Yes("PRIMARY");
  adapter.on_boot = values.Yes("ONBOOT");
  adapter.ipv4_mode = values.Text("IPv4_MODE");
  adapter.boot_protocol = values.Text("BOOTPROTO");
  adapter.ip_address = values.Text("IPADDR");
  adapter.netmask = values.Text("NETMASK");
  adapter.gateways = List(values.Text("GATEWAY"));
  for (const auto& key : section) {
    uint32_t number = 0;
    if (!absl::StartsWith(key.first, "IPv6ADDR|") ||
        !absl::SimpleAtoi(key.first.substr(9), &number)) {
      continue;
    }
    const std::string suffix = key.first.substr(8);
    adapter.ipv6.push_back({key.second, values.Text(absl::StrCat("IPv6NETMASK", suffix)),
                            values.Text(absl::StrCat("IPv6GATEWAY", suffix))});
  }
  return adapter;
}

class JsonObject {
 public:
  void Add(absl::string_view name, absl::string_view text) {
    if (!text.empty()) AddRaw(name, Quoted(text));
  }
  void Add(absl::string_view name, bool value) {
    if (value) AddRaw(name, "true");
  }
  void Add(absl::string_view name, const std::vector<std::string>& values) {
    std::vector<std::string> quoted;
    quoted.reserve(values.size());
    for (const std::string& value : values) quoted.push_back(Quoted(value));
    AddList(name, quoted);
  }
  // The values are JSON already.
  void AddList(absl::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string list;
    for (const std::string& value : values) absl::StrAppend(&list, list.empty() ? "" : ",", value);
    AddRaw(name, absl::StrCat("[", list, "]"));
  }
  std::string text() const { return absl::StrCat("{", fields_, "}"); }

 private:
  void AddRaw(absl::string_view name, absl::string_view value) {
    absl::StrAppend(&fields_, fields_.empty() ? "" : ",", Quoted(name), ":", value);
  }

  static std::string Quoted(absl::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out += {'\\', c};
      } else if (static_cast<unsigned char>(c) < 0x20) {
        absl::StrAppend(&out, "\\u", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad4));
      } else {
        out += c;
      }
    }
    return out + "\"";
  }

  std::string fields_;
};

std::string AdapterJson(const Adapter& adapter) {
  JsonObject json;
  json.Add("name", adapter.name);
  json.Add("mac_address", adapter.mac_address);
  json.Add("primary", adapter.primary);
  json.Add("on_boot", adapter.on_boot);
  json.Add("ipv4_mode", adapter.ipv4_mode);
  json.Add("boot_protocol", adapter.boot_protocol);
  json.Add("ip_address", adapter.ip_address);
  json.Add("netmask", adapter.netmask);
  json.Add("gateways", adapter.gateways);
  std::vector<std::string> addresses;
  for (const Adapter::Ipv6& ipv6 : adapter.ipv6) {
    JsonObject address;
    address.Add("address", ipv6.address);
    address.Add("prefix_length", ipv6.prefix_length);
    address.Add("gateway", ipv6.gateway);
    addresses.push_back(address.text());
  }
  json.AddList("ipv6", addresses);
  return json.text();
}

}  // namespace

CustCfg::~CustCfg() { Wipe(password); }

absl::StatusOr<CustCfg> ParseCustCfg(absl::string_view text) {
  File file;
  if (absl::Status status = ReadFile(text, file); !status.ok()) return status;
  const auto section = [&file](absl::string_view name) {
    const auto found = file.sections.find(name);
    return Values(found == file.sections.end() ? nullptr : &found->second);
  };
  CustCfg result;
  result.host_name = section("NETWORK").Text("HOSTNAME");
  result.domain_name = section("NETWORK").Text("DOMAINNAME");
  for (const std::string& name : List(section("NIC-CONFIG").Text("NICS"))) {
    const auto found = file.sections.find(name);
    if (found == file.sections.end()) {
      return absl::InvalidArgumentError(
          "cust.cfg: NICS names a section that is missing, or names it twice");
    }
    if (result.adapters.size() >= kMaxAdapters) {
      return absl::InvalidArgumentError(
          absl::StrCat("cust.cfg: NICS names more than ", kMaxAdapters, " adapters"));
    }
    result.adapters.push_back(ToAdapter(name, found->second));
    // A section that is named twice would be copied twice.
    file.sections.erase(found);
  }
  result.dns_from_dhcp = section("DNS").Yes("DNSFROMDHCP");
  result.dns_suffixes = section("DNS").Numbered("SUFFIX");
  result.name_servers = section("DNS").Numbered("NAMESERVER");
  result.time_zone = section("DATETIME").Text("TIMEZONE");
  result.utc = absl::AsciiStrToLower(section("DATETIME").Text("UTC"));
  result.password = section("PASSWORD").Text("-PASS");
  result.expire_passwords = section("PASSWORD").Yes("RESET");
  result.script_name = section("CUSTOM-SCRIPT").Text("SCRIPT-NAME");
  result.marker_id = section("MISC").Text("MARKER-ID");
  result.post_status = section("MISC").Yes("POST-GC-STATUS");
  result.run_default_script = section("MISC").Yes("DEFAULT-RUN-POST-CUST-SCRIPT");
  result.instance_id = section("MISC").Text("INSTANCE-ID");
  result.metadata = section("CLOUDINIT").Text("METADATA");
  result.userdata = section("CLOUDINIT").Text("USERDATA");
  result.compatibility = section("GOSC").Text("COMPATIBILITY");
  result.source = section("CUSTOM-SOURCE").Text("CUSTOMIZATION_SOURCE");
  return result;
}

std::string ToJson(const CustCfg& configuration) {
  JsonObject json;
  json.Add("host_name", configuration.host_name);
  json.Add("domain_name", configuration.domain_name);
  std::vector<std::string> adapters;
  for (const Adapter& adapter : configuration.adapters) adapters.push_back(AdapterJson(adapter));
  json.AddList("adapters", adapters);
  json.Add("dns_from_dhcp", configuration.dns_from_dhcp);
  json.Add("dns_suffixes", configuration.dns_suffixes);
  json.Add("name_servers", configuration.name_servers);
  json.Add("time_zone", configuration.time_zone);
  json.Add("utc", configuration.utc);
  json.Add("password", configuration.password);
  json.Add("expire_passwords", configuration.expire_passwords);
  json.Add("script_name", configuration.script_name);
  json.Add("marker_id", configuration.marker_id);
  json.Add("post_status", configuration.post_status);
  json.Add("run_default_script", configuration.run_default_script);
  json.Add("instance_id", configuration.instance_id);
  json.Add("metadata", configuration.metadata);
  json.Add("userdata", configuration.userdata);
  json.Add("compatibility", configuration.compatibility);
  json.Add("source", configuration.source);
  return json.text();
}

}  // namespace toolboxd::deployd
