// SPDX-License-Identifier: MIT
// A sound plugin. TEST_PLUGIN_ID and TEST_PLUGIN_KIND make several of it.
#include "root.hpp"

SCHEDRIG_PLUGIN(schedrig::PluginKind::TEST_PLUGIN_KIND,
                schedrig::test::make_descriptor(TEST_PLUGIN_ID,
                                                schedrig::PluginKind::TEST_PLUGIN_KIND));
