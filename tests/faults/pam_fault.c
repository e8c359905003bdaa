// SPDX-License-Identifier: Apache-2.0

// A PAM module that does what a file says: tests/faults/run compiles it and puts it in front of its private stack.
// The file has "STAGE WHAT": stage auth, account or session; what crash, refuse, slow (a quarter of a second) or hang (until
// the file says something else). Otherwise, and without the file, the module has no opinion.

#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What the file at `path` says to do in this stage; empty for nothing. `what` has 16 bytes.
static void Read(const char* path, const char* here, char* what) {
  char stage[16] = "";
  what[0] = '\0';
  FILE* file = fopen(path, "re");
  if (file == NULL) return;
  if (fscanf(file, "%15s %15s", stage, what) != 2 || strcmp(stage, here) != 0) what[0] = '\0';
  fclose(file);
}

static int Act(const char* here, int argc, const char** argv, int refusal) {
  char what[16];
  if (argc != 1) return PAM_IGNORE;
  Read(argv[0], here, what);
  while (strcmp(what, "hang") == 0) {
    usleep(100 * 1000);
    Read(argv[0], here, what);
  }
  if (strcmp(what, "refuse") == 0) return refusal;
  if (strcmp(what, "crash") == 0) abort();
  if (strcmp(what, "slow") == 0) usleep(250 * 1000);
  return PAM_IGNORE;
}

int pam_sm_authenticate(pam_handle_t* handle, int flags, int argc, const char** argv) {
  (void)handle;
  (void)flags;
  return Act("auth", argc, argv, PAM_AUTH_ERR);
}

int pam_sm_setcred(pam_handle_t* handle, int flags, int argc, const char** argv) {
  (void)handle;
  (void)flags;
  (void)argc;
  (void)argv;
  return PAM_IGNORE;
}

int pam_sm_acct_mgmt(pam_handle_t* handle, int flags, int argc, const char** argv) {
  (void)handle;
  (void)flags;
  return Act("account", argc, argv, PAM_PERM_DENIED);
}

int pam_sm_open_session(pam_handle_t* handle, int flags, int argc, const char** argv) {
  (void)handle;
  (void)flags;
  return Act("session", argc, argv, PAM_SESSION_ERR);
}

int pam_sm_close_session(pam_handle_t* handle, int flags, int argc, const char** argv) {
  (void)handle;
  (void)flags;
  (void)argc;
  (void)argv;
  return PAM_IGNORE;
}
