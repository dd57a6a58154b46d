// SPDX-License-Identifier: MIT
// The conversation of a saved guest goes on with another host's side of it.
#include <gtest/gtest.h>

#include "backend/saved_session.hpp"

namespace schedrig::kvm {
namespace {

SavedSession some_session() {
  return {.hello = {.protocol = kProtocolVersion,
                    .agent_version = "1",
                    .kernel_release = "6.18",
                    .kernel_version = "#1",
                    .online_cpus = 4,
                    .monotonic_ns = 5,
                    .boottime_ns = 6},
          .link = {.last_request = 77, .unread = Bytes(9, std::byte{1})}};
}

TEST(SavedSession, is_read_as_it_was_written) {
  const auto read = decode_session(encode_session(some_session()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->hello.kernel_release, "6.18");
  EXPECT_EQ(read->hello.online_cpus, 4U);
  EXPECT_EQ(read->link.last_request, 77U);
  EXPECT_EQ(read->link.unread, some_session().link.unread);
}

TEST(SavedSession, a_cut_one_is_refused) {
  const Bytes bytes = encode_session(some_session());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_session(ByteView(bytes).first(length))) << length;
  }
}

// Gives what it is told to, as the guest's end of the channel.
class Script final : public ByteChannel {
 public:
  Result<> send(ByteView /*bytes*/, Deadline /*deadline*/) override { return {}; }
  Result<> receive(Bytes& into, Deadline /*deadline*/) override {
    if (next.empty()) {
      return fail(StatusCode::kTimeout, "nothing more");
    }
    into.insert(into.end(), next.begin(), next.end());
    next.clear();
    return {};
  }
  Bytes next;
};

class Lines final : public AgentLines {
 public:
  void on_agent_log(const TextLine& line) override { logs.push_back(line.text); }
  void on_agent_notice(std::string_view text) override { notices.emplace_back(text); }
  std::vector<std::string> logs;
  std::vector<std::string> notices;
};

// The guest was in the middle of a line when it was saved: its first half is in the saved session,
// its second half comes from each guest that starts from it.
TEST(SavedSession, a_message_that_the_save_cut_in_two_arrives_whole_on_both_sides) {
  const Bytes line = encode_log(LogLevel::kInfo, "in the middle");
  const ByteView half = ByteView(line).first(line.size() / 2);
  const Bytes rest(line.begin() + static_cast<std::ptrdiff_t>(half.size()), line.end());
  Script parent_channel;
  Lines parent_lines;
  AgentLink parent(parent_channel, parent_lines);
  (void)parent.new_request();
  parent.on_unasked(half);
  const LinkSession session = parent.session();
  EXPECT_EQ(session.last_request, 1U);

  for (int guest = 0; guest < 2; ++guest) {
    Script channel;
    Lines lines;
    AgentLink child(channel, lines);
    child.resume(session);
    child.on_unasked(rest);
    EXPECT_EQ(lines.logs, std::vector<std::string>{"in the middle"});
    EXPECT_TRUE(lines.notices.empty());
    EXPECT_EQ(child.new_request(), 2U) << "late answers to the parent's are nobody's";
  }
  parent.on_unasked(rest);
  EXPECT_EQ(parent_lines.logs, std::vector<std::string>{"in the middle"});
}

} // namespace
} // namespace schedrig::kvm
