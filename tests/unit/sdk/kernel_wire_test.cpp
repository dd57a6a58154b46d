// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <schedrig/kernel_wire.hpp>
#include <schedrig/prng.hpp>

namespace schedrig {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes encoded(const auto& message) {
  Bytes bytes;
  const WireError error = encode(message, bytes);
  EXPECT_TRUE(error.ok()) << to_string(error);
  return bytes;
}

// --- random messages: every variant, texts and lists from empty to long --------------------------
std::string any_text(Prng& random, std::uint64_t most) {
  constexpr std::string_view kPieces[] = {"a", "rq.clock", "\xc3\xa9", "\xe2\x82\xac",
                                          "\xf0\x9f\x90\xa7"};
  std::string text;
  const std::uint64_t length = random.below(most);
  while (text.size() < length) {
    text += kPieces[random.below(std::size(kPieces))];
  }
  return text;
}

Bytes any_bytes(Prng& random) {
  Bytes bytes(random.below(40));
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.next());
  }
  return bytes;
}

std::uint32_t any_u32(Prng& random) {
  return static_cast<std::uint32_t>(random.next());
}

KernelValue any_value(Prng& random) {
  switch (random.below(4)) {
  case 0:
    return U32Value{any_u32(random)};
  case 1:
    return U64Value{random.next()};
  case 2:
    return BytesValue{any_bytes(random)};
  default:
    return OrU32Value{any_u32(random)};
  }
}

KernelTarget any_target(Prng& random) {
  const auto text = [&] { return any_text(random, 30); };
  switch (random.below(8)) {
  case 0:
    return SymbolTarget{text()};
  case 1:
    return DirectTarget{random.next()};
  case 2:
    return KvaTarget{random.next()};
  case 3:
    return PerCpuTarget{text(), text(), any_u32(random), text()};
  case 4:
    return TaskTarget{static_cast<std::int32_t>(any_u32(random)), random.next(), text()};
  case 5:
    return WorkerTarget{text(), any_u32(random), text()};
  case 6:
    return MapTarget{text(), text()};
  default:
    return PluginTarget{text(), any_bytes(random)};
  }
}

KernelRequest any_request(Prng& random) {
  KernelRequest request{.id = any_u32(random),
                        .mode = static_cast<KernelAccessMode>(random.below(2)),
                        .access = static_cast<KernelAccess>(random.below(2)),
                        .tag = any_text(random, kMaxKernelTextBytes - 8),
                        .entries = {}};
  const std::uint64_t entries = random.below(20);
  for (std::uint64_t i = 0; i < entries; ++i) {
    request.entries.push_back({any_target(random), any_value(random)});
  }
  return request;
}

KernelReply any_reply(Prng& random) {
  KernelReply reply{.id = any_u32(random),
                    .status = static_cast<std::int32_t>(any_u32(random)),
                    .failed_entry = any_u32(random),
                    .reason = any_text(random, kMaxKernelTextBytes - 8),
                    .values = {}};
  const std::uint64_t values = random.below(20);
  for (std::uint64_t i = 0; i < values; ++i) {
    reply.values.push_back(any_value(random));
  }
  return reply;
}

// Which alternatives are told apart by position and which members came through.
std::string described(const KernelValue& value) {
  struct Describe {
    std::string operator()(const U32Value& v) const { return "u32 " + std::to_string(v.value); }
    std::string operator()(const U64Value& v) const { return "u64 " + std::to_string(v.value); }
    std::string operator()(const BytesValue& v) const {
      return "bytes " + std::string(v.bytes.begin(), v.bytes.end());
    }
    std::string operator()(const OrU32Value& v) const { return "or " + std::to_string(v.mask); }
  };
  return std::visit(Describe(), value);
}

std::string described(const KernelTarget& target) {
  const auto number = [](auto value) { return " " + std::to_string(value) + " "; };
  struct Describe {
    decltype(number)& n;
    std::string operator()(const SymbolTarget& t) const { return "symbol " + t.name; }
    std::string operator()(const DirectTarget& t) const { return "direct" + n(t.address); }
    std::string operator()(const KvaTarget& t) const { return "kva" + n(t.address); }
    std::string operator()(const PerCpuTarget& t) const {
      return "per_cpu " + t.symbol + "|" + t.field + n(t.cpu) + t.type;
    }
    std::string operator()(const TaskTarget& t) const {
      return "task" + n(t.pid) + n(t.start_time_ns) + t.field;
    }
    std::string operator()(const WorkerTarget& t) const {
      return "worker " + t.cgroup + n(t.worker) + t.field;
    }
    std::string operator()(const MapTarget& t) const { return "map " + t.name + "|" + t.field; }
    std::string operator()(const PluginTarget& t) const {
      return "plugin " + t.dispatcher + "|" + std::string(t.bytes.begin(), t.bytes.end());
    }
  };
  return std::visit(Describe{number}, target);
}

TEST(KernelWire, requests_come_back_as_they_went) {
  Prng random(1, 0);
  for (int i = 0; i < 2000; ++i) {
    const KernelRequest sent = any_request(random);
    const Bytes bytes = encoded(sent);
    KernelRequest got;
    ASSERT_EQ(to_string(decode(bytes, &got)).find("nothing wrong"), 0U) << i;
    EXPECT_EQ(got.id, sent.id);
    EXPECT_EQ(got.mode, sent.mode);
    EXPECT_EQ(got.access, sent.access);
    EXPECT_EQ(got.tag, sent.tag);
    ASSERT_EQ(got.entries.size(), sent.entries.size());
    for (std::size_t e = 0; e < got.entries.size(); ++e) {
      EXPECT_EQ(described(got.entries[e].target), described(sent.entries[e].target));
      EXPECT_EQ(described(got.entries[e].value), described(sent.entries[e].value));
    }
  }
}

