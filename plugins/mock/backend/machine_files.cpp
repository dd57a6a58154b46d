// SPDX-License-Identifier: MIT
// The files facet of the mock machine: checks a batch, charges its time, hands it to the Vfs.
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

Status check_batch(std::span<const FileOp> ops) {
  const auto invalid = [](std::size_t index, const std::string& what) {
    return Status::make(StatusCode::kInvalidArgument,
                        "file operation " + std::to_string(index) + ": " + what);
  };
  if (ops.size() > kMaxFileOps) {
    return Status::make(StatusCode::kInvalidArgument,
                        "a batch of " + std::to_string(ops.size()) + " file operations: at most " +
                            std::to_string(kMaxFileOps) + " are allowed");
  }
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const FileOp& op = ops[i];
    if (static_cast<std::uint32_t>(op.kind) > static_cast<std::uint32_t>(FileOpKind::kList)) {
      return invalid(i, "kind " + std::to_string(static_cast<std::uint32_t>(op.kind)) +
                            " does not exist");
    }
    if (op.path.empty() || op.path.front() != '/' || op.path.size() > kMaxPathBytes ||
        op.path.find('\0') != std::string_view::npos) {
      return invalid(i, "a path is absolute, has no zero byte and at most " +
                            std::to_string(kMaxPathBytes) + " bytes");
    }
    if (op.data.size() > kMaxFileBytes) {
      return invalid(i, std::to_string(op.data.size()) + " bytes of data: at most " +
                            std::to_string(kMaxFileBytes) + " are allowed");
    }
  }
  return {};
}

} // namespace

Status MockMachine::run(std::span<const FileOp> ops, FileBatchMode mode,
                        FileReplySink& sink) noexcept {
  return guard("files", [&]() -> Status {
    if (Status status = check_up("files"); !status.ok()) {
      return status;
    }
    if (Status status = check_batch(ops); !status.ok()) {
      return status;
    }
    for (std::size_t i = 0; i < ops.size(); ++i) {
      advance(kFileOpNs + faults_.file_delay(clock()));
      if (Status status = check_up("files"); !status.ok()) {
        return status; // lost while it worked
      }
      std::string data;
      int error = ops[i].kind == FileOpKind::kWrite ? faults_.fail_write(ops[i].path, clock()) : 0;
      error = error != 0 ? error : vfs_.execute(ops[i], data);
      if (error == 0 && data.size() > kMaxFileBytes) {
        error = EFBIG;
      }
      const FileReply reply{.os_errno = error,
                            .at_ns = clock(),
                            .data = error == 0 ? std::string_view(data) : std::string_view{}};
      sink.on_reply(static_cast<std::uint32_t>(i), reply);
      if (error != 0 && mode == FileBatchMode::kStopAtFirstError) {
        break;
      }
    }
    return {};
  });
}

} // namespace schedrig::mock
