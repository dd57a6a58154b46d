// SPDX-License-Identifier: MIT
// The files facet from the host's side to the agent's, on this machine's files.
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_process.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::ElementsAre;

struct Reply {
  std::uint32_t index;
  int os_errno;
  std::string data;
  std::int64_t at_ns;
};

class Replies final : public FileReplySink {
 public:
  void on_reply(std::uint32_t index, const FileReply& reply) noexcept override {
    all.push_back({index, reply.os_errno, std::string(reply.data), reply.at_ns});
  }
  std::vector<Reply> all;
};

class Files : public ::testing::Test {
 protected:
  Files() {
    char name[] = "/tmp/schedrig-files-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

  Reply one(FileOpKind kind, const std::string& where, std::string_view data = {}) {
    Replies replies;
    const FileOp op{.kind = kind, .path = where, .data = data};
    const Status status = agent_.files.run(std::span(&op, 1), FileBatchMode::kAll, replies);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(replies.all.size(), 1U);
    return replies.all.empty() ? Reply{0, -1, "", 0} : replies.all[0];
  }

  AgentProcess agent_;
  std::string directory_;
};

TEST_F(Files, a_file_is_read_whole) {
  std::string text(100'000, 'x');
  text += "end";
  std::ofstream(path("file")) << text;
  const Reply reply = one(FileOpKind::kRead, path("file"));
  EXPECT_EQ(reply.os_errno, 0);
  EXPECT_EQ(reply.data, text);
}

TEST_F(Files, procfs_is_read_although_its_files_have_no_size) {
  EXPECT_THAT(one(FileOpKind::kRead, "/proc/self/stat").data, ::testing::HasSubstr("(schedrig"));
}

TEST_F(Files, a_file_of_the_largest_size_is_read_and_a_longer_one_is_efbig) {
  std::ofstream(path("file")) << std::string(kMaxFileBytes, 'x');
  EXPECT_EQ(one(FileOpKind::kRead, path("file")).data.size(), kMaxFileBytes);
  std::ofstream(path("file"), std::ios::app) << 'y';
  EXPECT_EQ(one(FileOpKind::kRead, path("file")).os_errno, EFBIG);
}

TEST_F(Files, an_endless_file_is_efbig) {
  EXPECT_EQ(one(FileOpKind::kRead, "/dev/zero").os_errno, EFBIG);
}

TEST_F(Files, writing_neither_creates_nor_truncates) {
  EXPECT_EQ(one(FileOpKind::kWrite, path("file"), "text").os_errno, ENOENT);
  std::ofstream(path("file")) << "0123456789";
  EXPECT_EQ(one(FileOpKind::kWrite, path("file"), "abc").os_errno, 0);
  EXPECT_EQ(one(FileOpKind::kRead, path("file")).data, "abc3456789");
}

TEST_F(Files, a_write_of_the_largest_size_arrives) {
  std::ofstream(path("file")) << "";
  const std::string text(kMaxFileBytes, 'w');
  EXPECT_EQ(one(FileOpKind::kWrite, path("file"), text).os_errno, 0);
  EXPECT_EQ(one(FileOpKind::kRead, path("file")).data, text);
}

TEST_F(Files, a_short_write_is_eio) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const UniqueFd reader(::open(path("fifo").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  // A pipe takes 64 KiB (pipe(7)), and no reader empties it meanwhile.
  EXPECT_EQ(one(FileOpKind::kWrite, path("fifo"), std::string(100'000, 'x')).os_errno, EIO);
}

TEST_F(Files, a_fifo_does_not_block_the_agent) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(one(FileOpKind::kWrite, path("fifo"), "x").os_errno, ENXIO);
  EXPECT_EQ(one(FileOpKind::kRead, path("fifo")).data, "");
}

TEST_F(Files, mkdir_has_mode_0755_and_rmdir_removes) {
  EXPECT_EQ(one(FileOpKind::kMkdir, path("d")).os_errno, 0);
  struct stat status{};
  ASSERT_EQ(::stat(path("d").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
  EXPECT_EQ(one(FileOpKind::kMkdir, path("d")).os_errno, EEXIST);
  EXPECT_EQ(one(FileOpKind::kRmdir, path("d")).os_errno, 0);
  EXPECT_EQ(one(FileOpKind::kRmdir, path("d")).os_errno, ENOENT);
}

TEST_F(Files, the_kernels_errno_comes_back) {
  EXPECT_EQ(one(FileOpKind::kMkdir, path("no/such")).os_errno, ENOENT);
  EXPECT_EQ(one(FileOpKind::kRead, directory_).os_errno, EISDIR);
  EXPECT_EQ(one(FileOpKind::kWrite, directory_, "x").os_errno, EISDIR);
  EXPECT_EQ(one(FileOpKind::kList, path("none")).os_errno, ENOENT);
  std::ofstream(path("file")) << "";
  EXPECT_EQ(one(FileOpKind::kList, path("file")).os_errno, ENOTDIR);
  EXPECT_EQ(one(FileOpKind::kRmdir, path("file")).os_errno, ENOTDIR);
  EXPECT_EQ(one(FileOpKind::kRmdir, directory_).os_errno, ENOTEMPTY);
  EXPECT_EQ(one(FileOpKind::kRead, "/" + std::string(300, 'n')).os_errno, ENAMETOOLONG);
}

TEST_F(Files, a_zero_byte_in_a_path_is_einval_and_touches_nothing) {
  const std::string where = path("d") + std::string("\0suffix", 7);
  EXPECT_EQ(one(FileOpKind::kMkdir, where).os_errno, EINVAL);
  EXPECT_FALSE(std::filesystem::exists(path("d")));
}

TEST_F(Files, a_list_is_sorted_bytewise_with_a_slash_behind_directories) {
  std::filesystem::create_directory(path("b"));
  std::ofstream(path("a.b")) << "";
  std::ofstream(path("Z")) << "";
  std::ofstream(path("b.c")) << "";
  EXPECT_EQ(one(FileOpKind::kList, directory_).data, "Z\na.b\nb/\nb.c\n");
}

TEST_F(Files, an_empty_directory_lists_as_nothing) {
  const Reply reply = one(FileOpKind::kList, directory_);
  EXPECT_EQ(reply.os_errno, 0);
  EXPECT_EQ(reply.data, "");
}

std::vector<int> errnos(const Replies& replies) {
  std::vector<int> all;
  for (const Reply& reply : replies.all) {
    EXPECT_EQ(reply.index, all.size());
    all.push_back(reply.os_errno);
  }
  return all;
}

TEST_F(Files, a_batch_runs_in_order_to_its_end_or_to_the_first_error) {
  const std::string d = path("d");
  const std::array ops = {FileOp{.kind = FileOpKind::kMkdir, .path = d, .data = {}},
                          FileOp{.kind = FileOpKind::kMkdir, .path = d, .data = {}},
                          FileOp{.kind = FileOpKind::kRmdir, .path = d, .data = {}}};
  Replies all;
  EXPECT_TRUE(agent_.files.run(ops, FileBatchMode::kAll, all).ok());
  EXPECT_THAT(errnos(all), ElementsAre(0, EEXIST, 0));
  Replies stopped;
  EXPECT_TRUE(agent_.files.run(ops, FileBatchMode::kStopAtFirstError, stopped).ok());
  EXPECT_THAT(errnos(stopped), ElementsAre(0, EEXIST));
  EXPECT_TRUE(std::filesystem::exists(d));
}

TEST_F(Files, a_batch_longer_than_one_request_is_split_and_numbered_through) {
  std::ofstream(path("file")) << "";
  const std::string name = path("file");
  const std::string data(400'000, 'x');
  std::vector<FileOp> ops(6, {.kind = FileOpKind::kWrite, .path = name, .data = data});
  Replies replies;
  EXPECT_TRUE(agent_.files.run(ops, FileBatchMode::kAll, replies).ok());
  EXPECT_THAT(errnos(replies), ElementsAre(0, 0, 0, 0, 0, 0));
  const std::string missing = path("missing");
  ops[3].path = missing;
  Replies stopped;
  EXPECT_TRUE(agent_.files.run(ops, FileBatchMode::kStopAtFirstError, stopped).ok());
  EXPECT_THAT(errnos(stopped), ElementsAre(0, 0, 0, ENOENT));
}

TEST_F(Files, replies_of_a_megabyte_each_all_arrive) {
  std::ofstream(path("file")) << std::string(kMaxFileBytes, 'x');
  const std::string name = path("file");
  const std::vector<FileOp> ops(20, {.kind = FileOpKind::kRead, .path = name, .data = {}});
  Replies replies;
  EXPECT_TRUE(agent_.files.run(ops, FileBatchMode::kAll, replies).ok());
  ASSERT_EQ(replies.all.size(), 20U);
  for (const Reply& reply : replies.all) {
    EXPECT_EQ(reply.data.size(), kMaxFileBytes);
  }
}

TEST_F(Files, times_are_the_machines_and_lie_within_the_call) {
  ASSERT_TRUE(agent_.link.sync_clock(soon()));
  const std::int64_t before = agent_.clock.now_ns();
  // Of the bounds with which the reply is translated: its own stamps tighten them only afterwards.
  const auto bound = agent_.link.clock().error_ns(host_now_ns());
  ASSERT_TRUE(bound);
  const Reply reply = one(FileOpKind::kRead, "/proc/version");
  const std::int64_t after = agent_.clock.now_ns();
  const std::int64_t error = *bound + (after - before) / 1'000'000 * kMaxDriftPpm;
  EXPECT_GE(reply.at_ns, before - error);
  EXPECT_LE(reply.at_ns, after + error);
}

TEST_F(Files, what_no_batch_may_hold_is_refused_before_anything_is_sent) {
  const std::string name = path("d");
  const std::string long_path = "/" + std::string(kMaxPathBytes, 'p');
  const std::string much(kMaxFileBytes + 1, 'x');
  const FileOp bad[] = {{.kind = FileOpKind::kMkdir, .path = "relative", .data = {}},
                        {.kind = FileOpKind::kMkdir, .path = long_path, .data = {}},
                        {.kind = FileOpKind::kMkdir, .path = "", .data = {}},
                        {.kind = FileOpKind::kWrite, .path = name, .data = much}};
  for (const FileOp& op : bad) {
    const std::array ops = {FileOp{.kind = FileOpKind::kMkdir, .path = name, .data = {}}, op};
    Replies replies;
    EXPECT_EQ(agent_.files.run(ops, FileBatchMode::kAll, replies).code,
              StatusCode::kInvalidArgument);
    EXPECT_TRUE(replies.all.empty());
  }
  const std::vector<FileOp> many(kMaxFileOps + 1,
                                 {.kind = FileOpKind::kMkdir, .path = name, .data = {}});
  Replies replies;
  EXPECT_EQ(agent_.files.run(many, FileBatchMode::kAll, replies).code,
            StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(name));
}

TEST_F(Files, a_batch_of_the_largest_number_runs) {
  const std::vector<FileOp> ops(kMaxFileOps,
                                {.kind = FileOpKind::kRead, .path = "/proc/version", .data = {}});
  Replies replies;
  EXPECT_TRUE(agent_.files.run(ops, FileBatchMode::kAll, replies).ok());
  EXPECT_EQ(replies.all.size(), kMaxFileOps);
}

} // namespace
} // namespace schedrig::kvm
