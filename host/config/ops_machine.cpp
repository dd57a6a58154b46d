// SPDX-License-Identifier: MIT
// Field tables of the ops on payloads, kernel memory, schedulers, interrupts and vCPUs, in the
// order of OpBody.
#include <array>
#include <string>
#include <utility>

#include <schedrig/sched_op.hpp>
#include <schedrig/topology.hpp>

#include "host/config/decode_cgroup.hpp"
#include "host/config/decode_kernel.hpp"
#include "host/config/decode_ops.hpp"
#include "host/config/decode_value_check.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

constexpr More kCpu{.required = true, .minimum = 0, .maximum = kMaxCpus - 1};
constexpr std::int64_t kHour = 3'600'000'000'000;
// 30 s: the verifier takes seconds over a large BPF scheduler.
constexpr More kAttachTimeout{.default_value = "30s", .minimum = 1, .maximum = kHour};

void read_cgroup(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::optional<std::string>& to) {
  std::string name;
  decode_cgroup_name(decoder, info, value, name);
  to = std::move(name);
}

template <auto kMember>
constexpr Field<OwnerOf<kMember>> optional_cgroup_key(std::string_view doc) {
  return custom_key<kMember, read_cgroup>("cgroup", FieldKind::kString, doc);
}

constexpr std::array kRunPayload = {
    string_key<&RunPayload::payload>("payload", "a declared payload", kRequired),
    strings_key<&RunPayload::args>("args", "arguments after its default ones"),
    optional_cgroup_key<&RunPayload::cgroup>("where it runs; the runner's own by default"),
};
constexpr std::array kWaitPayload = {
    string_key<&WaitPayload::name>("name", "a running payload", kRequired),
    optional_cgroup_key<&WaitPayload::cgroup>("which copy, where there are several"),
    duration_key<&WaitPayload::timeout_ns>("timeout", "then it is killed and the step fails",
                                           {.minimum = 1, .maximum = kHour}),
};
constexpr std::array kKillPayload = {
    string_key<&KillPayload::name>("name", "a running payload", kRequired),
    optional_cgroup_key<&KillPayload::cgroup>("which copy, where there are several"),
};
constexpr std::array kCaptureSnapshot = {
    string_key<&CaptureSnapshot::name>("name", "the snapshot's name", kRequired),
    custom_key<&CaptureSnapshot::expect, decode_value_checks>(
        "expect", FieldKind::kList, "what values in it must be, else the step fails",
        {.forms = value_check_forms}),
};

void read_watch_symbol(Decoder& decoder, const FieldInfo& info, const Node& value,
                       KernelTarget& to) {
  if (const auto symbol = decoder.string(info, value)) {
    to = SymbolTarget{std::string(*symbol)};
  }
}

void read_watch_len(Decoder& decoder, const FieldInfo& info, const Node& value, std::uint32_t& to) {
  const auto len = decoder.integer(info, value, 1, 8);
  if (len && (*len == 1 || *len == 2 || *len == 4 || *len == 8)) {
    to = static_cast<std::uint32_t>(*len);
  } else if (len) {
    decoder.error(value.pos, "len is " + std::to_string(*len), "allowed: 1, 2, 4 and 8 bytes");
  }
}

constexpr std::array kVia = {Word{"hardware", WatchVia::kHardware}, Word{"page", WatchVia::kPage}};

void read_via(Decoder& decoder, const FieldInfo& info, const Node& value, WatchVia& to) {
  if (const auto via = decoder.word<WatchVia>(info, value, kVia)) {
    to = *via;
  }
}

constexpr std::array kWatchSnapshot = {
    custom_key<&WatchSnapshot::target, read_watch_symbol>("symbol", FieldKind::kString,
                                                          "the kernel symbol to watch"),
    custom_key<&WatchSnapshot::target, decode_target>(
        "target", FieldKind::kTable, "what to watch, instead of symbol", {.forms = target_forms}),
    custom_key<&WatchSnapshot::len, read_watch_len>(
        "len", FieldKind::kInteger, "bytes to watch",
        {.default_value = "4", .minimum = 1, .maximum = 8}),
    custom_key<&WatchSnapshot::via, read_via>(
        "via", FieldKind::kString, "debug registers or page protection",
        {.default_value = "hardware", .forms = one_word<kVia>}),
    integer_key<&WatchSnapshot::max_captures>(
        "max_captures", "further hits are only counted",
        {.default_value = "16", .minimum = 1, .maximum = 1'000'000}),
    duration_key<&WatchSnapshot::min_interval_ns>("min_interval", "least time between captures",
                                                  {.default_value = "0s", .maximum = kHour}),
    custom_key<&WatchSnapshot::condition, decode_comparison>("condition", FieldKind::kTable,
                                                             "capture only when the value fits",
                                                             {.forms = comparison_forms}),
};

