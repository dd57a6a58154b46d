// SPDX-License-Identifier: MIT
// The simulation draws from the SDK's streams; the numbers of those in use are in engine.cpp.
#pragma once

#include <schedrig/prng.hpp>
