// SPDX-License-Identifier: Apache-2.0

#include "session/login.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include <optional>
#include <utility>

#include "base/wipe.h"

namespace toolboxd::session {
namespace {

// libpam would sleep for the delay before it returns; transportd delays the user's next attempt
// instead. If there is a delay function, libpam does not sleep.
void IgnoreDelay(int /*pam_result*/, unsigned /*microseconds*/, void* /*data*/) {}

Reply Broken(pam_handle_t* pam, const char* step, int code) {
  return {Result::kCannotStart, std::string(step) + ": " + pam_strerror(pam, code)};
}

// Whether PAM itself failed. Any other result of a stack is its refusal: an expired
// password, a directory that does not answer, and PAM_SYSTEM_ERR where pam_exec's script says no.
bool IsBroken(int code) {
  switch (code) {
    case PAM_ABORT:
    case PAM_BAD_ITEM:
    case PAM_BUF_ERR:
    case PAM_CONV_ERR:
    case PAM_MODULE_UNKNOWN:
    case PAM_OPEN_ERR:
    case PAM_SERVICE_ERR:
    case PAM_SYMBOL_ERR:
      return true;
    default:
      return false;
  }
}

void FreeResponses(pam_response* responses, int count) {
  for (int i = 0; i < count; ++i) {
    if (responses[i].resp == nullptr) continue;
    explicit_bzero(responses[i].resp, strlen(responses[i].resp));
    free(responses[i].resp);
  }
  free(responses);
}

}  // namespace

Login::Login(const std::string& pam_service, const std::string& remote_host,
             const std::string& user, std::string password)
    : user_(user), password_(std::move(password)) {
  // A short password is copied by the move, not taken.
  Wipe(password);
  const pam_conv conversation{&Login::Converse, this};
  start_result_ = pam_start(pam_service.c_str(), user_.c_str(), &conversation, &pam_);
  if (start_result_ != PAM_SUCCESS) return;
  pam_set_item(pam_, PAM_FAIL_DELAY, reinterpret_cast<const void*>(IgnoreDelay));
  // pam_access and pam_time match it; there is no terminal.
  pam_set_item(pam_, PAM_TTY, "toolboxd");
  if (!remote_host.empty()) pam_set_item(pam_, PAM_RHOST, remote_host.c_str());
}

Login::~Login() {
  Close();
  Wipe(password_);
  if (pam_ != nullptr) pam_end(pam_, PAM_SUCCESS);
}

Reply Login::Authenticate() {
  if (start_result_ != PAM_SUCCESS) return Broken(pam_, "pam_start", start_result_);
  const int code = pam_authenticate(pam_, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
  Wipe(password_);
  if (code == PAM_SUCCESS) return {Result::kOk, ""};
  if (IsBroken(code)) return Broken(pam_, "pam_authenticate", code);
  return Refused(Result::kBadLogin, "pam_authenticate", code, "unknown user or wrong password");
}

Reply Login::Refused(Result result, const char* step, int code, std::string text) {
  refusal_ = std::string(step) + ": " + pam_strerror(pam_, code);
  return {result, std::move(text)};
}

Reply Login::CheckAccount() {
  if (start_result_ != PAM_SUCCESS) return Broken(pam_, "pam_start", start_result_);
  const int code = pam_acct_mgmt(pam_, PAM_SILENT);
  if (code == PAM_SUCCESS) return {Result::kOk, ""};
  if (IsBroken(code)) return Broken(pam_, "pam_acct_mgmt", code);
  return Refused(Result::kAccountRefused, "pam_acct_mgmt", code, pam_strerror(pam_, code));
}

Reply Login::FindUser(User& user) {
  const void* name = nullptr;
  if (pam_get_item(pam_, PAM_USER, &name) != PAM_SUCCESS || name == nullptr) name = user_.c_str();
  const std::optional<User> found = session::FindUser(static_cast<const char*>(name));
  if (!found.has_value()) return {Result::kCannotStart, "PAM accepts a user that does not exist"};
  user = *found;
  return {Result::kOk, ""};
}

Reply Login::Open(const User& user) {
  // Before setcred, since modules may add groups to these.
  if (initgroups(user.name.c_str(), user.gid) != 0) {
    return {Result::kCannotStart, std::string("initgroups: ") + strerror(errno)};
  }
  int code = pam_setcred(pam_, PAM_ESTABLISH_CRED | PAM_SILENT);
  if (code != PAM_SUCCESS) return Broken(pam_, "pam_setcred", code);
  code = pam_open_session(pam_, PAM_SILENT);
  if (code != PAM_SUCCESS) {
    pam_setcred(pam_, PAM_DELETE_CRED | PAM_SILENT);
    return Broken(pam_, "pam_open_session", code);
  }
  open_ = true;
  return {Result::kOk, ""};
}

std::vector<std::string> Login::Environment() const {
  std::vector<std::string> variables;
  char** list = pam_ == nullptr ? nullptr : pam_getenvlist(pam_);
  if (list == nullptr) return variables;
  for (char** item = list; *item != nullptr; ++item) {
    variables.push_back(*item);
    free(*item);
  }
  free(list);
  return variables;
}

void Login::Close() {
  if (!open_) return;
  open_ = false;
  pam_close_session(pam_, PAM_SILENT);
  pam_setcred(pam_, PAM_DELETE_CRED | PAM_SILENT);
}

// Answers questions with the password, which PAM frees and overwrites.
int Login::Converse(int count, const pam_message** messages, pam_response** responses, void* self) {
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  auto* answers = static_cast<pam_response*>(calloc(count, sizeof(pam_response)));
  if (answers == nullptr) return PAM_BUF_ERR;
  const Login& login = *static_cast<Login*>(self);
  for (int i = 0; i < count; ++i) {
    const char* answer = nullptr;
    switch (messages[i]->msg_style) {
      case PAM_PROMPT_ECHO_OFF:
        answer = login.password_.c_str();
        break;
      case PAM_PROMPT_ECHO_ON:
        answer = login.user_.c_str();
        break;
      case PAM_TEXT_INFO:
      case PAM_ERROR_MSG:
        continue;
      default:
        FreeResponses(answers, count);
        return PAM_CONV_ERR;
    }
    answers[i].resp = strdup(answer);
    if (answers[i].resp == nullptr) {
      FreeResponses(answers, count);
      return PAM_BUF_ERR;
    }
  }
  *responses = answers;
  return PAM_SUCCESS;
}

}  // namespace toolboxd::session
