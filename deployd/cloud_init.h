// SPDX-License-Identifier: Apache-2.0

// Whether cloud-init would take a customization (docs/protocol/customization.md 9.5). Everything is
// read from files, and nothing is executed.

#ifndef TOOLBOXD_DEPLOYD_CLOUD_INIT_H_
#define TOOLBOXD_DEPLOYD_CLOUD_INIT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

// A setting's file and its text; both empty if no file has the setting.
struct FoundSetting {
  // The path on the machine, without the root.
  std::string file;
  std::string value;
};

struct CloudInit {
  // Such as "22.4.2"; empty if it is not installed.
  std::string version;
  // The administrator's file that switches cloud-init off; empty if there is none.
  std::string switched_off_by;
  FoundSetting disable_vmware_customization;
  // The name of the data source that reads customizations: OVF before 23.1, VMware since.
  std::string source;
  FoundSetting allow_raw_data;
  // The administrator's list of data sources.
  FoundSetting datasource_list;
  // Files of cloud-init that this process cannot read.
  std::vector<std::string> unreadable;
  // What the search for data sources (ds-identify) of this boot has left.
  struct Search {
    // The search found `source`.
    bool found = false;
    // The file that shows that it did not; empty if there is none.
    std::string not_found_by;
    // Only a later boot will search: the program is there, and this boot has no result.
    bool to_come = false;
    // The search considers customization allowed: it reads the setting by rules of its own.
    bool allowed = false;
  };
  Search search;
};

// Finds cloud-init below `root` ("" for this machine). The version is that of the installed
// package's cloudinit/version.py, else of its metadata beside it, else of dpkg's status. A setting
// is that of the last file of /etc/cloud/cloud.cfg.d, by name, that has it, else of
// /etc/cloud/cloud.cfg. The search's result is in /run/cloud-init: `disabled`, or a datasource_list
// in cloud.cfg. Thread-safe.
CloudInit LookForCloudInit(const std::string& root);

// Whether cloud-init has finished in this boot, after which it looks for no customization.
// Thread-safe.
bool CloudInitHasFinished(const std::string& root);

// What a package holds for cloud-init.
enum class DataForm {
  // cust.cfg.
  kConfiguration,
  // Files metadata and userdata.
  kRaw,
};

struct Verdict {
  enum class Kind { kPossible, kMissing, kTooOld, kNotAllowed };
  Kind kind = Kind::kPossible;
  // Why not, and what to do about it; one line.
  std::string reason;
};

// Pure.
Verdict Judge(const CloudInit& found, DataForm form);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_CLOUD_INIT_H_
