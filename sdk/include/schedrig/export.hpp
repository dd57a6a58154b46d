// SPDX-License-Identifier: MIT
// What a plugin author includes: SCHEDRIG_PLUGIN, and guard(), which turns ordinary C++ (throwing,
// Result-returning) into the noexcept Status of the boundary. Compiled into the plugin.
#pragma once

#include <exception>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <schedrig/note.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/status.hpp>
#if defined(SCHEDRIG_LINKED_PLUGIN)
#include <schedrig/linked_plugin.hpp>
#endif

namespace schedrig {

// Runs `body` and reports what it returned or threw. `body` returns void, Status, or anything
// that converts to bool and has error() with code, message, help and os_errno (Result<>).
// `what` names the operation for exceptions: "create: bad allocation".
template <class Body> [[nodiscard]] Status guard(std::string_view what, Body&& body) noexcept {
  try {
    using Returned = std::invoke_result_t<Body>;
    if constexpr (std::is_void_v<Returned>) {
      std::forward<Body>(body)();
      return {};
    } else if constexpr (std::is_same_v<Returned, Status>) {
      return std::forward<Body>(body)();
    } else {
      const auto result = std::forward<Body>(body)();
      if (result) {
        return {};
      }
      const auto& error = result.error();
      return Status::make(error.code, error.message, error.help, error.os_errno);
    }
  } catch (const std::exception& error) {
    char text[Status::kMessageBytes];
    std::size_t used = 0;
    for (const std::string_view part :
         {what, std::string_view(": uncaught exception: "), std::string_view(error.what())}) {
      const std::size_t room = sizeof(text) - used;
      const std::size_t n = part.size() < room ? part.size() : room;
      std::memcpy(text + used, part.data(), n);
      used += n;
    }
    return Status::make(StatusCode::kInternal, std::string_view(text, used));
  } catch (...) {
    char text[Status::kMessageBytes];
    constexpr std::string_view kUnknown = ": uncaught exception, no std::exception";
    const std::size_t n = what.size() < sizeof(text) - kUnknown.size() ? what.size() : 0;
    std::memcpy(text, what.data(), n);
    std::memcpy(text + n, kUnknown.data(), kUnknown.size());
    return Status::make(StatusCode::kInternal, std::string_view(text, n + kUnknown.size()));
  }
}

// Makes a Root (a class that derives from Plugin and is constructed from HostServices&).
template <class Root> Status create_plugin(HostServices& host, Plugin** out) noexcept {
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): guard handles it
  return guard("create", [&] { *out = new Root(host); });
}

template <class Root> void destroy_plugin(Plugin* plugin) noexcept {
  delete static_cast<Root*>(plugin);
}

} // namespace schedrig

// Emits the ELF note and the entry function. `descriptor` is a PluginDescriptor expression with
// static parts only; it is evaluated once. `kind_value` must be a constant and equal to its kind.
#if defined(SCHEDRIG_LINKED_PLUGIN)
#define SCHEDRIG_PLUGIN(kind_value, ...)                                                           \
  static const ::schedrig::PluginDescriptor* schedrig_linked_entry() noexcept {                    \
    static const ::schedrig::PluginDescriptor schedrig_descriptor = __VA_ARGS__;                   \
    return &schedrig_descriptor;                                                                   \
  }                                                                                                \
  static const ::schedrig::LinkedPlugin schedrig_linked_plugin(schedrig_linked_entry);             \
  static_assert(true, "requires a semicolon")
#else
#define SCHEDRIG_PLUGIN(kind_value, ...)                                                           \
  extern "C" {                                                                                     \
  extern const ::schedrig::AbiNoteRecord schedrig_abi_note;                                        \
  __attribute__((section(".note.schedrig"), used,                                                  \
                 aligned(4))) constinit const ::schedrig::AbiNoteRecord schedrig_abi_note =        \
      ::schedrig::make_abi_note_record(static_cast<std::uint32_t>(kind_value));                    \
  __attribute__((visibility("default"))) const ::schedrig::PluginDescriptor*                       \
  schedrig_plugin_entry_v1() noexcept {                                                            \
    static const ::schedrig::PluginDescriptor schedrig_descriptor = __VA_ARGS__;                   \
    return &schedrig_descriptor;                                                                   \
  }                                                                                                \
  }                                                                                                \
  static_assert(true, "requires a semicolon")
#endif
