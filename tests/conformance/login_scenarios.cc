// SPDX-License-Identifier: Apache-2.0

// Credentials, and GuestAuthManager.

#include "absl/strings/str_cat.h"
#include "tests/conformance/scenario.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/writer.h"

namespace toolboxd::conformance {
namespace {

std::string Validate(Target t) { return t.Call(vix::kValidateCredentials, ""); }

std::string ValidateAs(Target& t, uint32_t type, absl::string_view credential) {
  return t.CallAs(type, credential, vix::kValidateCredentials, "");
}

std::string NamePassword(Target& t) {
  return vix::EncodeNamePassword(t.users().name, t.users().password);
}

constexpr Scenario kScenarios[] = {
    {"login: right password", [](Target& t) { return Validate(t); }},
    {"login: root", [](Target& t) { return Validate(t.As("root")); }},
    {"login: home does not exist", [](Target& t) { return Validate(t.As(t.users().no_home)); }},
    {"login: shell is nologin", [](Target& t) { return Validate(t.As(t.users().no_shell)); }},
    {"login: nologin user starts a program",
     [](Target& t) { return t.As(t.users().no_shell).Run("/bin/true", ""); }},
    {"login: user without home starts a program",
     [](Target& t) { return t.As(t.users().no_home).Run("/bin/true", ""); }},
    // After those who have not been here before: refusals hold first logins up (transportd's
    // --login_time).
    {"login: wrong password", [](Target& t) { return Validate(t.As(t.users().name, "wrong")); }},
    {"login: empty password", [](Target& t) { return Validate(t.As(t.users().name, "")); }},
    {"login: unknown user", [](Target& t) { return Validate(t.As("nobody-here")); }},
    {"login: locked", [](Target& t) { return Validate(t.As(t.users().locked)); }},
    {"login: expired account", [](Target& t) { return Validate(t.As(t.users().expired)); }},
    {"login: empty name", [](Target& t) { return Validate(t.As("")); }},
    {"login: name with a slash", [](Target& t) { return Validate(t.As("../root")); }},
    {"login: name with a newline", [](Target& t) { return Validate(t.As("root\nx")); }},
    {"login: name of 10,000 bytes",
     [](Target& t) { return Validate(t.As(std::string(10000, 'n'))); }},
    {"login: password of 30,000 bytes",
     [](Target& t) { return Validate(t.As(t.users().name, std::string(30000, 'p'))); }},
    {"login: type 0, none", [](Target& t) { return ValidateAs(t, 0, ""); }},
    {"login: type 2, anonymous", [](Target& t) { return ValidateAs(t, 2, ""); }},
    {"login: type 3, root", [](Target& t) { return ValidateAs(t, 3, ""); }},
    {"login: type 4", [](Target& t) { return ValidateAs(t, 4, NamePassword(t)); }},
    {"login: type 5, console user", [](Target& t) { return ValidateAs(t, 5, ""); }},
    {"login: type 6, host secret", [](Target& t) { return ValidateAs(t, 6, NamePassword(t)); }},
    {"login: type 7", [](Target& t) { return ValidateAs(t, 7, NamePassword(t)); }},
    {"login: type 8", [](Target& t) { return ValidateAs(t, 8, NamePassword(t)); },
     "a named user with a password is authenticated; vmtoolsd fails", "0 "},
    {"login: type 9, ticket",
     [](Target& t) {
       wire::Writer ticket;
       ticket.U32(6).BytesAndNul("ticket");
       return ValidateAs(t, 9, ticket.bytes());
     }},
    {"login: type 10",
     [](Target& t) {
       wire::Writer token;
       token.U32(5).BytesAndNul("token");
       return ValidateAs(t, 10, token.bytes());
     }},
    {"login: type 99", [](Target& t) { return ValidateAs(t, 99, NamePassword(t)); }},
    {"login: type 1 without credential", [](Target& t) { return ValidateAs(t, 1, ""); },
     "refused; vmtoolsd takes the login of the request before", "10001", false, true},
    {"login: type 1 cut short",
     [](Target& t) { return ValidateAs(t, 1, NamePassword(t).substr(0, 6)); },
     "refused; vmtoolsd takes the login of the request before", "10001", false, true},
    {"login: type 1 that is not base64",
     [](Target& t) {
       wire::Writer writer;
       writer.U32(4).U32(4).BytesAndNul("!!!!????");
       return ValidateAs(t, 1, writer.bytes());
     },
     "a bad login; vmtoolsd 12.2 ends", "3050", true},
    {"release", [](Target& t) { return t.Call(vix::kReleaseCredentials, ""); }},
    {"acquire", [](Target& t) { return t.Call(vix::kAcquireCredentials, std::string(8, '\0')); }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> LoginScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
