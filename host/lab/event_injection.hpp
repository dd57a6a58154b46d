// SPDX-License-Identifier: MIT
// Corrects a mistake in how QEMU's emulated SVM injects an interrupt into a nested guest.
//
// VMRUN with an interrupt in EVENTINJ delivers it at once, but also leaves its vector behind as
// the CPU's pending exception (QEMU 11.1 and before, target/i386/tcg/system/svm_helper.c,
// helper_vmrun, case SVM_EVTINJ_TYPE_INTR). When another thread asks that CPU to leave its loop
// before the next exception or #VMEXIT clears it, the main loop takes it for an exception of the
// guest and delivers the same vector a second time, on the first instruction of its handler: in
// kernel mode with the user's GS base, if the guest was in user mode. The guest hangs or ends in
// a triple fault. The other kinds of injection (exception, NMI) are delivered by the main loop
// itself and need the pending exception.
//
// The correction: the one store of the vector becomes a nop, so that the CPU has no pending
// exception after the delivery. Found by the exported names helper_vmrun and
// do_interrupt_x86_hardirq; what is not recognised for certain stays as it is. Thread: any.
#pragma once

#include <filesystem>
#include <string>

#include <schedrig/result.hpp>

namespace schedrig::lab {

// Changes `elf`, the bytes of a QEMU program, in memory. False: not recognised, nothing changed.
// Any bytes are fine.
bool correct_event_injection(std::string& elf);

// The corrected copy of `binary`, beside it, made by the first call that finds none.
// Errors: kUnsupported (its code is not recognised), kOs (the copy cannot be read or written).
Result<std::filesystem::path> corrected_copy(const std::filesystem::path& binary);

} // namespace schedrig::lab
