// SPDX-License-Identifier: Apache-2.0

// A machine's files, below a folder of the test's.

#ifndef TOOLBOXD_DEPLOYD_TESTING_TEST_ROOT_H_
#define TOOLBOXD_DEPLOYD_TESTING_TEST_ROOT_H_

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/short_temp_dir.h"

namespace toolboxd::deployd {

class TestRoot {
 public:
  // Writes a file, and the folders above it.
  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(dir_.path() + path).parent_path());
    std::ofstream(dir_.path() + path) << text;
  }
  void Remove(const std::string& path) { std::filesystem::remove_all(dir_.path() + path); }
  const std::string& path() const { return dir_.path(); }

  // A cloud-init of this version, as Debian installs it, which accepts customization.
  void InstallCloudInit(const std::string& version) {
    Write("/usr/lib/python3/dist-packages/cloudinit/version.py",
          "__VERSION__ = \"" + version + "\"\n_PACKAGED_VERSION = \"@@PACKAGED_VERSION@@\"\n");
    Write("/etc/cloud/cloud.cfg", "users:\n   - default\n\ndisable_root: true\n");
    Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg",
          "datasource_list: [ NoCloud, OVF, VMware, None ]\n");
    Write("/etc/cloud/cloud.cfg.d/99-vmware.cfg", "disable_vmware_customization: false\n");
  }

 private:
  ShortTempDir dir_;
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_TESTING_TEST_ROOT_H_
