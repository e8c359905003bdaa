// SPDX-License-Identifier: Apache-2.0

// deployPkg's dialogue: the host's commands and what deployd makes of them, in any order.
// Covers: transportd/routes/customization.cc transportd/routes/router.cc

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "tests/fuzz/script_target.h"
#include "transportd/routes/customization.h"

namespace toolboxd {
namespace {

using fuzz::Number;
using fuzz::Step;
using fuzz::Text;

enum StepType { kBegin, kDeploy, kState, kStandstill, kHost, kCommand };

const fuzz::Field kText =
    Text({"", "done", "\xff\n\x1b", "a\xc3\xa9", std::string(1023, 'x') + "\xc3\xa9"});
const fuzz::Field kNumber = Number({3, 0, 4, 5, 0xFFFFFFFF});

const fuzz::Grammar& DialogueGrammar() {
  static const auto& grammar = *new fuzz::Grammar{
      {"begin", {Number({0, 1}), kText}},
      // How deployd answers, and with which state.
      {"deploy",
       {Text({"/inbox/imcf-a", "", " ", "  /a b \n", std::string("/a\0", 3),
              std::string("\0/a", 3)}),
        Number({0, 1, 2, 3, 4}), kNumber, kNumber, kText}},
      {"state", {kNumber, kNumber, kText}},
      {"standstill", {Number({0, 1})}},
      {"host", {Number({0, 1, 2})}},
      {"command", {Text({"deployPkg.begin", "deployPkg.deploy", "deployPkg.", ""})}},
  };
  return grammar;
}

v1::DeployState State(const Step& step, size_t first) {
  v1::DeployState state;
  state.set_state(static_cast<uint32_t>(step.number(first)));
  state.set_code(static_cast<uint32_t>(step.number(first + 1)));
  // gRPC gives no text that is not UTF-8.
  state.set_message(PrintableUtf8(step.text(first + 2)));
  return state;
}

class Deployd final : public customization::Deployer {
 public:
  absl::StatusOr<std::string> Begin() override {
    report = nullptr;
    if (step->type == kBegin && step->number(0) != 0) return absl::UnavailableError(step->text(1));
    return std::string("/inbox/");
  }
  absl::StatusOr<v1::DeployUpdate> Deploy(absl::string_view path, OnState on_state) override {
    if (path.size() > CustomizationRoutes::kMaxPath) std::abort();
    v1::DeployUpdate update;
    if (step->type != kDeploy) return absl::InternalError("deployd died");
    switch (step->number(1) % 5) {
      case 0:
        update.mutable_accepted();
        report = std::move(on_state);
        break;
      case 1:
        *update.mutable_refused() = State(*step, 2);
        break;
      case 2:
        *update.mutable_state() = State(*step, 2);
        break;
      case 3:
        return absl::FailedPreconditionError(step->text(4));
      default:
        break;
    }
    return update;
  }
  const Step* step = nullptr;
  OnState report;
};

class Dialogue {
 public:
  Dialogue() { routes_.AddTo(router_); }

  void Run(const Step& step) {
    deployd_.step = &step;
    switch (step.type) {
      case kBegin:
        return Command(step, "deployPkg.begin");
      case kDeploy:
        return Command(step, absl::StrCat("deployPkg.deploy ", step.text(0)));
      case kState:
        if (deployd_.report) deployd_.report(State(step, 0));
        return;
      case kStandstill:
        standstill_ = step.number(0) != 0;
        return;
      case kHost:
        host_ = step.number(0) % 3;
        return;
      default:
        return Command(step, step.text(0));
    }
  }

 private:
  void Command(const Step& step, std::string request) {
    fuzz::Apply(step, request);
    const TcloReply reply = router_.Dispatch(request);
    if (reply.after_reply) reply.after_reply();
    const std::string text = reply.Encode();
    if (!absl::StartsWith(text, "OK ") && !absl::StartsWith(text, "ERROR ")) std::abort();
  }

  // One line of text, whatever deployd says: "deployPkg.update.state STATE CODE TEXT".
  absl::StatusOr<RpciReply> Receive(absl::string_view request) {
    if (!absl::ConsumePrefix(&request, "deployPkg.update.state ")) std::abort();
    if (request.size() > 1024 + 22 || !IsUtf8({request.data(), request.size()})) std::abort();
    for (const char c : request) {
      if (static_cast<unsigned char>(c) < ' ') std::abort();
    }
    if (host_ == 2) return absl::UnavailableError("no channel");
    return RpciReply{host_ == 0, ""};
  }

  Deployd deployd_;
  uint64_t host_ = 0;
  bool standstill_ = false;
  CustomizationRoutes routes_{[this](absl::string_view request) { return Receive(request); },
                              &deployd_, [this] { return standstill_; }};
  Router router_;
};

}  // namespace
}  // namespace toolboxd

const toolboxd::fuzz::Grammar& toolboxd::fuzz::TargetGrammar() { return DialogueGrammar(); }

void toolboxd::fuzz::RunScript(const Script& script) {
  Dialogue dialogue;
  for (const Step& step : script) dialogue.Run(step);
}