void read_watch_snapshot(Decoder& decoder, const Node& table, OpBody& to) {
  WatchSnapshot op;
  decode_table<WatchSnapshot>(decoder, table, op_name<WatchSnapshot>(), kWatchSnapshot, op, "kind");
  const bool symbol = table.find("symbol") != nullptr;
  if (symbol == (table.find("target") != nullptr)) {
    decoder.error(table.pos,
                  symbol ? "watch_snapshot has both symbol and target"
                         : "watch_snapshot does not say what to watch",
                  "give one of: symbol, target");
  }
  to = std::move(op);
}

template <class Read>
constexpr std::array kReadKernel = {
    string_key<&Read::tag>("tag", "the name of the result", kRequired),
    custom_key<&Read::target, decode_target>("target", FieldKind::kTable, "what to read",
                                             {.required = true, .forms = target_forms}),
    custom_key<&Read::width, decode_width>("width", FieldKind::kChoice, "u32, u64 or { bytes = n }",
                                           {.required = true, .forms = width_forms}),
};
template <class Write>
constexpr std::array kWriteKernel = {
    custom_key<&Write::writes, decode_writes>("writes", FieldKind::kTableList,
                                              "targets and values, written in order",
                                              {.required = true, .forms = write_forms}),
};

// A task's fields are guarded by checks that a running machine would overtake.
void refuse_task(Decoder& decoder, const Node* node, const KernelTarget& target,
                 std::string_view cold_op) {
  const bool task =
      std::holds_alternative<TaskTarget>(target) || std::holds_alternative<WorkerTarget>(target);
  if (task && decoder.sound(node)) {
    decoder.error(node->pos, "a task's field cannot be used while the machine runs",
                  "use " + std::string(cold_op));
  }
}

void read_read_kernel_hot(Decoder& decoder, const Node& table, OpBody& to) {
  read_op<ReadKernelHot, kReadKernel<ReadKernelHot>>(decoder, table, to);
  refuse_task(decoder, table.find("target"), std::get<ReadKernelHot>(to).target,
              "read_kernel_cold");
}

void read_write_kernel_hot(Decoder& decoder, const Node& table, OpBody& to) {
  read_op<WriteKernelHot, kWriteKernel<WriteKernelHot>>(decoder, table, to);
  const Node* list = table.find("writes");
  const auto& writes = std::get<WriteKernelHot>(to).writes;
  for (std::size_t i = 0; i < writes.size(); ++i) { // empty where it is no list
    refuse_task(decoder, list->items[i].find("target"), writes[i].target, "write_kernel_cold");
  }
}

void read_map_name(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  constexpr std::size_t kKernelKeeps = 15; // BPF_OBJ_NAME_LEN is 16 with its zero
  const auto name = decoder.string(info, value);
  if (name && name->size() > kKernelKeeps) {
    decoder.error(value.pos, "the kernel keeps 15 characters of a BPF map's name",
                  "did you mean \"" + std::string(name->substr(0, kKernelKeeps)) + "\"?");
  } else if (name) {
    to = *name;
  }
}

constexpr std::array kPinBpfMap = {custom_key<&PinBpfMap::name, read_map_name>(
    "name", FieldKind::kString, "the map's name as the kernel has it", kRequired)};

template <class Attach>
constexpr std::array kAttach = {
    string_key<&Attach::scheduler>("scheduler", "a plugin or a [[scheduler]]", kRequired),
    duration_key<&Attach::timeout_ns>("timeout", "until it must be attached", kAttachTimeout),
};
constexpr std::array<Field<DetachScheduler>, 0> kDetach{};
constexpr std::array<Field<RestartScheduler>, 0> kRestart{};

struct IrqLabel {
  std::string label;
  std::optional<std::uint32_t> nth;
};
constexpr std::array kIrqLabel = {
    string_key<&IrqLabel::label>("label", "a whole action name of /proc/interrupts", kRequired),
    integer_key<&IrqLabel::nth>("nth", "which line, where a name stands twice, from 0"),
};

