// SPDX-License-Identifier: MIT
// Payloads through the agent.
#include "backend/payloads_facet.hpp"

#include <algorithm>

#include <schedrig/export.hpp>

namespace schedrig::kvm {
namespace {

// The agent waits five seconds for what it has killed.
constexpr std::chrono::seconds kTimeToKill{6};

Deadline in(std::chrono::nanoseconds time) {
  return std::chrono::steady_clock::now() + time;
}

std::unexpected<Error> unexpected_answer(std::string_view what) {
  return fail(StatusCode::kBadData, std::string(what) + ": unexpected answer of the guest agent");
}

Result<> check(const PayloadSpec& spec) {
  const auto too_long = [](std::string_view arg) { return arg.size() > kMaxPayloadArgBytes; };
  if (spec.args.size() > kMaxPayloadArgs || std::ranges::any_of(spec.args, too_long) ||
      too_long(spec.binary)) {
    return fail(StatusCode::kInvalidArgument,
                "payload \"" + std::string(spec.name) + "\" has " +
                    std::to_string(spec.args.size()) + " arguments, or a long one",
                "up to " + std::to_string(kMaxPayloadArgs) + " of " +
                    std::to_string(kMaxPayloadArgBytes) + " bytes each are possible");
  }
  const auto has_zero = [](std::string_view arg) {
    return arg.find('\0') != std::string_view::npos;
  };
  if (std::ranges::any_of(spec.args, has_zero) || std::ranges::any_of(spec.files, has_zero) ||
      has_zero(spec.binary) || spec.binary.empty()) {
    return fail(StatusCode::kInvalidArgument, "payload \"" + std::string(spec.name) +
                                                  "\" has no program, or an argument with a zero "
                                                  "byte");
  }
  return {};
}

// Payloads of the same program and files are staged once.
std::string staged_key(const PayloadSpec& spec) {
  std::string key(spec.binary);
  for (const std::string_view file : spec.files) {
    key.append(1, '\0').append(file);
  }
  return key;
}

// Appends, within the facet's limits, whatever the guest sends.
Result<> append(std::string& text, std::string_view piece, std::size_t limit) {
  if (piece.size() > limit - text.size()) {
    return fail(StatusCode::kBadData, "the guest agent sent more output than a payload may have");
  }
  text += piece;
  return {};
}

} // namespace

AgentPayloads::AgentPayloads(AgentLink& link, const MachineClock& clock, MachineWaits& waits,
                             std::chrono::nanoseconds timeout) noexcept
    : link_(link), clock_(clock), waits_(waits), timeout_(timeout) {
  link.tell_of_payloads(*this);
}

Status AgentPayloads::spawn(const PayloadSpec& spec, std::uint32_t* payload,
                            std::int32_t* pid) noexcept {
  return guard("spawn payload", [&] { return spawn_payload(spec, payload, pid); });
}

Status AgentPayloads::start(std::uint32_t payload) noexcept {
  return guard("start payload", [&] {
    const std::uint32_t request = link_.new_request();
    return ask(request,
               encode_payload_request(MessageType::kPayloadStart,
                                      {.request = request, .payload = payload}),
               "start payload", MessageType::kPayloadStartReply);
  });
}

Status AgentPayloads::wait(std::uint32_t payload, std::int64_t deadline_ns,
                           PayloadWake* why) noexcept {
  return guard("wait for a payload", [&] { return wait_for_end(payload, deadline_ns, *why); });
}

Status AgentPayloads::collect(std::uint32_t payload, PayloadReportSink& sink) noexcept {
  return guard("collect payload",
               [&] { return take(MessageType::kPayloadCollect, payload, sink); });
}

Status AgentPayloads::kill(std::uint32_t payload, PayloadReportSink& sink) noexcept {
  return guard("kill payload", [&] { return take(MessageType::kPayloadKill, payload, sink); });
}

Result<> AgentPayloads::terminate(std::uint32_t payload) {
  const std::uint32_t request = link_.new_request();
  return ask(request,
             encode_payload_request(MessageType::kPayloadTerminate,
                                    {.request = request, .payload = payload}),
             "terminate payload", MessageType::kPayloadTerminateReply);
}

bool AgentPayloads::has_ended(std::uint32_t payload) const {
  const auto found = payloads_.find(payload);
  return found == payloads_.end() || found->second.ended;
}

void AgentPayloads::forget() {
  staged_.clear();
  files_.clear();
  payloads_.clear();
}

void AgentPayloads::on_payload_ended(std::uint32_t payload) {
  if (const auto found = payloads_.find(payload); found != payloads_.end()) {
    found->second.ended = true;
  }
}

void AgentPayloads::on_payload_tail(const PayloadTail& tail) {
  if (const auto found = payloads_.find(tail.payload); found != payloads_.end()) {
    Known& known = found->second;
    (tail.stream == PayloadStream::kStdout ? known.stdout_tail : known.stderr_tail) = tail.text;
  }
}

Result<> AgentPayloads::spawn_payload(const PayloadSpec& spec, std::uint32_t* payload,
                                      std::int32_t* pid) {
  TRY(check(spec));
  const std::string key = staged_key(spec);
  auto staged = staged_.find(key);
  if (staged == staged_.end()) {
    auto fresh = stage(spec);
    if (!fresh) {
      return std::unexpected(
          std::move(fresh).error().context("payload \"" + std::string(spec.name) + "\""));
    }
    staged = staged_.emplace(key, *std::move(fresh)).first;
  }
  PayloadSpawnRequest message{.request = link_.new_request(),
                              .path = staged->second.program,
                              .library_path = staged->second.library_path,
                              .argv = {staged->second.program}};
  message.argv.insert(message.argv.end(), spec.args.begin(), spec.args.end());
  PayloadSpawnReply reply;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type != MessageType::kPayloadSpawnReply) {
      return unexpected_answer("spawn payload");
    }
    reply = TRY(decode_payload_spawn_reply(frame.payload));
    if (reply.outcome.code == StatusCode::kOk) {
      payloads_[reply.payload] = {}; // before a message about its end can follow
    }
    return true;
  };
  TRY(link_.exchange(message.request, encode_payload_spawn(message), "spawn payload", in(timeout_),
                     on_answer));
  if (auto outcome = from_outcome(reply.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context("spawn payload"));
  }
  *payload = reply.payload;
  *pid = reply.pid;
  return {};
}

