/*
 * The hook's code, to be put at HOOK_CODE; and its plan, to be put at HOOK_PLAN.
 */
#ifndef REEL_FASTPATH_HOOK_IMAGE_H
#define REEL_FASTPATH_HOOK_IMAGE_H

#include "engine/fastpath/hook_plan.h"

extern const uint8_t hook_image[], hook_image_end[];

/* What the hook does with each call: made of the table of calls (call_table.h), once. */
const struct hook_plan *hook_plan(void);

#endif
