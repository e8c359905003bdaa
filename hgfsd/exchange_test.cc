// SPDX-License-Identifier: Apache-2.0

// Root and a third user work in directories of an attacker, who exchanges every component of the
// paths meanwhile. Nothing outside of these directories may be read, written, removed or changed.

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/archive_packer.h"
#include "hgfsd/archive_receiver.h"
#include "hgfsd/attributes.h"
#include "hgfsd/create_delete.h"
#include "hgfsd/deferred_delete.h"
#include "hgfsd/directory_lister.h"
#include "hgfsd/file_reader.h"
#include "hgfsd/file_writer.h"
#include "hgfsd/move.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

// The number of operations of each kind, as root and as the third user.
constexpr int kOperations = 10000;
constexpr uid_t kAttacker = 7;
constexpr uid_t kThird = 8;
constexpr char kPrecious[] = "precious";

// An archive with a folder, files in it, a link, a pipe and a hard link, of user 7.
std::string SmallArchive() {
  std::string result(1 << 16, '\0');
  size_t used = 0;
  struct archive* writer = archive_write_new();
  archive_write_set_format_pax(writer);
  archive_write_open_memory(writer, result.data(), result.size(), &used);
  struct Member {
    const char* name;
    mode_t type;
    const char* link;
  };
  for (const Member& member : std::vector<Member>{{"sub", AE_IFDIR, nullptr},
                                                  {"sub/deep", AE_IFDIR, nullptr},
                                                  {"sub/deep/file", AE_IFREG, nullptr},
                                                  {"sub/file", AE_IFREG, nullptr},
                                                  {"sub/link", AE_IFLNK, "file"},
                                                  {"sub/pipe", AE_IFIFO, nullptr},
                                                  {"sub/hard", AE_IFREG, "sub/file"}}) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_copy_pathname(entry, member.name);
    archive_entry_set_filetype(entry, member.type);
    archive_entry_set_perm(entry, 0777);
    archive_entry_set_uid(entry, kAttacker);
    archive_entry_set_gid(entry, kAttacker);
    const bool content = member.type == AE_IFREG && member.link == nullptr;
    archive_entry_set_size(entry, content ? 3 : 0);
    if (member.type == AE_IFLNK) archive_entry_copy_symlink(entry, member.link);
    if (member.type == AE_IFREG && !content) archive_entry_copy_hardlink(entry, member.link);
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
    if (content) archive_write_data(writer, "new", 3);
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  result.resize(used);
  return result;
}

// What must not change: a directory that stays closed to the attacker but by its name, with a file
// and a tree.
class Protected {
 public:
  Protected(const TestDirectory& dir, const std::string& name, uid_t owner)
      : path_(dir.Directory(name, 0755)) {
    dir.File(name + "/file", kPrecious, 0600);
    dir.Directory(name + "/deep", 0700);
    dir.File(name + "/deep/file", kPrecious, 0600);
    for (const char* entry : {"", "/file", "/deep", "/deep/file"}) {
      EXPECT_EQ(chown((path_ + entry).c_str(), owner, owner), 0);
      paths_.push_back(path_ + entry);
      before_.push_back(StatOf(path_ + entry));
    }
  }

  const std::string& path() const { return path_; }

  void ExpectUnchanged(const std::string& after) const {
    EXPECT_THAT(Names(path_), testing::ElementsAre("deep", "file")) << after;
    EXPECT_THAT(Names(path_ + "/deep"), testing::ElementsAre("file")) << after;
    EXPECT_EQ(ReadFile(path_ + "/file"), kPrecious) << after;
    EXPECT_EQ(ReadFile(path_ + "/deep/file"), kPrecious) << after;
    for (size_t i = 0; i < paths_.size(); ++i) {
      const struct stat now = StatOf(paths_[i]);
      EXPECT_EQ(now.st_ino, before_[i].st_ino) << paths_[i] << " " << after;
      EXPECT_EQ(now.st_mode, before_[i].st_mode) << paths_[i] << " " << after;
      EXPECT_EQ(now.st_uid, before_[i].st_uid) << paths_[i] << " " << after;
      EXPECT_EQ(now.st_mtim.tv_nsec, before_[i].st_mtim.tv_nsec) << paths_[i] << " " << after;
    }
  }

 private:
  std::string path_;
  std::vector<std::string> paths_;
  std::vector<struct stat> before_;
};