void read_irq(Decoder& decoder, const FieldInfo& info, const Node& value, SteerIrq& to) {
  if (value.type == NodeType::kTable) {
    IrqLabel label;
    decode_table<IrqLabel>(decoder, value, info.key, kIrqLabel, label);
    to.irq = std::move(label.label);
    to.nth = label.nth;
  } else if (const auto number = decoder.integer(info, value, 0, UINT32_MAX)) {
    to.irq = static_cast<std::uint32_t>(*number);
  }
}

constexpr std::array kIrqForms = {
    Form{.kind = FieldKind::kInteger, .minimum = 0, .maximum = UINT32_MAX},
    kTableForm<IrqLabel, kIrqLabel>,
};

constexpr std::array kSteerIrq = {
    Field<SteerIrq>{make_info("irq", FieldKind::kInteger, "a number or { label = \"name\" }",
                              {.required = true, .forms = as_forms<kIrqForms>}),
                    &read_irq},
    integer_key<&SteerIrq::cpu>("cpu", "the CPU that shall serve it", kCpu),
};

// --- sched_command -------------------------------------------------------------------------------
template <class T>
constexpr std::array kReasonField = {
    integer_key<&T::reason>("reason", "the reason code", {.default_value = "0"})};
constexpr std::array kPollFields = {
    Field<PollCommand>{
        make_info("ports", FieldKind::kList, "event channels to wait for",
                  {.required = true, .maximum = UINT32_MAX, .forms = list_of<an_integer>}),
        [](Decoder& decoder, const FieldInfo& info, const Node& value, PollCommand& to) {
          if (!decoder.is_list(info.key, value)) {
            return;
          }
          for (const Node& item : value.items) {
            if (const auto port = decoder.integer(info, item, 0, UINT32_MAX)) {
              to.ports.push_back(static_cast<std::uint32_t>(*port));
            }
          }
        }},
    word64_key<&PollCommand::timeout_ns>("timeout_ns", "absolute guest time; 0: none",
                                         {.default_value = "0"}),
};
constexpr std::array kRemoteShutdownFields = {
    string_key<&RemoteShutdownCommand::machine>("machine", "the machine to stop", kRequired),
    integer_key<&RemoteShutdownCommand::reason>("reason", "the reason code",
                                                {.default_value = "0"}),
};
constexpr std::array kWatchdogFields = {
    integer_key<&WatchdogCommand::id>("id", "0: a new watchdog", {.default_value = "0"}),
    integer_key<&WatchdogCommand::timeout_s>("timeout_s", "seconds; 0: stop it", kRequired),
};
constexpr std::array kPinFields = {
    integer_key<&PinOverrideCommand::pcpu>("pcpu", "a physical CPU; negative: undo",
                                           {.required = true, .minimum = -1, .maximum = 65'535}),
};
template <class T> constexpr std::array<Field<T>, 0> kNoFields{};

template <class T, auto& kFields>
void read_command(Decoder& decoder, const FieldInfo& info, const Node& value,
                  SchedCommandBody& to) {
  T command;
  decode_table<T>(decoder, value, info.key, kFields, command);
  to = std::move(command);
}

template <class T, auto& kFields>
constexpr Field<SchedCommandBody> command_key(std::string_view key, std::string_view doc) {
  return {make_info(key, FieldKind::kTable, doc, {.forms = a_table<T, kFields>}),
          &read_command<T, kFields>};
}

constexpr std::array kCommands = {
    command_key<YieldCommand, kNoFields<YieldCommand>>("yield", "give the physical CPU away"),
    command_key<BlockCommand, kNoFields<BlockCommand>>("block", "sleep until an event"),
    command_key<ShutdownCommand, kReasonField<ShutdownCommand>>("shutdown", "stop this machine"),
    command_key<PollCommand, kPollFields>("poll", "sleep until one of several events"),
    command_key<RemoteShutdownCommand, kRemoteShutdownFields>("remote_shutdown",
                                                              "stop another machine"),
    command_key<ShutdownCodeCommand, kReasonField<ShutdownCodeCommand>>(
        "shutdown_code", "say why a later stop happens"),
    command_key<WatchdogCommand, kWatchdogFields>("watchdog", "stop the machine unless fed"),
    command_key<PinOverrideCommand, kPinFields>("pin_override", "pin to a physical CPU"),
};

// A command without parameters may be written as a word.
enum class CommandWord : std::uint8_t { kYield, kBlock };
constexpr std::array kCommandWords = {Word{"yield", CommandWord::kYield},
                                      Word{"block", CommandWord::kBlock}};

void decode_command(Decoder& decoder, const FieldInfo& info, const Node& value,
                    SchedCommandBody& to) {
  if (value.type != NodeType::kString) {
    decode_choice<SchedCommandBody>(decoder, value, info.key, kCommands, to);
  } else if (const auto word = decoder.word<CommandWord>(info, value, kCommandWords)) {
    to = *word == CommandWord::kYield ? SchedCommandBody(YieldCommand{})
                                      : SchedCommandBody(BlockCommand{});
  }
}

constexpr std::array kCommandForms = {
    Form{.kind = FieldKind::kString, .words = words_of<kCommandWords>},
    kOneKeyForm<SchedCommandBody, kCommands>,
};

constexpr std::array kSchedCommand = {
    string_key<&SchedCommand::machine>("machine", "which machine; may be left out with one"),
    integer_key<&SchedCommand::vcpu>("vcpu", "which of its vCPUs", kCpu),
    custom_key<&SchedCommand::command, decode_command>(
        "command", FieldKind::kChoice, "what to do",
        {.required = true, .forms = as_forms<kCommandForms>}),
};

constexpr std::array kRaiseEvent = {
    string_key<&RaiseEvent::machine>("machine", "which machine; may be left out with one"),
    integer_key<&RaiseEvent::port>("port", "the event port",
                                   {.required = true, .minimum = 0, .maximum = kEventPorts - 1}),
    integer_key<&RaiseEvent::vcpu>("vcpu", "the vCPU that it notifies", kCpu),
};

static_assert(well_formed<RunPayload>(kRunPayload));
static_assert(well_formed<WaitPayload>(kWaitPayload));
static_assert(well_formed<KillPayload>(kKillPayload));
static_assert(well_formed<CaptureSnapshot>(kCaptureSnapshot));
static_assert(well_formed<WatchSnapshot>(kWatchSnapshot));
static_assert(well_formed<ReadKernelHot>(kReadKernel<ReadKernelHot>));
static_assert(well_formed<WriteKernelHot>(kWriteKernel<WriteKernelHot>));
static_assert(well_formed<PinBpfMap>(kPinBpfMap));
static_assert(well_formed<AttachScheduler>(kAttach<AttachScheduler>));
static_assert(well_formed<SteerIrq>(kSteerIrq));
static_assert(well_formed<SchedCommandBody>(kCommands));
static_assert(well_formed<SchedCommand>(kSchedCommand));
static_assert(well_formed<RaiseEvent>(kRaiseEvent));

constexpr std::array<OpEntry, 17> kEntries = {
    kOpEntry<RunPayload, kRunPayload>,
    kOpEntry<WaitPayload, kWaitPayload>,
    kOpEntry<KillPayload, kKillPayload>,
    kOpEntry<CaptureSnapshot, kCaptureSnapshot>,
    OpEntry{.read = read_watch_snapshot, .keys = keys_of_table<WatchSnapshot, kWatchSnapshot>},
    OpEntry{.read = read_read_kernel_hot,
            .keys = keys_of_table<ReadKernelHot, kReadKernel<ReadKernelHot>>},
    kOpEntry<ReadKernelCold, kReadKernel<ReadKernelCold>>,
    OpEntry{.read = read_write_kernel_hot,
            .keys = keys_of_table<WriteKernelHot, kWriteKernel<WriteKernelHot>>},
    kOpEntry<WriteKernelCold, kWriteKernel<WriteKernelCold>>,
    kOpEntry<PinBpfMap, kPinBpfMap>,
    kOpEntry<AttachScheduler, kAttach<AttachScheduler>>,
    kOpEntry<DetachScheduler, kDetach>,
    kOpEntry<RestartScheduler, kRestart>,
    kOpEntry<ReplaceScheduler, kAttach<ReplaceScheduler>>,
    kOpEntry<SteerIrq, kSteerIrq>,
    kOpEntry<SchedCommand, kSchedCommand>,
    kOpEntry<RaiseEvent, kRaiseEvent>,
};

} // namespace

std::span<const OpEntry> machine_op_entries() noexcept {
  return kEntries;
}

} // namespace schedrig::config
