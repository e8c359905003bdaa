// SPDX-License-Identifier: Apache-2.0

// crowd NAMESPACE COUNT FILE: so many processes that do nothing, in that namespace of processes,
// as long as FILE exists, which it creates once they are there. They end with it, whatever ends it,
// and after half an hour.

#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void be_one_of_them(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent, which is outside, may have ended before that.
  if (getppid() != 0) _exit(0);
  for (;;) pause();
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fputs("Usage: crowd NAMESPACE COUNT FILE\n", stderr);
    return 2;
  }
  alarm(30 * 60);
  if (setns(open(argv[1], O_RDONLY | O_CLOEXEC), CLONE_NEWPID) != 0) {
    perror(argv[1]);
    return 1;
  }
  for (long left = atol(argv[2]); left > 0; --left) {
    const pid_t child = fork();
    if (child == 0) be_one_of_them();
    if (child < 0) {
      perror("crowd: fork");
      return 1;
    }
  }
  FILE* file = fopen(argv[3], "w");
  if (file == NULL) {
    perror(argv[3]);
    return 1;
  }
  fclose(file);
  while (access(argv[3], F_OK) == 0) usleep(100000);
  return 0;
}
