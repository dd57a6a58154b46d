// SPDX-License-Identifier: MIT
#include "tests/fuzz/seeds.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace schedrig::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestRun = 65536;

// "7f", or "00*512": appended; false for anything else.
bool append_word(std::string_view word, Input& to) {
  const std::size_t star = word.find('*');
  const std::string_view digits = word.substr(0, star);
  std::uint8_t byte = 0;
  const auto* digits_end = digits.data() + digits.size();
  if (const auto [end, error] = std::from_chars(digits.data(), digits_end, byte, 16);
      digits.size() != 2 || error != std::errc{} || end != digits_end) {
    return false;
  }
  std::size_t count = 1;
  if (star != std::string_view::npos) {
    const auto* word_end = word.data() + word.size();
    const auto [end, error] = std::from_chars(word.data() + star + 1, word_end, count);
    if (error != std::errc{} || end != word_end || count > kLongestRun) {
      return false;
    }
  }
  to.insert(to.end(), count, byte);
  return true;
}

} // namespace

Result<Input> parse_hex_file(std::string_view text, std::string_view name) {
  Input bytes;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      if (!append_word(word, bytes)) {
        return fail(StatusCode::kBadData,
                    std::string(name) + ":" + std::to_string(number) + ": \"" + word +
                        "\" is no byte",
                    "write two hexadecimal digits, or 00*512 for a run");
      }
    }
  }
  return bytes;
}

Result<std::vector<Seed>> load_seeds(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    paths.push_back(entry.path());
  }
  if (paths.empty()) {
    return fail(StatusCode::kNotFound, "no seeds in " + folder.string(),
                "name a folder of tests/fuzz/corpus");
  }
  std::ranges::sort(paths);
  std::vector<Seed> seeds;
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream stream;
    stream << file.rdbuf();
    const std::string text = stream.str();
    Seed& seed = seeds.emplace_back();
    seed.name = path.stem().string();
    seed.bytes = path.extension() == ".hex" ? TRY(parse_hex_file(text, path.string()))
                                            : Input(text.begin(), text.end());
  }
  return seeds;
}

} // namespace schedrig::fuzz
