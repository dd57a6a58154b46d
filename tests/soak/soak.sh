#!/usr/bin/env bash
# The long counts, a part at a time: ./dev soak [PART...]. A part that has passed on these very sources
# is not repeated, so a soak that was interrupted goes on where it was; --again forgets what passed.
# One line a part, also in build/soak/figures, which the docs quote. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

jobs=$(nproc)
schedrig=build/bin/schedrig
# What the parts depend on: every file that git knows or would know.
sources=$(git ls-files --cached --others --exclude-standard -z | xargs -0 sha256sum 2>/dev/null |
  sha256sum | cut -c1-16)
passed=build/soak/$sources

# A part is called where bash ignores `set -e`: each command says itself that a failure ends it.
# quiet NAME COMMAND...: the output is kept in build/soak/NAME.log and shown when it fails.
quiet() {
  local name=$1
  shift
  "$@" >"build/soak/$name.log" 2>&1 </dev/null || { tail -n 60 "build/soak/$name.log" && return 1; }
}

# Every test 20 times: what depends on chance or on time shows here.
part_repeat() {
  quiet repeat ctest --test-dir build --output-on-failure --no-tests=error -LE '^lab$' -j "$jobs" \
    --repeat until-fail:20
}

# The lab's own tests, and the contract suite on a real kernel: five machines that booted themselves,
# five that started from one.
part_lab() {
  quiet lab ctest --test-dir build --output-on-failure --no-tests=error -L '^lab$' || return 1
  local i cold
  for ((i = 1; i <= 10; i++)); do
    [ $((i % 2)) = 0 ] && cold=() || cold=(--cold)
    quiet "lab-contract-$i" "$schedrig" lab exec --timeout 900 \
      --stage /usr/bin/echo --stage /usr/bin/false --stage /usr/bin/sleep --stage /usr/bin/true -- \
      build/bin/contract_test --backend=kvm "${cold[@]}" || return 1
  done
}

# Every machine shape, not only those of the lab lane, and 64 CPUs.
part_boots() {
  local init=$PWD/build/bin/kvm_vmm_guest_init
  quiet boots "$schedrig" lab exec --timeout 3000 --stage "$init" -- \
    build/bin/kvm_vmm_boot_test "--init=$init"
}

# Two thousand machines started from a booted one, by the VMM; by the plugin fifty with three lives
# each, and a thousand starts for their random numbers. Nobody complains, none is lost.
part_forks() {
  local init=$PWD/build/bin/kvm_vmm_guest_init agent=$PWD/build/lib/schedrig/plugins/kvm/schedrig-agent
  quiet forks "$schedrig" lab exec --timeout 9000 --stage "$init" -- \
    build/bin/kvm_vmm_fork_test "--init=$init" --forks=2000 || return 1
  quiet forks-facet "$schedrig" lab exec --timeout 3000 --stage "$agent" -- \
    build/bin/kvm_fork_test "--agent=$agent" --forks=50 --starts=1000
}

# Lines of kernels, and the suite that has the newest of each in a form that takes schedulers; trixie's
# does not, nor did two of its backports when this was written.
kernel_lines=(trixie:6.12 trixie-backports:6.16 trixie-backports:6.17 trixie-backports:6.18
  trixie-backports:6.19 trixie-backports:7.0 trixie-backports:7.1 trixie-backports:7.2
  trixie-backports:7.3 sid:7.2 sid:7.3 sid:7.4)

# sched_ext, and walks through the kernel's memory, on each line of kernels in the cache.
part_matrix() {
  local line
  for line in "${kernel_lines[@]}"; do
    quiet "matrix-fetch-${line#*:}" "$schedrig" kernel fetch "${line#*:}" --suite "${line%:*}" >/dev/null ||
      printf 'kernel line %s of %s cannot be had\n' "${line#*:}" "${line%:*}"
  done
  quiet matrix env SCHEDRIG_KERNEL_LINES=all build/bin/lab_test \
    --gtest_filter='KernelLines.*:*walks_find_in_each_kernel*'
}

