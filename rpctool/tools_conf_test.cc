// SPDX-License-Identifier: Apache-2.0

#include "rpctool/tools_conf.h"

#include <errno.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd::rpctool {
namespace {

constexpr char kText[] =
    "# a comment\n"
    "[logging]\n"
    "vmsvc.handler = file\n"
    "# log = true\n"
    "\n"
    "[deployPkg]\n"
    "enable-custom-scripts=true\n"
    "twice = 1\n"
    "twice = 2\n";

ToolsConf Parsed(std::string_view text) {
  ToolsConf conf;
  conf.Parse(text);
  return conf;
}

TEST(ToolsConf, ValuesAreThoseOfTheirSection) {
  const ToolsConf conf = Parsed(kText);
  EXPECT_EQ(conf.Get("deployPkg", "enable-custom-scripts"), "true");
  EXPECT_EQ(conf.Get("logging", "vmsvc.handler"), "file");
  EXPECT_EQ(conf.Get("deployPkg", "twice"), "2");
  EXPECT_EQ(conf.Get("logging", "enable-custom-scripts"), std::nullopt);
  EXPECT_EQ(conf.Get("logging", "log"), std::nullopt);
  EXPECT_EQ(conf.Get("none", "log"), std::nullopt);
}

TEST(ToolsConf, ChangeLeavesEverythingElse) {
  ToolsConf conf = Parsed(kText);
  EXPECT_EQ(conf.Text(), kText);
  ASSERT_TRUE(conf.Set("deployPkg", "enable-custom-scripts", "false"));
  ASSERT_TRUE(conf.Set("logging", "vmsvc.level", "info"));
  ASSERT_TRUE(conf.Set("new", "key", "value"));
  conf.Remove("deployPkg", "twice");
  conf.Remove("deployPkg", "none");
  EXPECT_EQ(conf.Text(),
            "# a comment\n"
            "[logging]\n"
            "vmsvc.handler = file\n"
            "# log = true\n"
            "vmsvc.level=info\n"
            "\n"
            "[deployPkg]\n"
            "enable-custom-scripts=false\n"
            "\n"
            "[new]\n"
            "key=value\n");
}

TEST(ToolsConf, AnyValueSurvivesItsFile) {
  for (const std::string value : {"", " two  words ", "\ttab", "end\t ", "  ", "\vx", "line\nline",
                                  "back\\slash\\n", "[x]", "# no comment", "a=b", "\xff\xc3"}) {
    ToolsConf conf;
    ASSERT_TRUE(conf.Set("s", "k", value));
    const ToolsConf again = Parsed(conf.Text());
    EXPECT_EQ(again.Get("s", "k"), value);
    EXPECT_EQ(again.Text(), conf.Text());
  }
}

// What GLib 2.74's g_key_file_get_string() returns.
TEST(ToolsConf, ValuesAreReadAsByGlib) {
  EXPECT_EQ(Parsed("[s]\nk=  a  \n").Get("s", "k"), "a  ");
  EXPECT_EQ(Parsed("[s]\r\nk=a\t\r\n").Get("s", "k"), "a\t");
  EXPECT_EQ(Parsed("[s]\nk=a\r \n").Get("s", "k"), "a\r ");
  EXPECT_EQ(Parsed("[s]\n  k = \va\f \n").Get("s", "k"), "\va\f ");
  EXPECT_EQ(Parsed("[s]\nk=a\\s\\q\\\n").Get("s", "k"), "a \\q");
}

TEST(ToolsConf, NamesThatNoFileCanHoldAreRefused) {
  ToolsConf conf;
  for (const char* section : {"", "a]", "[a", "a\nb", " a"})
    EXPECT_FALSE(conf.Set(section, "k", "v"));
  for (const char* key : {"", "a=b", "#a", "a\nb", "a ", "[a"})
    EXPECT_FALSE(conf.Set("s", key, "v"));
  EXPECT_EQ(conf.Text(), "");
}

TEST(ToolsConf, FileIsReplacedAsAWholeAndItsFolderCreated) {
  ShortTempDir folder;
  const std::string path = folder.File("vmware-tools") + "/tools.conf";
  ToolsConf conf;
  EXPECT_FALSE(conf.Read(path.c_str()));
  EXPECT_EQ(errno, ENOENT);
  conf.Set("s", "k", "v");
  ASSERT_TRUE(conf.Write(path.c_str()));
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
  ToolsConf again;
  ASSERT_TRUE(again.Read(path.c_str()));
  EXPECT_EQ(again.Get("s", "k"), "v");
}

TEST(ToolsConf, LongFileIsNotRead) {
  ShortTempDir folder;
  const std::string path = folder.File("tools.conf");
  std::ofstream(path) << std::string(ToolsConf::kMaxSize + 1, '#');
  ToolsConf conf;
  EXPECT_FALSE(conf.Read(path.c_str()));
  EXPECT_EQ(errno, EFBIG);
}

}  // namespace
}  // namespace toolboxd::rpctool