// The program and what else it needs. Library paths are those of all programs among them: one may
// start another.
Result<AgentPayloads::Staged> AgentPayloads::stage(const PayloadSpec& spec) {
  const ProgramFiles program = TRY(find_program_files(std::string(spec.binary)));
  std::vector<std::string> library_dirs = program.library_dirs;
  TRY(stage_files(program));
  for (const std::string_view path : spec.files) {
    const ProgramFiles needed = TRY(find_needed_file(std::string(path)));
    TRY(stage_files(needed));
    for (const std::string& dir : needed.library_dirs) {
      if (std::ranges::find(library_dirs, dir) == library_dirs.end()) {
        library_dirs.push_back(dir);
      }
    }
  }
  Staged staged{.program = program.program, .library_path = {}};
  for (const std::string& dir : library_dirs) {
    staged.library_path += (staged.library_path.empty() ? "" : ":") + dir;
  }
  if (staged.library_path.size() > kMaxLibraryPathBytes) {
    return fail(StatusCode::kUnsupported, staged.program + ": its libraries lie in " +
                                              std::to_string(library_dirs.size()) +
                                              " directories, too many for LD_LIBRARY_PATH");
  }
  return staged;
}

Result<> AgentPayloads::stage_files(const ProgramFiles& found) {
  for (const ProgramFile& file : found.files) {
    if (!files_.contains(file.path)) {
      TRY(stage_file(file));
      files_.insert(file.path);
    }
  }
  return {};
}