TEST(KernelWire, replies_come_back_as_they_went) {
  Prng random(2, 0);
  for (int i = 0; i < 2000; ++i) {
    const KernelReply sent = any_reply(random);
    const Bytes bytes = encoded(sent);
    KernelReply got;
    ASSERT_TRUE(decode(bytes, &got).ok()) << i;
    EXPECT_EQ(got.id, sent.id);
    EXPECT_EQ(got.status, sent.status);
    EXPECT_EQ(got.failed_entry, sent.failed_entry);
    EXPECT_EQ(got.reason, sent.reason);
    ASSERT_EQ(got.values.size(), sent.values.size());
    for (std::size_t v = 0; v < got.values.size(); ++v) {
      EXPECT_EQ(described(got.values[v]), described(sent.values[v]));
    }
  }
}

TEST(KernelWire, has_the_layout_of_its_description) {
  KernelRequest request{.id = 0x01020304,
                        .mode = KernelAccessMode::kCold,
                        .access = KernelAccess::kWrite,
                        .tag = "t",
                        .entries = {}};
  request.entries.push_back({PerCpuTarget{"rq", "f", 3, ""}, OrU32Value{32}});
  const Bytes expected = {4, 3, 2, 1,   1,   0, 1, 0,   1,  0, 't',     // head
                          3, 2, 0, 'r', 'q', 1, 0, 'f', 3,  0, 0,   0,  // target
                          3, 0, 0, 0,   4,   0, 0, 0,   32, 0, 0,   0}; // value
  EXPECT_EQ(encoded(request), expected);
  KernelReply reply{.id = 1, .status = -2, .failed_entry = 5, .reason = "no", .values = {}};
  reply.values.emplace_back(BytesValue{{9}});
  const Bytes answer = {1,   0,   0, 0, 0xfe, 0xff, 0xff, 0xff, 5, 0, 0, 0, 2, 0,
                        'n', 'o', 1, 0, 2,    0,    0,    0,    1, 0, 0, 0, 9};
  EXPECT_EQ(encoded(reply), answer);
}

TEST(KernelWire, every_cut_and_every_extra_byte_is_refused) {
  Prng random(3, 0);
  for (int i = 0; i < 50; ++i) {
    Bytes bytes = encoded(any_request(random));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      KernelRequest got{.id = 77, .tag = "before", .entries = {}};
      EXPECT_EQ(decode(std::span(bytes).first(length), &got).fault, WireFault::kTruncated)
          << length;
      EXPECT_EQ(got.tag, "before");
    }
    bytes.push_back(0);
    KernelRequest got;
    EXPECT_EQ(decode(bytes, &got).fault, WireFault::kTrailingBytes);
  }
}

struct Damage {
  const char* what;
  std::size_t at;
  std::uint8_t byte;
  WireFault fault;
};

TEST(KernelWire, names_what_is_wrong_and_where) {
  KernelRequest request{.id = 1, .tag = "tag", .entries = {}};
  request.entries.push_back({SymbolTarget{"sym"}, U32Value{7}});
  const Bytes good = encoded(request); // head 8, tag 5, target 6, value 12
  const Damage cases[] = {{"mode", 4, 2, WireFault::kUnknownTag},
                          {"access", 5, 2, WireFault::kUnknownTag},
                          {"count", 7, 1, WireFault::kTruncated},
                          {"tag's text", 10, 0xff, WireFault::kBadText},
                          {"tag's length", 9, 0xff, WireFault::kTooLong},
                          {"target", 13, 8, WireFault::kUnknownTag},
                          {"value", 19, 4, WireFault::kUnknownTag},
                          {"reserved", 21, 1, WireFault::kReservedNotZero},
                          {"length", 23, 8, WireFault::kBadLength}};
  for (const Damage& damage : cases) {
    Bytes bytes = good;
    bytes[damage.at] = damage.byte;
    KernelRequest got;
    const WireError error = decode(bytes, &got);
    EXPECT_EQ(error.fault, damage.fault) << damage.what << ": " << to_string(error);
    EXPECT_LE(error.offset, damage.at) << damage.what;
    EXPECT_GE(error.offset + 3, damage.at) << damage.what;
  }
}

TEST(KernelWire, refuses_what_does_not_fit_and_leaves_the_buffer_alone) {
  Bytes bytes = {1, 2, 3};
  EXPECT_EQ(encode(KernelReply{.reason = std::string(257, 'a'), .values = {}}, bytes).fault,
            WireFault::kTooLong);
  EXPECT_EQ(encode(KernelReply{.reason = "\xed\xa0\x80", .values = {}}, bytes).fault,
            WireFault::kBadText); // a surrogate
  KernelReply large;
  large.values.emplace_back(BytesValue{Bytes(kMaxKernelMessageBytes, 0)});
  EXPECT_EQ(encode(large, bytes).fault, WireFault::kTooLong);
  EXPECT_EQ(bytes, (Bytes{1, 2, 3}));
  KernelReply got;
  EXPECT_EQ(decode(Bytes(kMaxKernelMessageBytes + 1), &got).fault, WireFault::kTooLong);
}

} // namespace
} // namespace schedrig
