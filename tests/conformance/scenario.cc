// SPDX-License-Identifier: Apache-2.0

#include "tests/conformance/scenario.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_join.h"

namespace toolboxd::conformance {
namespace {

void Check(bool ok, const std::string& path) {
  if (ok) return;
  std::perror(path.c_str());
  std::abort();
}

void GiveToOwnerOfFolder(const std::string& path) {
  struct stat folder {};
  Check(stat(path.substr(0, path.rfind('/')).c_str(), &folder) == 0, path);
  Check(lchown(path.c_str(), folder.st_uid, folder.st_gid) == 0, path);
}

}  // namespace

void Write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  Check(chmod(path.c_str(), 0644) == 0, path);
  GiveToOwnerOfFolder(path);
}

void MakeFolder(const std::string& path, unsigned mode) {
  Check(mkdir(path.c_str(), 0700) == 0 && chmod(path.c_str(), mode) == 0, path);
  GiveToOwnerOfFolder(path);
}

void Link(const std::string& target, const std::string& path) {
  Check(symlink(target.c_str(), path.c_str()) == 0, path);
  GiveToOwnerOfFolder(path);
}

void ChangeMode(const std::string& path, unsigned mode) {
  Check(chmod(path.c_str(), mode) == 0, path);
}

std::string Steps(const std::vector<std::string>& outcomes) {
  return absl::StrJoin(outcomes, " | ");
}

}  // namespace toolboxd::conformance