// A child process with user `uid` that calls `body` again and again until it is ended.
class Endless {
 public:
  Endless(uid_t uid, const std::function<void()>& body) : child_(fork()) {
    if (child_ != 0) return;
    if (setgid(uid) != 0 || setuid(uid) != 0) _exit(1);
    while (true) body();
  }
  ~Endless() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

 private:
  const pid_t child_;
};

class Exchange : public testing::Test {
 protected:
  Exchange() : root_(dir_, "root", 0), third_(dir_, "third", kThird), archive_(SmallArchive()) {
    EXPECT_EQ(geteuid(), 0u) << "this test needs root";
    for (const auto& [name, mode] : {std::pair("home", 0777), std::pair("tmp", 01777)}) {
      places_.push_back(dir_.Directory(name, mode));
      // The attacker owns their home, and /tmp is root's.
      if (mode == 0777) {
        EXPECT_EQ(chown(places_.back().c_str(), kAttacker, kAttacker), 0);
      }
      for (const Protected* target : {&root_, &third_}) {
        // Hard links, as any user makes them where fs.protected_hardlinks is 0.
        const std::string planted = absl::StrCat(places_.back(), "/planted", planted_.size());
        EXPECT_EQ(link((target->path() + "/file").c_str(), planted.c_str()), 0);
        planted_.push_back(planted);
      }
    }
  }

  // One round of the attacker in a directory. Each step may fail.
  void Attack(const std::string& place) const {
    const std::string& outside = (++rounds_ % 2 == 0 ? root_ : third_).path();
    const std::string sub = place + "/sub";
    const std::string away = place + "/away";
    mkdir(sub.c_str(), 0777);
    mkdir((sub + "/deep").c_str(), 0777);
    close(open((sub + "/deep/file").c_str(), O_CREAT | O_WRONLY, 0666));
    (void)!link((sub + "/deep/file").c_str(), (sub + "/deep/second").c_str());
    chmod(sub.c_str(), 0777);
    chmod((sub + "/deep").c_str(), 0777);
    (void)!symlink(outside.c_str(), away.c_str());
    ExchangeNames(sub, away);
    ExchangeNames(sub, away);
    (void)!symlink((outside + "/deep").c_str(), (sub + "/away").c_str());
    ExchangeNames(sub + "/deep", sub + "/away");
    ExchangeNames(sub + "/deep", sub + "/away");
    for (const std::string& file : {sub + "/file", sub + "/deep/file", place + "/file"}) {
      unlink(file.c_str());
      switch (rounds_ % 4) {
        case 0:
          (void)!symlink((outside + "/file").c_str(), file.c_str());
          break;
        case 1:
          mkfifo(file.c_str(), 0666);
          break;
        case 2:
          if (hard_links_) (void)!link((outside + "/file").c_str(), file.c_str());
          break;
        default:
          close(open(file.c_str(), O_CREAT | O_WRONLY, 0666));
      }
    }
    if (!hard_links_) return;
    for (const std::string& planted : planted_) ExchangeNames(planted, sub + "/file");
  }

