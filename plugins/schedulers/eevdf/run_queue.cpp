// SPDX-License-Identifier: MIT
#include "plugins/schedulers/eevdf/run_queue.hpp"

#include <algorithm>

namespace schedrig::eevdf {
namespace {

// TICK_NSEC at HZ=250: with two slices the bound of an entity's lag.
constexpr std::int64_t kTickNs = 4'000'000;

std::int64_t virtual_time(std::int64_t ns, std::int64_t weight) {
  return weight == kNice0Weight ? ns : ns * kNice0Weight / weight;
}

} // namespace

std::int64_t RunQueue::load() const {
  return average().load;
}

RunQueue::Average RunQueue::average() const {
  Average result = total_;
  if (current_ != nullptr) {
    result.sum += (current_->vruntime - zero_) * current_->weight;
    result.load += current_->weight;
  }
  return result;
}

// avg_vruntime_add() and _sub() with the tree.
void RunQueue::add(Entity& entity) {
  total_.sum += (entity.vruntime - zero_) * entity.weight;
  total_.load += entity.weight;
  queued_.insert(entity);
}

void RunQueue::remove(Entity& entity) {
  queued_.erase(entity);
  total_.sum -= (entity.vruntime - zero_) * entity.weight;
  total_.load -= entity.weight;
}

// avg_vruntime(): rounded down, so that an entity placed there is eligible.
std::int64_t RunQueue::average_vruntime() const {
  const Average all = average();
  if (all.load == 0) {
    return zero_;
  }
  std::int64_t sum = all.sum;
  if (sum < 0) {
    sum -= all.load - 1;
  }
  return zero_ + (sum / all.load);
}

// entity_eligible(): not ahead of the average; compared without the division.
bool RunQueue::eligible(const Entity& entity) const {
  return average().covers(entity.vruntime - zero_);
}

void RunQueue::update_zero() {
  if (size() == 0) {
    return;
  }
  std::int64_t least = current_ != nullptr ? current_->vruntime : queued_.min_vruntime();
  if (queued_.size() > 0) {
    least = std::min(least, queued_.min_vruntime());
  }
  if (least > zero_) {
    total_.sum -= (least - zero_) * total_.load;
    zero_ = least;
  }
}

void RunQueue::place(Entity& entity, bool initial) {
  const std::int64_t v = average_vruntime();
  std::int64_t lag = 0;
  if (size() > 0 && entity.vlag != 0) {
    // Joining moves the average: inflate the lag so that it is right afterwards.
    const std::int64_t others = std::max<std::int64_t>(load(), 1);
    lag = entity.vlag * (others + entity.weight) / others;
  }
  entity.vruntime = v - lag;
  if (entity.relative) {
    entity.deadline += entity.vruntime;
    entity.relative = false;
    return;
  }
  const std::int64_t slice = virtual_time(entity.slice_ns, entity.weight);
  entity.deadline = entity.vruntime + (initial ? slice / 2 : slice);
}

void RunQueue::enqueue(Entity& entity, bool initial) {
  place(entity, initial);
  entity.on_rq = true;
  add(entity);
  update_zero();
}

void RunQueue::dequeue(Entity& entity, bool sleep) {
  const std::int64_t limit = virtual_time(std::max(2 * entity.slice_ns, kTickNs), entity.weight);
  entity.vlag = std::clamp(average_vruntime() - entity.vruntime, -limit, limit);
  if (entity.delayed) {
    entity.vlag = std::min<std::int64_t>(entity.vlag, 0); // DELAY_ZERO
  }
  entity.relative = !sleep && !entity.delayed;
  entity.on_rq = entity.delayed = false;
  remove(entity);
  if (entity.relative) {
    entity.deadline -= entity.vruntime;
  }
  update_zero();
}

void RunQueue::reweight(Entity& entity, std::int64_t weight) {
  const std::int64_t old = entity.weight;
  if (old == weight) {
    return;
  }
  if (!entity.on_rq) {
    entity.vlag = entity.vlag * old / weight;
    if (entity.relative) {
      entity.deadline = entity.deadline * old / weight;
    }
    entity.weight = weight;
    return;
  }
  const bool is_current = current_ == &entity;
  const std::int64_t lag = average_vruntime() - entity.vruntime;
  if (is_current) {
    current_ = nullptr;
  } else {
    remove(entity);
  }
  entity.vlag = lag * old / weight;
  entity.deadline = (entity.deadline - entity.vruntime) * old / weight;
  entity.relative = true;
  const std::int64_t protection = (entity.vprot - entity.vruntime) * old / weight;
  entity.weight = weight;
  place(entity, false);
  entity.vprot = entity.vruntime + protection;
  if (is_current) {
    current_ = &entity;
  } else {
    add(entity);
  }
}

// set_next_entity() with set_protect_slice(): protected for the shortest slice on the queue.
void RunQueue::set_current(Entity& entity) {
  const std::int64_t slice = queued_.min_slice(); // its own included
  remove(entity);
  current_ = &entity;
  entity.vprot = entity.deadline;
  if (slice != entity.slice_ns) {
    entity.vprot = std::min(entity.vprot, entity.vruntime + virtual_time(slice, entity.weight));
  }
}

void RunQueue::put_current() {
  if (current_ != nullptr) {
    Entity& entity = *current_;
    current_ = nullptr;
    add(entity);
  }
}

bool RunQueue::is_protected(const Entity& entity) const {
  return entity.vprot - entity.vruntime > 0;
}

// update_curr() and update_deadline().
bool RunQueue::charge(std::int64_t delta_ns) {
  if (current_ == nullptr) {
    return false;
  }
  Entity& entity = *current_;
  entity.vruntime += virtual_time(delta_ns, entity.weight);
  bool slice_over = false;
  if (entity.vruntime - entity.deadline >= 0) {
    entity.deadline = entity.vruntime + virtual_time(entity.slice_ns, entity.weight);
    slice_over = true;
  }
  update_zero();
  return size() > 1 && (slice_over || !is_protected(entity));
}

Entity* RunQueue::pick(bool protect) const {
  if (size() == 0) {
    return nullptr;
  }
  if (size() == 1) {
    return current_ != nullptr ? current_ : queued_.first();
  }
  const Average all = average();
  const auto is_eligible = [&](std::int64_t vruntime) { return all.covers(vruntime - zero_); };
  const bool current_eligible = current_ != nullptr && is_eligible(current_->vruntime);
  if (current_eligible && protect && is_protected(*current_)) {
    return current_;
  }
  Entity* const best = queued_.first_eligible(is_eligible);
  if (current_eligible && (best == nullptr || current_->deadline <= best->deadline)) {
    return current_;
  }
  return best;
}

} // namespace schedrig::eevdf