Result<> AgentPayloads::stage_file(const ProgramFile& file) {
  const std::string_view content(reinterpret_cast<const char*>(file.content.data()),
                                 file.content.size());
  std::uint64_t offset = 0;
  do { // an empty file is a piece, too
    const std::string_view data = content.substr(offset, kMaxStagePieceBytes);
    StagePiece piece{.request = link_.new_request(),
                     .mode = file.mode,
                     .last = offset + data.size() == content.size() ? 1U : 0U,
                     .offset = offset,
                     .path = file.path,
                     .data = data};
    TRY(ask(piece.request, encode_stage_piece(piece), "stage " + file.path,
            MessageType::kStageReply));
    offset += data.size();
  } while (offset < content.size());
  return {};
}

Result<> AgentPayloads::ask(std::uint32_t request, ByteView frame, std::string_view what,
                            MessageType answer_type) {
  Answer answer;
  const auto on_answer = [&](const Parsed& reply) -> Result<bool> {
    if (reply.type != answer_type) {
      return unexpected_answer(what);
    }
    answer = TRY(decode_answer(reply.payload));
    return true;
  };
  TRY(link_.exchange(request, frame, what, in(timeout_), on_answer));
  if (auto outcome = from_outcome(answer.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context(what));
  }
  return {};
}

Result<> AgentPayloads::wait_for_end(std::uint32_t payload, std::int64_t deadline_ns,
                                     PayloadWake& why) {
  const auto found = payloads_.find(payload);
  if (found == payloads_.end()) {
    return fail(StatusCode::kNotFound,
                "wait for a payload: there is no payload " + std::to_string(payload));
  }
  const bool& ended = found->second.ended; // a map's nodes stay where they are
  WakeReason reason = WakeReason::kEvent;
  if (!ended) {
    reason = TRY(waits_.wait(deadline_ns, [&] { return ended; }));
  }
  why = ended                                ? PayloadWake::kExited
        : reason == WakeReason::kInterrupted ? PayloadWake::kInterrupted
        : reason == WakeReason::kDeadline    ? PayloadWake::kDeadline
                                             : PayloadWake::kEvent;
  return {};
}

Result<> AgentPayloads::take(MessageType type, std::uint32_t payload, PayloadReportSink& sink) {
  auto taken = exchange_for_report(type, payload, sink);
  const auto known = payloads_.find(payload);
  if (!taken && taken.error().code == StatusCode::kGuestFailed && known != payloads_.end()) {
    PayloadReport report;
    report.stdout_text = known->second.stdout_tail;
    report.stderr_text = known->second.stderr_tail;
    sink.on_report(report);
  }
  return taken;
}

Result<> AgentPayloads::exchange_for_report(MessageType type, std::uint32_t payload,
                                            PayloadReportSink& sink) {
  const std::string_view what =
      type == MessageType::kPayloadKill ? "kill payload" : "collect payload";
  TRY(link_.sync_clock(in(timeout_)));
  const std::uint32_t request = link_.new_request();
  std::string out;
  std::string err;
  PayloadEndReply reply;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type == MessageType::kPayloadEnd) {
      reply = TRY(decode_payload_end(frame.payload));
      return true;
    }
    if (frame.type != MessageType::kPayloadOutput) {
      return unexpected_answer(what);
    }
    const PayloadOutputPiece piece = TRY(decode_output_piece(frame.payload));
    TRY(piece.stream == PayloadStream::kStdout ? append(out, piece.text, kMaxPayloadStdout)
                                               : append(err, piece.text, kMaxPayloadStderr));
    return false;
  };
  TRY(link_.exchange(request,
                     encode_payload_request(type, {.request = request, .payload = payload}), what,
                     in(timeout_ + kTimeToKill), on_answer));
  if (auto outcome = from_outcome(reply.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context(what));
  }
  payloads_.erase(payload);
  PayloadReport& report = reply.report;
  if (report.started_ns != 0) {
    report.started_ns = clock_.from_guest(link_.clock(), report.started_ns);
  }
  report.ended_ns = clock_.from_guest(link_.clock(), report.ended_ns);
  report.stdout_text = out;
  report.stderr_text = err;
  sink.on_report(report);
  return {};
}

} // namespace schedrig::kvm
