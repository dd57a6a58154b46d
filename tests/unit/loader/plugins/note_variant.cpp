// SPDX-License-Identifier: MIT
// A plugin with one wrong field in its note: TEST_NOTE_FIELD is set to TEST_NOTE_VALUE. Its static
// constructor ends the process: the note must be refused before any code runs.
#include <cstdlib>

#include <schedrig/note.hpp>
#include <schedrig/plugin.hpp>

namespace {

constexpr schedrig::AbiNoteRecord make_record() {
  auto record =
      schedrig::make_abi_note_record(static_cast<std::uint32_t>(schedrig::PluginKind::kScheduler));
  record.note.TEST_NOTE_FIELD = TEST_NOTE_VALUE;
  return record;
}

__attribute__((section(".note.schedrig"), used,
               aligned(4))) constinit const schedrig::AbiNoteRecord kNote = make_record();

struct Trap {
  Trap() { std::abort(); }
};
const Trap kTrap;

} // namespace
