// SPDX-License-Identifier: MIT
// A note without an entry function.
#include <schedrig/note.hpp>
#include <schedrig/plugin.hpp>

namespace {
__attribute__((section(".note.schedrig"), used,
               aligned(4))) constinit const schedrig::AbiNoteRecord kNote =
    schedrig::make_abi_note_record(static_cast<std::uint32_t>(schedrig::PluginKind::kScheduler));
} // namespace
