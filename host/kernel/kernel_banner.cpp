// SPDX-License-Identifier: MIT
#include "host/kernel/kernel_banner.hpp"

#include <algorithm>
#include <string_view>

namespace schedrig::kernel {
namespace {

constexpr std::string_view kStart = "Linux version ";
constexpr std::size_t kMaxBannerBytes = 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// From the version up to the line's end; what is no printable text is no banner.
std::string_view line_at(std::string_view text) {
  text = text.substr(0, kMaxBannerBytes);
  const auto end = std::ranges::find_if(text, [](char c) { return c < ' ' || c > '~'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

} // namespace

std::optional<KernelBanner> find_banner(ByteView vmlinux) {
  std::string_view text(reinterpret_cast<const char*>(vmlinux.data()), vmlinux.size());
  for (std::size_t at = 0; (at = text.find(kStart)) != std::string_view::npos;) {
    text.remove_prefix(at + kStart.size());
    const std::string_view line = line_at(text);
    const std::string_view version = line.substr(0, line.find(' '));
    // A copy without the build's number stands in the file, too.
    const std::size_t build = line.find(" #");
    if (!version.empty() && is_digit(version.front()) && build != std::string_view::npos &&
        build + 2 < line.size() && is_digit(line[build + 2])) {
      return KernelBanner{std::string(version), std::string(line.substr(build + 1))};
    }
  }
  return std::nullopt;
}

} // namespace schedrig::kernel
