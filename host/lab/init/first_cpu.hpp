// SPDX-License-Identifier: MIT
// Where the emulated host may run guests: on every CPU but its first.
//
// QEMU keeps a CPU's SVM state (global interrupt flag, nested paging on or off) in one word,
// X86CPU.hflags2. fpu_helper.c, cpu_clear_ignne(), read up to 11.1: whenever any CPU restores its
// floating-point state (XRSTOR at a task switch), it clears an unrelated bit in that word of the
// *first* CPU, from its own thread and without a lock. If the first CPU executes VMRUN or leaves a
// guest in that moment, its own change is lost: a guest runs without nested paging and ends in a
// triple fault, host code runs with it and VMEXIT is carried out twice, or interrupts stay off for
// good. A first CPU that never executes VMRUN has nothing to lose.
// Thread: the single thread of init and its children before exec.
#pragma once

namespace schedrig::lab {

// Takes the calling thread, and all that it will start, off the first CPU. 0 or an errno; EINVAL if
// there is no other CPU.
int leave_first_cpu();

} // namespace schedrig::lab
