// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/guest_variables.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class GuestVariables : public testing::Test {
 protected:
  int GuestInfo(const std::vector<std::string>& words) {
    return Captured([&] { return GuestInfoMain(words, send_); });
  }
  int Namespace(const std::vector<std::string>& words, const std::optional<std::string>& old = {}) {
    return Captured([&] { return NamespaceMain(words, old, send_); });
  }
  int Captured(const std::function<int()>& run) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run();
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }

  std::vector<std::string> requests_;
  std::map<std::string, std::string> replies_;
  bool refuses_ = false;
  const SendToHost send_ = [this](const std::string& request) {
    requests_.push_back(request);
    v1::SendRpciReply reply;
    const auto found = replies_.find(request);
    const bool sets = absl::StartsWith(request, "info-set ");
    reply.set_success(!refuses_ && (found != replies_.end() || sets));
    reply.set_data(found != replies_.end() ? found->second : sets ? "" : "No value found");
    return absl::StatusOr<v1::SendRpciReply>(reply);
  };
  std::string out_, err_;
};

TEST_F(GuestVariables, ValueIsPrintedAsItIs) {
  const std::string value("a\xff\xc3\n\t\0b ", 8);
  replies_["info-get guestinfo.x"] = value;
  EXPECT_EQ(GuestInfo({"get", "x"}), 0);
  EXPECT_EQ(out_, value);
  EXPECT_EQ(GuestInfo({"get", "guestinfo.x"}), 0);
  EXPECT_EQ(out_, value);
  EXPECT_EQ(GuestInfo({"get", "none"}), 1);
  EXPECT_EQ(out_, "");
}

TEST_F(GuestVariables, RefusalSaysWhatFailedAndWhatToDo) {
  EXPECT_EQ(GuestInfo({"get", "none"}), 1);
  EXPECT_EQ(err_,
            "the host has no value of guestinfo.none (No value found); 'toolboxctl guestinfo "
            "list-known' shows which of the usual names have one\n");
  EXPECT_EQ(Namespace({"get", "com.example", "none"}), 1);
  EXPECT_TRUE(absl::StrContains(err_, "no value of none in namespace com.example (No value found)"))
      << err_;
  EXPECT_EQ(Namespace({"set", "com.example", "k", "v"}), 1);
  EXPECT_TRUE(absl::StrContains(err_, "does not set k in namespace com.example")) << err_;
  EXPECT_TRUE(absl::StrContains(err_, "namespace get")) << err_;
  refuses_ = true;
  EXPECT_EQ(GuestInfo({"set", "x", "v"}), 1);
  EXPECT_TRUE(absl::StrContains(err_, "does not set guestinfo.x;")) << err_;
}

TEST_F(GuestVariables, ValueIsSentAsItIs) {
  const std::string odd = "two  words \xff\xc3\n%s\\";
  EXPECT_EQ(GuestInfo({"set", "x", odd}), 0);
  EXPECT_EQ(requests_.back(), "info-set guestinfo.x " + odd);
  EXPECT_EQ(GuestInfo({"set", "x", ""}), 0);
  EXPECT_EQ(requests_.back(), "info-set guestinfo.x ");
  EXPECT_EQ(GuestInfo({"delete", "x"}), 0);
  EXPECT_EQ(requests_.back(), "info-set guestinfo.x ");
  const std::string large(60000, 'v');
  EXPECT_EQ(GuestInfo({"set", "x", large}), 0);
  EXPECT_EQ(requests_.back(), "info-set guestinfo.x " + large);
}

TEST_F(GuestVariables, TextThatTheHostWouldMisreadIsNotSent) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\n"),
                                  std::string("a\0b", 3), std::string("guestinfo.")}) {
    EXPECT_EQ(GuestInfo({"get", name}), 2) << name;
    EXPECT_EQ(GuestInfo({"set", name, "v"}), 2) << name;
  }
  EXPECT_EQ(GuestInfo({"set", "x", std::string("a\0b", 3)}), 2);
  EXPECT_TRUE(absl::StrContains(err_, "base64")) << err_;
  EXPECT_EQ(GuestInfo({"set", "x", std::string(65516, 'v')}), 2);
  EXPECT_TRUE(absl::StrContains(err_, "1 bytes longer")) << err_;
  EXPECT_TRUE(requests_.empty());
  EXPECT_EQ(GuestInfo({"set", "x", std::string(65515, 'v')}), 0);
}

TEST_F(GuestVariables, KnownVariablesThatHaveAValueAreListed) {
  replies_["info-get guestinfo.userdata"] = "12345";
  replies_["info-get guestinfo.gc.status"] = "";
  EXPECT_EQ(GuestInfo({"list-known"}), 0);
  EXPECT_EQ(out_, absl::StrCat("guestinfo.userdata", std::string(23, ' '), "5 bytes\n"));
}

TEST_F(GuestVariables, KeysOfNamespacesEndWithNul) {
  replies_[std::string("namespace-get-values com.example\0a\0", 35)] = std::string("value\0", 6);
  EXPECT_EQ(Namespace({"get", "com.example", "a"}), 0);
  EXPECT_EQ(out_, "value");
  Namespace({"set", "com.example", "a", "v w"});
  EXPECT_EQ(requests_.back(), std::string("namespace-set-keys com.example\0"
                                          "1\0"
                                          "0\0a\0v w\0\0",
                                          42));
  Namespace({"set", "com.example", "a", "new"}, "old");
  EXPECT_EQ(requests_.back(), std::string("namespace-set-keys com.example\0"
                                          "1\0"
                                          "1\0a\0new\0old\0",
                                          45));
  EXPECT_EQ(Namespace({"set", "a b", "k", "v"}), 2);
  EXPECT_EQ(Namespace({"get", "a", ""}), 2);
}

TEST_F(GuestVariables, WrongCommandLinesAreUsageErrors) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"other"}, {"get"}, {"get", "a", "b", "c"}, {"delete"}, {"list-known", "a"}}) {
    EXPECT_EQ(GuestInfo(words), 2);
    EXPECT_EQ(Namespace(words), 2);
  }
}

}  // namespace
}  // namespace toolboxd