  // Works in the attacker's directories for kOperations times, as root and as the third user.
  void Work(const std::string& name, const std::function<void(const std::string& place)>& work) {
    const Endless attacker(kAttacker, [this] {
      for (const std::string& place : places_) Attack(place);
    });
    const pid_t child = fork();
    if (child == 0) {
      if (setgid(kThird) != 0 || setuid(kThird) != 0) _exit(2);
      Repeat(work);
      _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    Repeat(work);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << name << " as the third user";
    root_.ExpectUnchanged(name);
    third_.ExpectUnchanged(name);
  }

  void Repeat(const std::function<void(const std::string& place)>& work) const {
    for (int i = 0; i < kOperations; ++i) work(places_[i % places_.size()]);
  }

  TestDirectory dir_;
  Protected root_;
  Protected third_;
  const std::string archive_;
  // Directories in which the attacker may write: their own, and a sticky one.
  std::vector<std::string> places_;
  std::vector<std::string> planted_;
  mutable int rounds_ = 0;
  // Whether the attacker uses hard links. What is read through one was in their directory.
  bool hard_links_ = true;
};

void Upload(const std::string& path) {
  auto writer = FileWriter::Open(path, {v1::OpenForWriting::CREATE_OR_TRUNCATE, 0666, false});
  if (!writer.ok()) return;
  (*writer)->Write(0, "new").IgnoreError();
  (*writer)->Commit().IgnoreError();
}

TEST_F(Exchange, UploadsStayInside) {
  Work("upload", [](const std::string& place) {
    Upload(place + "/file");
    Upload(place + "/sub/file");
    Upload(place + "/sub/deep/file");
  });
}

TEST_F(Exchange, DownloadsReadNothingElse) {
  hard_links_ = false;
  Work("download", [](const std::string& place) {
    for (const char* name : {"/file", "/sub/deep/file"}) {
      absl::StatusOr<FileReader> reader = FileReader::Open(place + name, 0);
      std::string data;
      if (reader.ok() && reader->Read(100, data).ok()) {
        EXPECT_NE(data, kPrecious);
      }
    }
  });
}

TEST_F(Exchange, UnpackingStaysInside) {
  Work("unpack", [this](const std::string& place) {
    ContentPath content;
    content.path = place;
    auto receiver = ArchiveReceiver::Open(content);
    ASSERT_THAT(receiver, IsOk());
    (*receiver)->Write(0, archive_).IgnoreError();
    (*receiver)->Commit().IgnoreError();
  });
}

TEST_F(Exchange, PackingStaysInside) {
  hard_links_ = false;
  const OwnerDatabases owners;
  Work("pack", [&owners](const std::string& place) {
    ContentPath content;
    content.path = place + "/sub/deep";
    absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
    if (!packer.ok()) return;
    std::string archive;
    const auto sink = [&](absl::string_view data) {
      absl::StrAppend(&archive, data);
      return absl::OkStatus();
    };
    packer->Pack(10000, sink, owners).IgnoreError();
    EXPECT_FALSE(absl::StrContains(archive, kPrecious));
  });
}

TEST_F(Exchange, MovesTouchNothingElse) {
  DeferredDeleter deleter;
  const TestDirectory other("/dev/shm");
  chmod(other.path().c_str(), 0777);
  Work("move", [&](const std::string& place) {
    const std::string target = absl::StrCat(other.path(), "/", geteuid());
    MoveFile(place + "/sub/file", place + "/sub/moved", Overwrite::kYes).IgnoreError();
    MoveFile(place + "/sub/moved", target, Overwrite::kYes).IgnoreError();
    MoveFile(target, place + "/sub/file", Overwrite::kYes).IgnoreError();
    MoveDirectory(place + "/sub/deep", target + "d", deleter).IgnoreError();
    MoveDirectory(target + "d", place + "/sub/deep", deleter).IgnoreError();
  });
}

TEST_F(Exchange, DeletesRemoveNothingElse) {
  DeferredDeleter deleter;
  Work("delete", [&](const std::string& place) {
    DeleteFile(place + "/sub/file").IgnoreError();
    DeleteTree(place + "/sub/deep", deleter).IgnoreError();
    DeleteTree(place + "/sub", deleter).IgnoreError();
  });
}

TEST_F(Exchange, DirectoriesAreMadeInside) {
  Work("mkdir", [](const std::string& place) {
    MakeDirectory(place + "/sub/deep/new/newer", Parents::kMake, 0777).IgnoreError();
    v1::CreateTemporaryRequest request;
    request.set_directory(place + "/sub/deep");
    CreateTemporary(request).IgnoreError();
  });
}

TEST_F(Exchange, ListingsShowNothingElse) {
  DirectoryLister lister;
  Work("list", [&](const std::string& place) {
    v1::ListFilesRequest request;
    request.set_limit(100);
    for (const char* name : {"/sub/", "/sub/deep/", "/sub"}) {
      request.set_path(place + name);
      const absl::StatusOr<v1::ListFilesReply> reply = lister.List(request);
      if (!reply.ok()) continue;
      for (const v1::FileInfo& entry : reply->entries()) {
        EXPECT_FALSE(entry.type() == v1::DIRECTORY && entry.mode() == (S_IFDIR | 0700u) &&
                     entry.name() == "deep")
            << request.path();
      }
    }
  });
}

TEST_F(Exchange, AttributesOfNothingElseChange) {
  Work("chmod and chown", [](const std::string& place) {
    v1::FileAttributes attributes;
    attributes.set_permissions(0666);
    if (geteuid() == 0) attributes.set_uid(kAttacker);
    attributes.set_size(1);
    for (const char* name : {"/file", "/sub/file", "/sub/deep/file", "/sub/deep", "/sub"}) {
      SetAttributes(place + name, attributes).IgnoreError();
    }
  });
}

}  // namespace
}  // namespace toolboxd::hgfsd
