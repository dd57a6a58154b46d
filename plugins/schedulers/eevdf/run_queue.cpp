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
  Average result;
  const auto add = [&](const Entity& entity) {
    result.sum += (entity.vruntime - zero_) * entity.weight;
    result.load += entity.weight;
  };
  for (const Entity* entity : queued_) {
    add(*entity);
  }
  if (current_ != nullptr) {
    add(*current_);
  }
  return result;
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
  const Average all = average();
  return all.sum >= (entity.vruntime - zero_) * all.load;
}

void RunQueue::update_zero() {
  bool any = current_ != nullptr;
  std::int64_t least = any ? current_->vruntime : 0;
  for (const Entity* entity : queued_) {
    least = any ? std::min(least, entity->vruntime) : entity->vruntime;
    any = true;
  }
  if (any) {
    zero_ = std::max(zero_, least);
  }
}

void RunQueue::place(Entity& entity, bool initial, bool keep_deadline) {
  const std::int64_t v = average_vruntime();
  std::int64_t lag = 0;
  if (size() > 0 && entity.vlag != 0) {
    // Joining moves the average: inflate the lag so that it is right afterwards.
    const std::int64_t others = std::max<std::int64_t>(load(), 1);
    lag = entity.vlag * (others + entity.weight) / others;
  }
  entity.vruntime = v - lag;
  if (keep_deadline) { // held relative to the vruntime while off the queue
    entity.deadline += entity.vruntime;
    return;
  }
  const std::int64_t slice = virtual_time(entity.slice_ns, entity.weight);
  entity.deadline = entity.vruntime + (initial ? slice / 2 : slice);
}

void RunQueue::enqueue(Entity& entity, bool initial) {
  place(entity, initial, false);
  entity.on_rq = true;
  queued_.push_back(&entity);
  update_zero();
}

void RunQueue::dequeue(Entity& entity) {
  const std::int64_t limit = virtual_time(std::max(2 * entity.slice_ns, kTickNs), entity.weight);
  entity.vlag = std::clamp(average_vruntime() - entity.vruntime, -limit, limit);
  if (entity.delayed) {
    entity.vlag = std::min<std::int64_t>(entity.vlag, 0); // DELAY_ZERO
  }
  entity.on_rq = entity.delayed = false;
  queued_.erase(std::find(queued_.begin(), queued_.end(), &entity));
  update_zero();
}

void RunQueue::reweight(Entity& entity, std::int64_t weight) {
  const std::int64_t old = entity.weight;
  if (old == weight) {
    return;
  }
  if (!entity.on_rq) {
    entity.vlag = entity.vlag * old / weight;
    entity.weight = weight;
    return;
  }
  const bool is_current = current_ == &entity;
  entity.vlag = (average_vruntime() - entity.vruntime) * old / weight;
  entity.deadline = (entity.deadline - entity.vruntime) * old / weight;
  const std::int64_t protection = (entity.vprot - entity.vruntime) * old / weight;
  if (is_current) {
    current_ = nullptr;
  } else {
    queued_.erase(std::find(queued_.begin(), queued_.end(), &entity));
  }
  entity.weight = weight;
  place(entity, false, true);
  entity.vprot = entity.vruntime + protection;
  if (is_current) {
    current_ = &entity;
  } else {
    queued_.push_back(&entity);
  }
}

// set_next_entity() with set_protect_slice(): protected for the shortest slice on the queue.
void RunQueue::set_current(Entity& entity) {
  std::int64_t slice = entity.slice_ns;
  for (const Entity* other : queued_) {
    slice = std::min(slice, other->slice_ns);
  }
  queued_.erase(std::find(queued_.begin(), queued_.end(), &entity));
  current_ = &entity;
  entity.vprot = entity.deadline;
  if (slice != entity.slice_ns) {
    entity.vprot = std::min(entity.vprot, entity.vruntime + virtual_time(slice, entity.weight));
  }
}

void RunQueue::put_current() {
  if (current_ != nullptr) {
    queued_.push_back(current_);
    current_ = nullptr;
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
  if (size() == 1) {
    return current_ != nullptr ? current_ : queued_.front();
  }
  const Average all = average();
  const auto is_eligible = [&](const Entity& entity) {
    return all.sum >= (entity.vruntime - zero_) * all.load;
  };
  Entity* best = nullptr;
  if (current_ != nullptr && is_eligible(*current_)) {
    if (protect && is_protected(*current_)) {
      return current_;
    }
    best = current_;
  }
  for (Entity* entity : queued_) {
    if (is_eligible(*entity) && (best == nullptr || entity->deadline < best->deadline)) {
      best = entity;
    }
  }
  return best;
}

} // namespace schedrig::eevdf
