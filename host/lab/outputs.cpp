// SPDX-License-Identifier: MIT
// Implementation of receiving report files.
#include "host/lab/outputs.hpp"

#include <cstring>
#include <system_error>
#include <utility>

#include "host/file/whole_file.hpp"

namespace schedrig::lab {
namespace {

// All reports of a run together; a long run's event log has some 10 MB.
constexpr std::uint64_t kMaxOutputBytes = 512U << 20U;
constexpr std::size_t kMaxNameBytes = 255; // NAME_MAX

} // namespace

Result<OutputReceiver::Piece> OutputReceiver::piece_of(std::string_view payload) const {
  Piece piece{};
  if (payload.size() < sizeof piece.index) {
    return fail(StatusCode::kBadData, "the lab sent a file piece without its index");
  }
  std::memcpy(&piece.index, payload.data(), sizeof piece.index);
  piece.bytes = payload.substr(sizeof piece.index);
  if (piece.index >= contents_.size()) {
    return fail(StatusCode::kBadData, "the lab sent a file piece for output " +
                                          std::to_string(piece.index) + " of " +
                                          std::to_string(contents_.size()));
  }
  return piece;
}

Result<> OutputReceiver::on_name(std::string_view payload) {
  const Piece piece = TRY(piece_of(payload));
  const bool plain = !piece.bytes.empty() && piece.bytes.size() <= kMaxNameBytes &&
                     piece.bytes.find('/') == std::string_view::npos &&
                     piece.bytes.find('\0') == std::string_view::npos;
  if (!wanted_[piece.index].family || !plain) {
    return fail(StatusCode::kBadData, "the lab sent a file of a name that was not asked for");
  }
  rests_[piece.index] = piece.bytes;
  return {};
}

Result<> OutputReceiver::on_data(std::string_view payload) {
  const Piece piece = TRY(piece_of(payload));
  total_ += piece.bytes.size();
  if (total_ > kMaxOutputBytes) {
    return fail(StatusCode::kBadData,
                "the lab sent " + std::to_string(total_) + " bytes of files, now for output " +
                    std::to_string(piece.index) + " of " + std::to_string(contents_.size()));
  }
  contents_[piece.index] += piece.bytes;
  return {};
}

Result<> OutputReceiver::on_end(const FileEnd& end) {
  if (end.index >= contents_.size()) {
    return fail(StatusCode::kBadData, "the lab ended a file that was not asked for");
  }
  const OutputFile& wanted = wanted_[end.index];
  const std::string content = std::exchange(contents_[end.index], {});
  const std::string rest = std::exchange(rests_[end.index], {});
  if (wanted.family && rest.empty()) {
    return fail(StatusCode::kBadData, "the lab sent a file without a name");
  }
  if (end.read_errno != 0) {
    missing_.push_back(wanted.in_lab + rest);
    return {};
  }
  if (wanted.family) {
    std::error_code error; // which the write tells
    std::filesystem::create_directories(wanted.on_host.parent_path(), error);
  }
  return write_whole_file(wanted.on_host.string() + rest, content, end.mode);
}

} // namespace schedrig::lab
