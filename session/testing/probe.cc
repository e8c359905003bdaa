// SPDX-License-Identifier: Apache-2.0

// Stands in for a service: reports on its connection what session gave it, one
// "name=value" a line and "end", then waits for the connection to end.

#include <dirent.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string>

extern char** environ;

namespace {

void ReportFile(FILE* out, const char* path, const char* line_start) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(line_start, 0) == 0) fprintf(out, "%s\n", line.c_str());
  }
}

void ReportIds(FILE* out) {
  uid_t uids[3];
  gid_t gids[3];
  getresuid(&uids[0], &uids[1], &uids[2]);
  getresgid(&gids[0], &gids[1], &gids[2]);
  fprintf(out, "uids=%d %d %d\ngids=%d %d %d\n", uids[0], uids[1], uids[2], gids[0], gids[1],
          gids[2]);
  gid_t list[64];
  const int count = getgroups(64, list);
  std::set<std::string> names;
  for (int i = 0; i < count; ++i) names.insert(getgrgid(list[i])->gr_name);
  fprintf(out, "groups=");
  for (const std::string& name : names) fprintf(out, "%s ", name.c_str());
  fprintf(out, "\nback=%s\n", setuid(0) == 0 || seteuid(0) == 0 ? "yes" : "no");
}

void ReportDescriptors(FILE* out) {
  fprintf(out, "fds=");
  DIR* dir = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(dir)) {
    const int fd = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != dirfd(dir)) fprintf(out, "%d ", fd);
  }
  closedir(dir);
  fprintf(out, "\nstreams=");
  for (const char* fd : {"0", "1", "2"}) {
    char target[256] = "";
    (void)!readlink((std::string("/proc/self/fd/") + fd).c_str(), target, sizeof target - 1);
    fprintf(out, "%s ", target);
  }
  fprintf(out, "\n");
}

}  // namespace

int main(int argc, char** argv) {
  char* buffer = nullptr;
  size_t size = 0;
  FILE* out = open_memstream(&buffer, &size);
  ReportIds(out);
  ReportDescriptors(out);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    fprintf(out, "env %s\n", *variable);
  }
  const mode_t mask = umask(0);
  fprintf(out, "umask=%04o\n", mask);
  rlimit limit;
  getrlimit(RLIMIT_NPROC, &limit);
  fprintf(out, "nproc=%lu\n", static_cast<unsigned long>(limit.rlim_cur));
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  fprintf(out, "death_signal=%d\n", death_signal);
  char cwd[4096];
  fprintf(out, "cwd=%s\n", getcwd(cwd, sizeof cwd));
  fprintf(out, "argv=");
  for (int i = 0; i < argc; ++i) fprintf(out, "%s ", argv[i]);
  fprintf(out, "\n");
  fprintf(out, "leader=%s\n", getsid(0) == getpid() ? "yes" : "no");
  fprintf(out, "pid=%d\n", getpid());
  for (const char* line : {"Sig", "CapEff", "CapPrm"}) ReportFile(out, "/proc/self/status", line);
  std::string login_id;
  std::ifstream("/proc/self/loginuid") >> login_id;
  fprintf(out, "loginuid=%s\n", login_id.c_str());
  fprintf(out, "end\n");
  fclose(out);
  const bool written = write(3, buffer, size) == static_cast<ssize_t>(size);
  free(buffer);
  if (!written) return 1;

  char byte;
  while (read(3, &byte, 1) > 0) {
  }
  return 0;
}
