// SPDX-License-Identifier: MIT
#include <array>
#include <concepts>
#include <utility>

#include <schedrig/kernel_wire.hpp>

#include "wire_io.hpp"

namespace schedrig {
namespace {

using wire::Reader;
using wire::Writer;

enum ValueTag : std::uint8_t { kU32 = 0, kU64 = 1, kBytes = 2, kOrU32 = 3 };
enum TargetTag : std::uint8_t {
  kSymbol = 0,
  kDirect = 1,
  kKva = 2,
  kPerCpu = 3,
  kTask = 4,
  kMap = 5,
  kWorker = 6,
  kPerCpuOfType = 7,
  kPlugin = 255,
};

// A value without payload, and the shortest target: what each entry of a list needs at least.
constexpr std::size_t kLeastValueBytes = 8;
constexpr std::size_t kLeastTargetBytes = 3;

// --- values --------------------------------------------------------------------------------------
struct PutValue {
  Writer& out;

  void head(ValueTag tag) const {
    out.put(std::uint8_t{tag});
    out.put(std::uint8_t{0});
    out.put(std::uint16_t{0});
  }
  template <std::integral T> void number(ValueTag tag, T value) const {
    head(tag);
    out.put(static_cast<std::uint32_t>(sizeof value));
    out.put(value);
  }
  void operator()(const U32Value& value) const { number(kU32, value.value); }
  void operator()(const U64Value& value) const { number(kU64, value.value); }
  void operator()(const OrU32Value& value) const { number(kOrU32, value.mask); }
  void operator()(const BytesValue& value) const {
    head(kBytes);
    out.bytes(value.bytes);
  }
};

template <std::integral T> T sized_number(Reader& in) {
  const std::size_t at = in.offset();
  in.check(in.get<std::uint32_t>() == sizeof(T), WireFault::kBadLength, at);
  return in.get<T>();
}

KernelValue get_value(Reader& in) {
  const std::size_t at = in.offset();
  const auto tag = in.get<std::uint8_t>();
  in.check(tag <= kOrU32, WireFault::kUnknownTag, at);
  const bool zero = (in.get<std::uint8_t>() | in.get<std::uint16_t>()) == 0;
  in.check(zero, WireFault::kReservedNotZero, at + 1);
  switch (tag) {
  case kU64:
    return U64Value{sized_number<std::uint64_t>(in)};
  case kBytes:
    return BytesValue{in.bytes()};
  case kOrU32:
    return OrU32Value{sized_number<std::uint32_t>(in)};
  default:
    return U32Value{sized_number<std::uint32_t>(in)};
  }
}

// --- targets -------------------------------------------------------------------------------------
struct PutTarget {
  Writer& out;

