// SPDX-License-Identifier: MIT
#include "host/engine/guest_files.hpp"

#include <array>

namespace schedrig::engine {
namespace {

constexpr std::array<std::string_view, 5> kVerbs = {"read", "write", "mkdir", "rmdir", "list"};

class OneReply final : public FileReplySink {
 public:
  void on_reply(std::uint32_t /*index*/, const FileReply& reply) noexcept override {
    got_ = true;
    os_errno_ = reply.os_errno;
    data_ = reply.data;
  }
  [[nodiscard]] bool got() const { return got_; }
  [[nodiscard]] int os_errno() const { return os_errno_; }
  [[nodiscard]] std::string take() { return std::move(data_); }

 private:
  bool got_ = false;
  int os_errno_ = 0;
  std::string data_;
};

// "write \"0-3\" to /sys/fs/cgroup/schedrig/a/cpuset.cpus"; long data is cut, newlines dropped.
std::string describe(FileOpKind kind, std::string_view path, std::string_view data) {
  const std::string verb(kVerbs[static_cast<std::size_t>(kind)]);
  if (kind != FileOpKind::kWrite) {
    return verb + " " + std::string(path);
  }
  constexpr std::size_t kShown = 40;
  std::string shown(data.substr(0, kShown));
  while (!shown.empty() && shown.back() == '\n') {
    shown.pop_back();
  }
  return verb + " \"" + shown + (data.size() > kShown ? "..." : "") + "\" to " + std::string(path);
}

} // namespace

Result<std::string> GuestFiles::run(FileOpKind kind, std::string_view path, std::string_view data) {
  const FileOp op = {.kind = kind, .path = path, .data = data};
  OneReply reply;
  if (auto done = from_status(facet_.run({&op, 1}, FileBatchMode::kAll, reply)); !done) {
    lost_ = lost_ || done.error().code == StatusCode::kTimeout ||
            done.error().code == StatusCode::kGuestFailed;
    return std::unexpected(std::move(done).error().context(describe(kind, path, data)));
  }
  if (!reply.got()) {
    return fail(StatusCode::kInternal, describe(kind, path, data) + ": the backend gave no reply");
  }
  if (reply.os_errno() != 0) {
    return fail_errno(reply.os_errno(), describe(kind, path, data));
  }
  return reply.take();
}

Result<std::string> GuestFiles::read(std::string_view path) {
  return run(FileOpKind::kRead, path, {});
}

Result<> GuestFiles::write(std::string_view path, std::string_view data) {
  TRY(run(FileOpKind::kWrite, path, data));
  return {};
}

Result<> GuestFiles::mkdir(std::string_view path) {
  TRY(run(FileOpKind::kMkdir, path, {}));
  return {};
}

Result<> GuestFiles::rmdir(std::string_view path) {
  TRY(run(FileOpKind::kRmdir, path, {}));
  return {};
}

} // namespace schedrig::engine