# A hundred runs on kvm from one boot.
part_series() {
  quiet series "$schedrig" lab run configs/kvm/two-cgroups.toml --repeat 100
}

# A program that watches 64 words while ten thousand cold batches rewrite them.
part_cold() {
  quiet cold env SCHEDRIG_COLD_BATCHES=10000 build/bin/lab_test \
    --gtest_filter='*ever_sees_a_half_written_cold_batch'
}

# kill -9 at a hundred random moments of runs on kvm; the log has the seed.
part_kills() {
  local config=$PWD/configs/quickstart.toml
  quiet kills "$schedrig" lab exec --timeout 5000 --stage "$schedrig" --stage "$config" -- \
    build/bin/kvm_kill_test "--schedrig=$PWD/$schedrig" "--config=$config" --kills=100
}

resident_kib() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null; }

# One process runs a scenario a thousand times and does not grow.
part_repeated_run() {
  local pid now first=0 last=0
  "$schedrig" -q run configs/quickstart.toml --repeat 1000 --until-fail \
    >build/soak/repeated_run.log 2>&1 </dev/null &
  pid=$!
  sleep 0.5 # some hundred runs
  while now=$(resident_kib "$pid") && [ -n "$now" ]; do
    [ "$first" != 0 ] || first=$now
    last=$now
    sleep 0.1
  done
  wait "$pid" || return 1
  printf 'resident after the first runs: %d KiB, at the end: %d KiB\n' "$first" "$last" |
    tee -a build/soak/repeated_run.log
  [ "$first" != 0 ] && [ "$last" -le $((first + first / 10)) ]
}

sanitized() {
  quiet "$1-build" cmake --preset "$1" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache &&
    quiet "$1-build" cmake --build --preset "$1" -j "$jobs" -- --quiet &&
    quiet "$1" ctest --test-dir "build-$1" --output-on-failure --no-tests=error \
      -L '^(unit|contract)$' -j "$jobs"
}
part_asan() { sanitized asan; }
part_tsan() { sanitized tsan; }

# libFuzzer on each reader of untrusted bytes, two minutes each.
part_fuzz() { quiet fuzz tests/fuzz/run 120; }

# Random ops on mock, a hundred times as many as in the unit lane.
part_properties() { quiet properties env SCHEDRIG_PROPERTY_SEEDS=20000 build/bin/property_test; }

# A hundred million steps of a program that writes anything into a submission ring.
part_ring() {
  quiet ring env SCHEDRIG_RING_STEPS=100000000 build/bin/sdk_test --gtest_filter='RingHostile.*'
}

# Each planted defect is caught by a test.
part_defects() { quiet defects tests/defects/run; }

part_tidy() { quiet tidy ./dev lint --all; }

parts=(repeat repeated_run properties ring boots lab matrix forks cold series kills asan tsan fuzz defects tidy)

usage() {
  printf 'usage: ./dev soak [--again] [PART...]\nparts: %s\n' "${parts[*]}" >&2
  exit 2
}

if [ "${1:-}" = --again ]; then
  rm -rf "$passed"
  shift
fi
[ $# -gt 0 ] || set -- "${parts[@]}"
for part in "$@"; do
  declare -F "part_$part" >/dev/null || usage
done
mkdir -p "$passed"
for part in "$@"; do
  if [ -f "$passed/$part" ]; then
    printf 'soak %-14s passed before, in %s s\n' "$part" "$(cat "$passed/$part")"
    continue
  fi
  start=$SECONDS
  if ! "part_$part"; then
    printf 'soak %-14s FAILED after %d s: build/soak/%s*.log\n' "$part" $((SECONDS - start)) "$part"
    exit 1
  fi
  echo $((SECONDS - start)) >"$passed/$part"
  printf 'soak %-14s passed, %d s\n' "$part" $((SECONDS - start)) | tee -a build/soak/figures
done