  void tag(TargetTag value) const { out.put(std::uint8_t{value}); }
  void operator()(const SymbolTarget& target) const {
    tag(kSymbol);
    out.text(target.name);
  }
  void operator()(const DirectTarget& target) const {
    tag(kDirect);
    out.put(target.address);
  }
  void operator()(const KvaTarget& target) const {
    tag(kKva);
    out.put(target.address);
  }
  void operator()(const PerCpuTarget& target) const {
    tag(target.type.empty() ? kPerCpu : kPerCpuOfType);
    out.text(target.symbol);
    out.text(target.field);
    out.put(target.cpu);
    if (!target.type.empty()) {
      out.text(target.type);
    }
  }
  void operator()(const TaskTarget& target) const {
    tag(kTask);
    out.put(target.pid);
    out.put(target.start_time_ns);
    out.text(target.field);
  }
  void operator()(const WorkerTarget& target) const {
    tag(kWorker);
    out.text(target.cgroup);
    out.put(target.worker);
    out.text(target.field);
  }
  void operator()(const MapTarget& target) const {
    tag(kMap);
    out.text(target.name);
    out.text(target.field);
  }
  void operator()(const PluginTarget& target) const {
    tag(kPlugin);
    out.text(target.dispatcher);
    out.bytes(target.bytes);
  }
};

PerCpuTarget get_per_cpu(Reader& in, bool typed) {
  PerCpuTarget target;
  target.symbol = in.text();
  target.field = in.text();
  target.cpu = in.get<std::uint32_t>();
  if (typed) {
    const std::size_t at = in.offset();
    target.type = in.text();
    in.check(!target.type.empty(), WireFault::kBadLength, at); // that is what tag 3 is for
  }
  return target;
}

TaskTarget get_task(Reader& in) {
  TaskTarget target;
  target.pid = in.get<std::int32_t>();
  target.start_time_ns = in.get<std::uint64_t>();
  target.field = in.text();
  return target;
}

WorkerTarget get_worker(Reader& in) {
  WorkerTarget target;
  target.cgroup = in.text();
  target.worker = in.get<std::uint32_t>();
  target.field = in.text();
  return target;
}

KernelTarget get_target(Reader& in) {
  const std::size_t at = in.offset();
  switch (in.get<std::uint8_t>()) {
  case kSymbol:
    return SymbolTarget{in.text()};
  case kDirect:
    return DirectTarget{in.get<std::uint64_t>()};
  case kKva:
    return KvaTarget{in.get<std::uint64_t>()};
  case kPerCpu:
    return get_per_cpu(in, false);
  case kPerCpuOfType:
    return get_per_cpu(in, true);
  case kTask:
    return get_task(in);
  case kWorker:
    return get_worker(in);
  case kMap: {
    MapTarget target;
    target.name = in.text();
    target.field = in.text();
    return target;
  }
  case kPlugin: {
    PluginTarget target;
    target.dispatcher = in.text();
    target.bytes = in.bytes();
    return target;
  }
  default:
    in.check(false, WireFault::kUnknownTag, at);
    return {};
  }
}

template <class E> E get_flag(Reader& in) {
  const std::size_t at = in.offset();
  const auto value = in.get<std::uint8_t>();
  in.check(value <= 1, WireFault::kUnknownTag, at);
  return static_cast<E>(value & 1U);
}

constexpr std::array<std::string_view, 8> kFaults = {
    "nothing wrong", "message ends early",    "trailing bytes",
    "too long",      "unknown tag",           "reserved byte that is not zero",
    "wrong length",  "text that is not UTF-8"};

} // namespace

std::string to_string(const WireError& error) {
  return std::string(kFaults.at(static_cast<std::size_t>(error.fault))) + " at byte " +
         std::to_string(error.offset);
}

WireError encode(const KernelRequest& request, std::vector<std::uint8_t>& out) {
  Writer writer(out);
  writer.put(request.id);
  writer.put(std::to_underlying(request.mode));
  writer.put(std::to_underlying(request.access));
  writer.count(request.entries.size());
  writer.text(request.tag, kMaxKernelTextBytes);
  for (const KernelWrite& entry : request.entries) {
    std::visit(PutTarget{writer}, entry.target);
    std::visit(PutValue{writer}, entry.value);
  }
  return writer.finish();
}

WireError encode(const KernelReply& reply, std::vector<std::uint8_t>& out) {
  Writer writer(out);
  writer.put(reply.id);
  writer.put(reply.status);
  writer.put(reply.failed_entry);
  writer.text(reply.reason, kMaxKernelTextBytes);
  writer.count(reply.values.size());
  for (const KernelValue& value : reply.values) {
    std::visit(PutValue{writer}, value);
  }
  return writer.finish();
}

WireError decode(std::span<const std::uint8_t> bytes, KernelRequest* out) {
  Reader reader(bytes);
  KernelRequest request;
  request.id = reader.get<std::uint32_t>();
  request.mode = get_flag<KernelAccessMode>(reader);
  request.access = get_flag<KernelAccess>(reader);
  const std::size_t at = reader.offset();
  const std::size_t entries = reader.get<std::uint16_t>();
  request.tag = reader.text(kMaxKernelTextBytes);
  if (reader.fits(entries, kLeastTargetBytes + kLeastValueBytes, at)) {
    request.entries.reserve(entries);
  }
  for (std::size_t i = 0; i < entries && reader.ok(); ++i) {
    KernelWrite& entry = request.entries.emplace_back();
    entry.target = get_target(reader);
    entry.value = get_value(reader);
  }
  const WireError error = reader.finish();
  if (error.ok()) {
    *out = std::move(request);
  }
  return error;
}

WireError decode(std::span<const std::uint8_t> bytes, KernelReply* out) {
  Reader reader(bytes);
  KernelReply reply;
  reply.id = reader.get<std::uint32_t>();
  reply.status = reader.get<std::int32_t>();
  reply.failed_entry = reader.get<std::uint32_t>();
  reply.reason = reader.text(kMaxKernelTextBytes);
  const std::size_t values = reader.count(kLeastValueBytes);
  reply.values.reserve(values);
  for (std::size_t i = 0; i < values && reader.ok(); ++i) {
    reply.values.push_back(get_value(reader));
  }
  const WireError error = reader.finish();
  if (error.ok()) {
    *out = std::move(reply);
  }
  return error;
}

} // namespace schedrig
