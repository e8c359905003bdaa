// SPDX-License-Identifier: Apache-2.0

// A login through PAM.

#ifndef TOOLBOXD_SESSION_LOGIN_H_
#define TOOLBOXD_SESSION_LOGIN_H_

#include <security/pam_appl.h>

#include <string>
#include <vector>

#include "session/handshake.h"
#include "session/user.h"

namespace toolboxd::session {

// The PAM_RHOST of a login that the hypervisor sends: pam_access and similar modules match it, and
// do not take the login for a local one. It is a number, because modules and libaudit look up a
// name, and would wait for a name server that does not answer. It is the dummy address of RFC 7600,
// which no host has.
inline constexpr char kHypervisor[] = "192.0.0.8";

// Call the steps in their order: Authenticate (unless the kernel vouches for the user),
// CheckAccount, Open, and Close when the session's process has ended. Each returns kOk or the
// refusal for the client. PAM's delay after a failure is skipped, since a call of the hypervisor
// waits meanwhile. Not thread-safe.
class Login {
 public:
  // `pam_service` names the file in /etc/pam.d. `remote_host` shows the stack where the user comes
  // from; empty: from this machine. Takes the password and wipes it when authentication is done, or
  // with this object.
  Login(const std::string& pam_service, const std::string& remote_host, const std::string& user,
        std::string password);
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;
  ~Login();

  // An unknown user and a wrong password give the same reply.
  Reply Authenticate();

  // Refuses a locked or expired account, and whatever else the stack's account modules refuse.
  Reply CheckAccount();

  // The user that PAM settled on, whose name may differ from the one asked for.
  Reply FindUser(User& user);

  // Sets this process's supplementary groups and credentials and opens the session. Root only.
  Reply Open(const User& user);

  // After a refusal by PAM: which step refused, and PAM's text. Not for the client: it shows
  // whether the user exists.
  const std::string& refusal() const { return refusal_; }

  // "NAME=VALUE" each, from the stack's modules.
  std::vector<std::string> Environment() const;

  // Undoes Open; does nothing if Open has not succeeded.
  void Close();

 private:
  Reply Refused(Result result, const char* step, int code, std::string text);
  static int Converse(int count, const pam_message** messages, pam_response** responses,
                      void* self);

  pam_handle_t* pam_ = nullptr;
  int start_result_;
  bool open_ = false;
  std::string user_;
  std::string password_;
  std::string refusal_;
};

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_LOGIN_H_
