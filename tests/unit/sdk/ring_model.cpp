// SPDX-License-Identifier: MIT
#include "ring_model.hpp"

#include <algorithm>
#include <utility>

namespace schedrig::model {
namespace {

// The state after one step of a side; nothing if it cannot take one now.
std::optional<State> after_step(State state, std::size_t side, const Script& script, Order order) {
  if (state.sides[side].ended) {
    return std::nullopt;
  }
  const std::size_t before = state.sides[side].steps;
  Stepper stepper(state, side, order, 1);
  try {
    script(stepper);
    state.sides[side].ended = true;
  } catch (const Suspended&) {
    if (state.sides[side].steps == before) {
      return std::nullopt;
    }
  }
  return state;
}

// The state after the buffered store reached memory; nothing if one to the same cell is before it.
std::optional<State> after_commit(State state, std::size_t side, std::size_t place) {
  auto& buffer = state.sides[side].buffer;
  const Store store = buffer[place];
  const auto at = buffer.begin() + static_cast<std::ptrdiff_t>(place);
  if (std::ranges::any_of(buffer.begin(), at,
                          [&](const Store& other) { return other.cell == store.cell; })) {
    return std::nullopt;
  }
  buffer.erase(at);
  state.cells[store.cell] = store.value;
  return state;
}

std::vector<State> successors(const State& state, const std::array<Script, 2>& scripts,
                              Order order) {
  std::vector<State> all;
  for (std::size_t side = 0; side < scripts.size(); ++side) {
    if (auto next = after_step(state, side, scripts[side], order)) {
      all.push_back(*std::move(next));
    }
    for (std::size_t place = 0; place < state.sides[side].buffer.size(); ++place) {
      if (auto next = after_commit(state, side, place)) {
        all.push_back(*std::move(next));
      }
    }
  }
  return all;
}

} // namespace

Explored explore(const State& start, const std::array<Script, 2>& scripts, Order order,
                 const Judge& judge) {
  Explored explored;
  std::set<State> known{start};
  std::vector<State> open{start};
  while (!open.empty() && explored.right) {
    const State state = std::move(open.back());
    open.pop_back();
    ++explored.states;
    auto next = successors(state, scripts, order);
    if (next.empty()) {
      ++explored.ends;
      explored.right = judge(state);
    }
    for (State& one : next) {
      if (known.insert(one).second) {
        open.push_back(std::move(one));
      }
    }
  }
  return explored;
}

} // namespace schedrig::model
